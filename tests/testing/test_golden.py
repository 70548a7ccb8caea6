"""The matcher of golden images tells pictures apart, and says by how much."""

import hashlib
from datetime import date
from pathlib import Path

import pytest
import pyvips

from tests.imaging.pictures import encoded, scene
from tintype.imaging.compare import difference
from tintype.testing.golden import approvals, assert_golden, unreviewed


def shifted(by: int) -> bytes:
    """The scene with every channel brighter by a number of steps."""
    image = (scene() * 0.5 + by).cast("uchar").copy(interpretation="srgb")
    return encoded(image, "png")


@pytest.fixture
def golden(tmp_path: Path) -> Path:
    path = tmp_path / "scene.png"
    path.write_bytes(shifted(0))
    return path


def test_the_same_picture_passes_with_no_tolerance(golden: Path) -> None:
    assert_golden(shifted(0), golden, largest=0, mean=0)


def test_a_distance_is_taken_over_all_channels(golden: Path) -> None:
    found = difference(shifted(4), golden.read_bytes())
    assert found.largest == pytest.approx((3 * 4**2) ** 0.5)
    assert found.mean == pytest.approx(found.largest)
    black, white = (pyvips.Image.black(4, 4, bands=3) + level for level in (0, 255))
    apart = difference(*(encoded(image.cast("uchar"), "png") for image in (black, white)))
    assert apart.largest == pytest.approx(441.67, abs=0.01)


def test_transparency_counts(golden: Path) -> None:
    clear = scene().bandjoin(0).copy(interpretation="srgb")
    assert difference(encoded(clear, "png"), encoded(scene(), "png")).largest == 255


@pytest.mark.parametrize(("largest", "mean"), [(6.9, 100), (100, 6.9)])
def test_both_tolerances_must_hold(golden: Path, largest: float, mean: float) -> None:
    with pytest.raises(AssertionError, match=r"up to 6\.9 and by 6\.93 on average"):
        assert_golden(shifted(4), golden, largest=largest, mean=mean)
    assert_golden(shifted(4), golden, largest=7, mean=7)


def test_a_failing_picture_is_saved_where_asked(golden: Path, tmp_path: Path) -> None:
    folder = tmp_path / "failing" / "pictures"
    with pytest.raises(AssertionError):
        assert_golden(shifted(9), golden, largest=1, mean=1, save_to=folder)
    assert (folder / "scene.png").read_bytes() == shifted(9)


def test_another_size_and_a_missing_golden_fail_with_the_reason(golden: Path) -> None:
    with pytest.raises(AssertionError, match="have 8 x 8 and 96 x 72 pixels"):
        assert_golden(encoded(scene(8, 8), "png"), golden, largest=500, mean=500)
    with pytest.raises(AssertionError, match="there is no golden image"):
        assert_golden(shifted(0), golden.with_name("other.png"), largest=0, mean=0)


def row(name: str, content: bytes) -> str:
    digest = hashlib.sha256(content).hexdigest()
    return (
        f"| ![]({name}.png) `{name}` | A red disc on blue. | 12, 0.5 | 2026-03-09 | `{digest}` |\n"
    )


def ledger(folder: Path, *rows: str) -> None:
    heading = (
        "# Pictures\n\n| golden | shows | tolerance | reviewed | file |\n|---|---|---|---|---|\n"
    )
    (folder / "LEDGER.md").write_text(heading + "".join(rows))


def test_the_ledger_says_what_was_looked_at_and_when(golden: Path) -> None:
    ledger(golden.parent, row("scene", golden.read_bytes()))
    assert unreviewed(golden.parent) == []
    approval = approvals(golden.parent)["scene"]
    assert (approval.largest, approval.mean, approval.day) == (12, 0.5, date(2026, 3, 9))
    assert approval.shows == "A red disc on blue."


def test_an_image_that_changed_since_needs_another_look(golden: Path) -> None:
    ledger(golden.parent, row("scene", golden.read_bytes()))
    golden.write_bytes(shifted(1))
    (problem,) = unreviewed(golden.parent)
    assert "another file than on 2026-03-09; look whether it shows 'A red disc on blue.'" in problem
    assert hashlib.sha256(shifted(1)).hexdigest() in problem


def test_images_and_rows_belong_together(golden: Path) -> None:
    ledger(golden.parent, row("other", b""))
    missing, unknown = unreviewed(golden.parent)
    assert missing == "other: in LEDGER.md, but there is no such image"
    assert unknown.startswith("scene: not in LEDGER.md; look at it, say what it must show; ")


@pytest.mark.parametrize(
    "rows",
    [
        ("| scene | A red disc on blue. | 12, 1 | 2026-03-09 | 00 |\n",),
        (row("scene", b""), row("scene", b"")),
        (row("scene", b"").replace("A red disc on blue.", "x"),),
        (row("scene", b"").replace("(scene.png)", "(other.png)"),),
    ],
)
def test_a_row_that_says_too_little_is_refused(golden: Path, rows: tuple[str, ...]) -> None:
    ledger(golden.parent, *rows)
    with pytest.raises(ValueError, match="not a row of the ledger"):
        approvals(golden.parent)

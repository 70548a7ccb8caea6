"""The memory that a task will need: never less than it takes, and not absurdly more."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.imaging.pictures import LIMITS, encoded, photograph
from tintype.imaging.coding import Coding
from tintype.imaging.estimate import estimate
from tintype.imaging.filmstrip import Timing, joined
from tintype.imaging.header import examine
from tintype.imaging.messages import Output, RenderTask, VariantTask
from tintype.imaging.operations import Operation
from tintype.imaging.operations.normalize import Normalize
from tintype.imaging.operations.resize import Resize
from tintype.imaging.operations.rotate import Rotate
from tintype.imaging.sandbox.process import ENVIRONMENT
from tintype.model import Facts

PLAIN = Coding(bands=3, sample_bytes=1, whole=False)
MB = 10**6

SMALL = {"operations": [{"resize": {"width": 300, "height": 200}}], "output": {"format": "jpeg"}}
SOURCES: dict[str, tuple[str, dict[str, Any]]] = {
    "baseline": ("jpeg", {}),
    "progressive": ("jpeg", {"interlace": True, "Q": 95}),
    "png": ("png", {"compression": 1}),
    "interlaced": ("png", {"compression": 1, "interlace": True}),
    "webp": ("webp", {"effort": 0}),
    "lossless": ("webp", {"effort": 0, "lossless": True}),
    "avif": ("avif", {}),
    "tiff": ("tiff", {}),
}
VARIANTS: dict[str, dict[str, Any]] = {
    "small": SMALL,
    "jpeg": {"output": {"format": "jpeg", "progressive": True}},
    "png": {"output": {"format": "png"}},
    "avif": {"output": {"format": "avif"}},
    "transparent": {
        "operations": [{"round_corners": {"radius": 100}}],
        "output": {"format": "webp"},
    },
    "two": {"output": {"formats": ["webp", "jpeg"]}},
    "costly": {
        "operations": [{"rotate": {"angle": 30}}, {"blur": {"sigma": 20}}, "normalize"],
        "output": {"format": "webp"},
    },
}


def measured(folder: Path, tasks: list[str]) -> list[list[int]]:
    """What each of the tasks takes, as far as a fresh child can tell, and its estimate."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.imaging.peaks", str(folder), *tasks],
        env=ENVIRONMENT,
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=300,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def task(source: str, variant: dict[str, Any]) -> str:
    limits = {"accept": LIMITS.accept, "max_bytes": 10**8, "max_pixels": 10**8, "max_frames": 99}
    written = {"name": "v", "operations": [], **variant}
    return json.dumps({"input": source, "limits": limits, "variants": [written]})


def test_an_estimate_is_an_upper_bound_and_no_absurd_one(tmp_path: Path) -> None:
    picture = photograph(600, 400).replicate(4, 4)
    for name, (image_format, options) in SOURCES.items():
        (tmp_path / name).write_bytes(encoded(picture, image_format, **options))
    cases = [(source, "small") for source in SOURCES]
    cases += [("baseline", variant) for variant in VARIANTS] + [("avif", "jpeg")]
    found = measured(tmp_path, [task(source, VARIANTS[variant]) for source, variant in cases])
    assert len(found) == len(cases)
    for case, (taken, estimated) in zip(cases, found, strict=True):
        assert taken <= estimated, case
        # The heap's last huge page may be there already: a small task then takes nearly nothing.
        assert estimated <= 3 * taken + 20 * MB, case


def animation(image_format: str, side: int, count: int) -> bytes:
    """A camera that moves over a picture, in frames of 4:3."""
    picture = photograph(1200, 900)
    frames = [picture.crop(number * 4, number * 2, side, side * 3 // 4) for number in range(count)]
    strip = joined(frames, Timing(delays=(100,) * count, loop=0))
    options = {"effort": 2} if image_format == "gif" else {"effort": 0}
    return encoded(strip, image_format, page_height=side * 3 // 4, **options)


MOVING = [
    (source, {"operations": operations, "output": {"format": output, "animation": "keep"}})
    for source in ("gif", "webp")
    for output in ("gif", "webp")
    for operations in ([], SMALL["operations"])
]
COMPARED: list[tuple[str, dict[str, Any]]] = [
    ("jpeg", {"output": {"format": "jpeg", "quality": "auto"}}),
    ("jpeg", SMALL | {"output": {"format": "webp", "quality": "auto"}}),
    ("jpeg", SMALL | {"output": {"formats": ["webp", "jpeg"], "quality": "auto"}}),
    (
        "jpeg",
        {
            "operations": [*SMALL["operations"], {"round_corners": {"radius": 40}}],
            "output": {"format": "webp", "quality": "auto"},
        },
    ),
]


def test_so_are_those_of_animations_and_of_comparing(tmp_path: Path) -> None:
    (tmp_path / "gif").write_bytes(animation("gif", 640, 12))
    (tmp_path / "webp").write_bytes(animation("webp", 640, 12))
    (tmp_path / "jpeg").write_bytes(encoded(photograph(600, 400).replicate(3, 3), "jpeg"))
    cases = MOVING + COMPARED
    found = measured(tmp_path, [task(source, variant) for source, variant in cases])
    assert len(found) == len(cases)
    for case, (taken, estimated) in zip(cases, found, strict=True):
        assert taken <= estimated, case
        assert estimated <= 2 * taken + 24 * MB, case


def needed(
    *operations: Operation, facts: Facts | None = None, coded: Coding = PLAIN, output: str = "jpeg"
) -> int:
    variant = VariantTask(name="v", operations=operations, output=Output(format=output))  # type: ignore[arg-type]
    facts = facts or Facts("jpeg", 6000, 4000, 5 * MB, 1, 1)
    return estimate(facts, coded, RenderTask(input="x", limits=LIMITS, variants=(variant,))).peak


def test_a_reduced_decode_takes_less() -> None:
    assert needed(Resize(width=800, height=600)) < needed() / 3


def test_a_rotation_before_the_resize_takes_a_full_decode() -> None:
    turned = needed(Rotate(angle=90), Resize(width=800, height=600))
    assert turned > needed(Resize(width=800, height=600)) + 60 * MB


def test_a_progressive_file_is_kept_whole_by_its_decoder() -> None:
    whole = Coding(bands=3, sample_bytes=1, whole=True)
    resize = Resize(width=800, height=600)
    assert needed(resize, coded=whole) > needed(resize) + 100 * MB


def test_an_operation_that_copies_takes_a_copy_more() -> None:
    assert needed(Normalize()) >= needed() + 72 * MB


def test_avif_is_the_largest_encoder() -> None:
    costs = {each: needed(output=each) for each in ("jpeg", "png", "webp", "avif")}
    assert max(costs, key=lambda each: costs[each]) == "avif"


@pytest.mark.parametrize(
    ("image_format", "options", "expected"),
    [
        ("jpeg", {}, Coding(3, 1, whole=False, subsampled=True)),
        ("jpeg", {"subsample_mode": "off"}, Coding(3, 1, whole=False)),
        ("jpeg", {"interlace": True}, Coding(3, 1, whole=True, subsampled=True)),
        ("png", {"interlace": True}, Coding(3, 1, whole=True)),
        ("png", {"bitdepth": 16}, Coding(3, 2, whole=False)),
        ("webp", {}, Coding(3, 1, whole=False)),
        ("webp", {"lossless": True}, Coding(3, 1, whole=True)),
        ("avif", {}, Coding(3, 1, whole=False)),
    ],
)
def test_how_a_file_is_coded_is_read_from_its_header(
    image_format: str, options: dict[str, Any], expected: Coding
) -> None:
    picture = photograph(600, 400)
    if options.get("bitdepth") == 16:
        picture, options = (picture.cast("ushort") * 256).copy(interpretation="rgb16"), {}
        picture = picture.cast("ushort")
    content = encoded(picture, image_format, **options)
    assert examine(content, LIMITS)[1] == expected

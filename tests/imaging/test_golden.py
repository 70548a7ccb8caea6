"""Every operation and fit looks as it once was approved to look.

`TINTYPE_GOLDEN=save` draws the golden images anew; `golden/LEDGER.md` says what each must show, and
has the digest of the file that was looked at. Failing pictures are saved to the folder that
TINTYPE_GOLDEN names, if it names one.
"""

import os
from pathlib import Path

import pytest
import pyvips

from tests.imaging.cases import CASES, steps
from tests.imaging.pictures import scene
from tintype.imaging.boxes import Box
from tintype.imaging.encode import encode
from tintype.imaging.messages import Output
from tintype.imaging.operations import OPERATIONS, Operation, Shaping
from tintype.imaging.raster import Raster
from tintype.testing.golden import approvals, assert_golden, unreviewed

GOLDEN = Path(__file__).parent / "golden"
APPROVALS = approvals(GOLDEN)

FACE = Box(x=0.12, y=0.14, width=0.28, height=0.4)  # the red disc


def test_every_operation_has_a_golden_image() -> None:
    assert {type(each) for name in CASES for each in steps(name)} == set(OPERATIONS)
    assert {path.stem for path in GOLDEN.glob("*.png")} == {
        name + ending for name in CASES for ending in ("", "-alpha")
    }


def test_every_golden_image_was_looked_at_as_it_is() -> None:
    assert unreviewed(GOLDEN) == []


@pytest.mark.parametrize("alpha", [False, True], ids=["opaque", "alpha"])
@pytest.mark.parametrize("name", CASES)
def test_the_operation_looks_as_approved(name: str, alpha: bool) -> None:
    made = encode(drawn(steps(name), scene(56, 42, alpha=alpha)), Output(), "png")
    golden = GOLDEN / f"{name}{'-alpha' if alpha else ''}.png"
    wish = os.environ.get("TINTYPE_GOLDEN", "")
    if wish == "save":
        golden.write_bytes(made)
        return
    assert golden.stem in APPROVALS, "say in LEDGER.md what it must show"
    approval = APPROVALS[golden.stem]
    save_to = Path(wish) if wish else None
    assert_golden(made, golden, largest=approval.largest, mean=approval.mean, save_to=save_to)


def drawn(operations: tuple[Operation, ...], image: pyvips.Image) -> pyvips.Image:
    """What the operations make of a picture with a face."""
    raster = Raster.whole(image, (FACE,))
    for operation in operations:
        if isinstance(operation, Shaping):
            raster = operation.draw(raster)
        else:
            raster = Raster.whole(operation.apply(raster.image), raster.faces)
    return raster.image

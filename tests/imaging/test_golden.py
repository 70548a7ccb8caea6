"""Every operation and fit looks as it once was approved to look.

`TINTYPE_GOLDEN=save` makes the golden images anew; look at each before you commit it. Failing
pictures are saved to the folder that TINTYPE_GOLDEN names, if it names one.
"""

import os
from pathlib import Path

import pytest

from tests.imaging.pictures import scene
from tintype.imaging.encode import encode
from tintype.imaging.geometry import FocalPoint
from tintype.imaging.messages import Output
from tintype.imaging.operations import OPERATIONS, Operation
from tintype.imaging.operations.blur import Blur
from tintype.imaging.operations.crop import Crop
from tintype.imaging.operations.flip import Flip
from tintype.imaging.operations.grayscale import Grayscale
from tintype.imaging.operations.resize import Resize
from tintype.imaging.operations.rotate import Rotate
from tintype.imaging.operations.sharpen import Sharpen
from tintype.testing.golden import assert_golden

GOLDEN = Path(__file__).parent / "golden"

# Decoders and processors round differently in the last bit or two of a channel, rarely more.
LARGEST = 12.0
MEAN = 1.0

CASES: dict[str, Operation] = {
    "resize-cover": Resize(width=28, height=28),
    "resize-cover-southwest": Resize(width=28, height=28, gravity="southwest"),
    "resize-cover-focal-point": Resize(width=20, height=28, gravity=FocalPoint(x=0.3, y=0.4)),
    "resize-cover-attention": Resize(width=20, height=28, gravity="attention"),
    "resize-cover-entropy": Resize(width=20, height=28, gravity="entropy"),
    "resize-cover-enlarge": Resize(width=72, height=60, enlarge=True),
    "resize-contain": Resize(width=40, height=40, fit="contain", background="#204060"),
    "resize-contain-clear": Resize(width=40, height=40, fit="contain", background="#00000000"),
    "resize-fill": Resize(width=40, height=14, fit="fill"),
    "resize-inside": Resize(width=34, height=34, fit="inside"),
    "resize-outside": Resize(width=34, height=34, fit="outside"),
    "crop": Crop(width=34, height=20, gravity="east"),
    "rotate-quarter": Rotate(angle=90),
    "rotate": Rotate(angle=30, background="#ffcc00"),
    "flip-horizontal": Flip(),
    "flip-vertical": Flip(direction="vertical"),
    "blur": Blur(sigma=2),
    "sharpen": Sharpen(sigma=1, amount=4),
    "grayscale": Grayscale(),
}


def test_every_operation_has_a_golden_image() -> None:
    assert {type(operation) for operation in CASES.values()} == set(OPERATIONS)
    assert {path.stem for path in GOLDEN.glob("*.png")} == {
        name + ending for name in CASES for ending in ("", "-alpha")
    }


@pytest.mark.parametrize("alpha", [False, True], ids=["opaque", "alpha"])
@pytest.mark.parametrize("name", CASES)
def test_the_operation_looks_as_approved(name: str, alpha: bool) -> None:
    made = encode(CASES[name].apply(scene(56, 42, alpha=alpha)), Output(), "png")
    golden = GOLDEN / f"{name}{'-alpha' if alpha else ''}.png"
    wish = os.environ.get("TINTYPE_GOLDEN", "")
    if wish == "save":
        golden.write_bytes(made)
    save_to = Path(wish) if wish else None
    assert_golden(made, golden, largest=LARGEST, mean=MEAN, save_to=save_to)

"""The operations: one file each, and the one tuple that lists them."""

from typing import Annotated

from tintype.imaging.operations.base import Operation, Phase
from tintype.imaging.operations.blur import Blur
from tintype.imaging.operations.crop import Crop
from tintype.imaging.operations.flip import Flip
from tintype.imaging.operations.form import OneKeyForm
from tintype.imaging.operations.grayscale import Grayscale
from tintype.imaging.operations.resize import Resize
from tintype.imaging.operations.rotate import Rotate
from tintype.imaging.operations.sharpen import Sharpen

__all__ = ["OPERATIONS", "PLANNED", "AnyOperation", "Operation", "Phase", "in_phases"]

OPERATIONS: tuple[type[Operation], ...] = (
    Resize,
    Crop,
    Rotate,
    Flip,
    Blur,
    Sharpen,
    Grayscale,
)

PLANNED: tuple[str, ...] = (
    "trim",
    "pad",
    "sepia",
    "brightness",
    "contrast",
    "saturation",
    "hue",
    "gamma",
    "tint",
    "normalize",
    "vignette",
    "pixelate",
    "round_corners",
    "watermark",
    "redact",
)
"""Names that recipes will be able to use; until then they are refused as not available yet."""

AnyOperation = Annotated[Operation, OneKeyForm(OPERATIONS, PLANNED)]
"""Any of OPERATIONS; in YAML and JSON it is `{name: {parameter: value}}`."""


def in_phases(operations: tuple[Operation, ...]) -> tuple[Operation, ...]:
    """The operations in the order in which they run: by phase, and inside a phase as given."""
    return tuple(sorted(operations, key=lambda operation: operation.phase))

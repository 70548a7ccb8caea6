"""The operations: one file each, and the one tuple that lists them."""

from dataclasses import replace
from typing import Annotated

from tintype.imaging.operations.base import Operation, Phase, Settling, Shaping
from tintype.imaging.operations.blur import Blur
from tintype.imaging.operations.brightness import Brightness
from tintype.imaging.operations.contrast import Contrast
from tintype.imaging.operations.crop import Crop
from tintype.imaging.operations.flip import Flip
from tintype.imaging.operations.form import OneKeyForm
from tintype.imaging.operations.gamma import Gamma
from tintype.imaging.operations.grayscale import Grayscale
from tintype.imaging.operations.hue import Hue
from tintype.imaging.operations.normalize import Normalize
from tintype.imaging.operations.pad import Pad
from tintype.imaging.operations.pixelate import Pixelate
from tintype.imaging.operations.redact import Redact
from tintype.imaging.operations.resize import Resize
from tintype.imaging.operations.rotate import Rotate
from tintype.imaging.operations.round_corners import RoundCorners
from tintype.imaging.operations.saturation import Saturation
from tintype.imaging.operations.sepia import Sepia
from tintype.imaging.operations.sharpen import Sharpen
from tintype.imaging.operations.tint import Tint
from tintype.imaging.operations.trim import Trim
from tintype.imaging.operations.vignette import Vignette
from tintype.imaging.operations.watermark import Watermark
from tintype.imaging.raster import Raster

__all__ = [
    "OPERATIONS",
    "AnyOperation",
    "Operation",
    "Phase",
    "Settling",
    "Shaping",
    "in_phases",
    "perform",
]

OPERATIONS: tuple[type[Operation], ...] = (
    Resize,
    Crop,
    Rotate,
    Flip,
    Trim,
    Pad,
    RoundCorners,
    Redact,
    Blur,
    Sharpen,
    Grayscale,
    Sepia,
    Brightness,
    Contrast,
    Saturation,
    Hue,
    Gamma,
    Tint,
    Normalize,
    Vignette,
    Pixelate,
    Watermark,
)

AnyOperation = Annotated[Operation, OneKeyForm(OPERATIONS)]
"""Any of OPERATIONS; in YAML and JSON it is `{name: {parameter: value}}`."""


def in_phases(operations: tuple[Operation, ...]) -> tuple[Operation, ...]:
    """The operations in the order in which they run: by phase, and inside a phase as given."""
    return tuple(sorted(operations, key=lambda operation: operation.phase))


def perform(operation: Operation, raster: Raster) -> Raster:
    """The picture after an operation."""
    if isinstance(operation, Shaping):
        return operation.draw(raster)
    return replace(raster, image=operation.apply(raster.image))

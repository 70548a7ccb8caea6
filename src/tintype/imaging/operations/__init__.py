"""The operations: one file each, and the one tuple that lists them."""

from dataclasses import replace
from importlib import import_module
from typing import Annotated

from tintype.imaging.operations.base import Holding, Operation, Phase, Settling, Shaping, Sizing
from tintype.imaging.operations.form import OneKeyForm
from tintype.imaging.raster import Raster

__all__ = [
    "OPERATIONS",
    "AnyOperation",
    "Holding",
    "Operation",
    "Phase",
    "Settling",
    "Shaping",
    "Sizing",
    "in_phases",
    "perform",
]

# The files of the operations, in the order in which people are told of them.
_FILES = (
    "resize",
    "crop",
    "rotate",
    "flip",
    "trim",
    "pad",
    "round_corners",
    "redact",
    "blur",
    "sharpen",
    "grayscale",
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
    "watermark",
)


def _operation(file: str) -> type[Operation]:
    """The operation of a file, such as RoundCorners in `round_corners.py`."""
    module = import_module(f"{__name__}.{file}")
    operation: type[Operation] = getattr(module, file.title().replace("_", ""))
    return operation


OPERATIONS: tuple[type[Operation], ...] = tuple(map(_operation, _FILES))

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

"""At which scale the variants use a picture: what decides how much of it is decoded."""

import math
from collections.abc import Iterable

from tintype.imaging.geometry import Size
from tintype.imaging.messages import VariantTask
from tintype.imaging.operations import Operation, in_phases
from tintype.imaging.operations.redact import Redact
from tintype.imaging.operations.resize import Resize


def largest_scale(variants: Iterable[VariantTask], picture: Size, max_pixels: int) -> float:
    """The largest scale at which any of the variants uses the upright picture, 0 without any.

    Above 1 it is of use for what can be drawn at any size, and that has no more pixels than an
    original may have.
    """
    largest = max((scale(each, picture) for each in variants), default=0.0)
    return min(largest, math.sqrt(max_pixels / (picture.width * picture.height)))


def reduced(picture: Size, factor: float) -> Size:
    """How large the picture is when it is decoded, with what makes no whole pixel.

    An SVG, whose factor is no whole number, is drawn without that: where a resize decides on the
    scale by one side, the other is what it makes of it then, and nothing is left to scale.
    """
    if isinstance(factor, int):
        return Size(-(-picture.width // factor), -(-picture.height // factor))
    return Size(
        max(1, math.floor(picture.width / factor + _SLACK)),
        max(1, math.floor(picture.height / factor + _SLACK)),
    )


_SLACK = 1e-6  # what rounding may take from a whole pixel


def scale(variant: VariantTask, picture: Size) -> float:
    """The scale at which a variant uses the upright picture: 1 where no resize comes first."""
    if not isinstance(first := deciding(variant), Resize):
        return 1.0
    scaled = first.fitted(picture).scaled
    return max(scaled.width / picture.width, scaled.height / picture.height)


def deciding(variant: VariantTask) -> Operation | None:
    """The operation that decides on the scale: the first but for redaction, which works at any."""
    ordered = in_phases(variant.operations)
    return next((each for each in ordered if not isinstance(each, Redact)), None)

"""At which scale the variants use a picture: what decides how much of it is decoded."""

from collections.abc import Iterable

from tintype.imaging.geometry import Size
from tintype.imaging.messages import VariantTask
from tintype.imaging.operations import Operation, in_phases
from tintype.imaging.operations.redact import Redact
from tintype.imaging.operations.resize import Resize


def largest_scale(variants: Iterable[VariantTask], picture: Size) -> float:
    """The largest scale at which any of the variants uses the upright picture, 0 without any."""
    return max((scale(each, picture) for each in variants), default=0.0)


def scale(variant: VariantTask, picture: Size) -> float:
    """The scale at which a variant uses the upright picture: below 1 where a resize comes first."""
    if not isinstance(first := deciding(variant), Resize):
        return 1.0
    scaled = first.fitted(picture).scaled
    return max(scaled.width / picture.width, scaled.height / picture.height)


def deciding(variant: VariantTask) -> Operation | None:
    """The operation that decides on the scale: the first but for redaction, which works at any."""
    ordered = in_phases(variant.operations)
    return next((each for each in ordered if not isinstance(each, Redact)), None)

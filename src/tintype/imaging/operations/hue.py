"""Hue: turn the colors around the color circle."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from annotated_types import Ge, Le

from tintype.imaging.operations.base import Phase
from tintype.imaging.strict import STRICT
from tintype.imaging.tone import IDENTITY, LUMA, Matrix, between, recolored

if TYPE_CHECKING:
    import pyvips


# CSS Filter Effects Module Level 1, "hueRotate":
# https://www.w3.org/TR/filter-effects-1/#element-attrdef-fecolormatrix-values
# A turn is LUMA + cos(angle) (IDENTITY - LUMA) + sin(angle) times this.
_SINE: Matrix = ((-0.213, -0.715, 0.928), (0.143, 0.140, -0.283), (-0.787, 0.715, 0.072))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hue:
    """Turn the colors around the color circle, as the CSS filter `hue-rotate()` does."""

    __pydantic_config__ = STRICT
    name: ClassVar[str] = "hue"
    phase: ClassVar[Phase] = Phase.FILTERS

    angle: Annotated[float, Ge(-360), Le(360)] = 180.0
    """How far, in degrees from red toward green and blue: 180 makes red cyan, 360 changes
    nothing."""

    def apply(self, image: "pyvips.Image") -> "pyvips.Image":
        """The picture in other colors; a gray one has none to turn."""
        if image.interpretation == "b-w":
            return image
        return recolored(image, _turn(math.radians(self.angle)))


def _turn(angle: float) -> Matrix:
    turned = between(LUMA, IDENTITY, math.cos(angle))
    sine = math.sin(angle)
    return tuple(
        (row[0] + other[0] * sine, row[1] + other[1] * sine, row[2] + other[2] * sine)
        for row, other in zip(turned, _SINE, strict=True)
    )

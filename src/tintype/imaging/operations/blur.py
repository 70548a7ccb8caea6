"""Blur: soften the picture."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from annotated_types import Ge, Le

from tintype.imaging.alpha import premultiplied
from tintype.imaging.gaussian import blurred
from tintype.imaging.geometry import Size
from tintype.imaging.operations.base import Holding, Phase
from tintype.imaging.strict import STRICT

if TYPE_CHECKING:
    import pyvips


@dataclass(frozen=True, slots=True, kw_only=True)
class Blur(Holding):
    """Soften the picture with a Gaussian."""

    __pydantic_config__ = STRICT
    name: ClassVar[str] = "blur"
    phase: ClassVar[Phase] = Phase.FILTERS

    # Below 0.3 the mask is a single pixel and nothing changes. The time grows with sigma, and at
    # 100 a picture of the usual size has nothing left to blur.
    sigma: Annotated[float, Ge(0.3), Le(100)] = 3.0
    """The Gaussian's standard deviation in pixels of the variant."""

    def apply(self, image: "pyvips.Image") -> "pyvips.Image":
        """The softened picture."""
        return premultiplied(image, lambda each: blurred(each, self.sigma))

    def held(self, picture: Size, bands: int) -> float:
        """The lines that a mask reaches over."""
        return 16 * self.sigma * picture.width * bands

"""Blur: soften the picture."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from annotated_types import Ge, Le

from tintype.imaging.gaussian import blurred
from tintype.imaging.geometry import Size
from tintype.imaging.operations.base import Holding, Phase
from tintype.imaging.strict import STRICT

if TYPE_CHECKING:
    import pyvips

_NEAR = 5.0  # pixels: up to this sigma, what comes before is hardly made more than once


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
        if not image.hasalpha():
            return self._blurred(image)
        # In whole levels: where rounding takes something from a color, next to nothing is seen of
        # it, and floats take up to fifty times as long.
        whole = image.premultiply().rint().cast(image.format)
        return self._blurred(whole).unpremultiply().rint().cast(image.format)

    def held(self, picture: Size, bands: int) -> float:
        """The lines that a mask reaches over, or the picture."""
        lines = 16 * self.sigma * picture.width * bands
        return lines + (picture.width * picture.height * bands if self._far else 0)

    @property
    def _far(self) -> bool:
        """Whether the mask reaches so far that what comes before would be made many times."""
        return self.sigma > _NEAR

    def _blurred(self, image: "pyvips.Image") -> "pyvips.Image":
        return blurred(image.copy_memory() if self._far else image, self.sigma)

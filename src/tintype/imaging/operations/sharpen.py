"""Sharpen: make edges crisper."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from annotated_types import Ge, Le

from tintype.imaging.operations.base import Phase
from tintype.imaging.strict import STRICT

if TYPE_CHECKING:
    import pyvips


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharpen:
    """Make edges crisper and leave flat areas alone."""

    __pydantic_config__ = STRICT
    name: ClassVar[str] = "sharpen"
    phase: ClassVar[Phase] = Phase.FILTERS

    # libvips allows sigmas up to 10,000, but a wider mask draws halos and takes long.
    sigma: Annotated[float, Ge(0.3), Le(10)] = 0.5
    """How wide an edge is, in pixels of the variant."""

    # Beyond 10 every edge is clipped to black and white.
    amount: Annotated[float, Ge(0), Le(10)] = 3.0
    """How much edges are lifted; 0 changes nothing."""

    def apply(self, image: "pyvips.Image") -> "pyvips.Image":
        """The crisper picture."""
        space = image.interpretation
        return image.sharpen(sigma=self.sigma, m2=self.amount).colourspace(space)

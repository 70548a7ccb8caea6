"""Grayscale: take the color away."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from tintype.imaging.operations.base import Phase
from tintype.imaging.strict import STRICT

if TYPE_CHECKING:
    import pyvips


@dataclass(frozen=True, slots=True, kw_only=True)
class Grayscale:
    """Take the color away and keep the brightness."""

    __pydantic_config__ = STRICT
    name: ClassVar[str] = "grayscale"
    phase: ClassVar[Phase] = Phase.FILTERS

    def apply(self, image: "pyvips.Image") -> "pyvips.Image":
        """The gray picture."""
        return image.colourspace("b-w")

"""Brightness: make the picture lighter or darker."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from annotated_types import Ge, Le

from tintype.imaging.operations.base import Phase
from tintype.imaging.strict import STRICT
from tintype.imaging.tone import curved

if TYPE_CHECKING:
    import pyvips


@dataclass(frozen=True, slots=True, kw_only=True)
class Brightness:
    """Make the picture lighter or darker, as the CSS filter `brightness()` does."""

    __pydantic_config__ = STRICT
    name: ClassVar[str] = "brightness"
    phase: ClassVar[Phase] = Phase.FILTERS

    # Beyond 10 nothing is left between black and white.
    factor: Annotated[float, Ge(0), Le(10)] = 1.2
    """What red, green and blue are multiplied by: 0 is black, 1 changes nothing."""

    def apply(self, image: "pyvips.Image") -> "pyvips.Image":
        """The lighter or darker picture."""
        return curved(image, lambda level: level * self.factor)

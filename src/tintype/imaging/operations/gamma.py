"""Gamma: make the tones between black and white lighter or darker."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from annotated_types import Ge, Le

from tintype.imaging.operations.base import Phase
from tintype.imaging.strict import STRICT
from tintype.imaging.tone import curved

if TYPE_CHECKING:
    import pyvips


@dataclass(frozen=True, slots=True, kw_only=True)
class Gamma:
    """Make the tones between black and white lighter or darker, as ImageMagick's `-gamma` does.

    With levels from 0 to 1, a level becomes `level ** (1 / value)`; black and white stay.
    """

    __pydantic_config__ = STRICT
    name: ClassVar[str] = "gamma"
    phase: ClassVar[Phase] = Phase.FILTERS

    value: Annotated[float, Ge(0.1), Le(10)] = 1.2
    """Above 1 the picture gets lighter, below 1 darker; 1 changes nothing."""

    def apply(self, image: "pyvips.Image") -> "pyvips.Image":
        """The lighter or darker picture."""
        return curved(image, lambda level: 255 * (level / 255) ** (1 / self.value))

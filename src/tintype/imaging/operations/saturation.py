"""Saturation: make colors stronger or weaker."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from annotated_types import Ge, Le

from tintype.imaging.operations.base import Phase
from tintype.imaging.strict import STRICT
from tintype.imaging.tone import IDENTITY, LUMA, between, recolored

if TYPE_CHECKING:
    import pyvips


@dataclass(frozen=True, slots=True, kw_only=True)
class Saturation:
    """Make colors stronger or weaker, as the CSS filter `saturate()` does."""

    __pydantic_config__ = STRICT
    name: ClassVar[str] = "saturation"
    phase: ClassVar[Phase] = Phase.FILTERS

    # Beyond 10 every color is clipped to one of the strongest.
    factor: Annotated[float, Ge(0), Le(10)] = 1.2
    """What the distances of red, green and blue from their gray are multiplied by: 0 leaves no
    color, 1 changes nothing."""

    def apply(self, image: "pyvips.Image") -> "pyvips.Image":
        """The picture in stronger or weaker colors; a gray one has none to change."""
        if image.interpretation == "b-w":
            return image
        return recolored(image, between(LUMA, IDENTITY, self.factor))

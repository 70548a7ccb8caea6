"""Contrast: move light and dark apart or together."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from annotated_types import Ge, Le

from tintype.imaging.operations.base import Phase
from tintype.imaging.strict import STRICT
from tintype.imaging.tone import curved

if TYPE_CHECKING:
    import pyvips


_MIDDLE = 127.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """Move light and dark apart or together, as the CSS filter `contrast()` does."""

    __pydantic_config__ = STRICT
    name: ClassVar[str] = "contrast"
    phase: ClassVar[Phase] = Phase.FILTERS

    # Beyond 10 nothing is left between black and white.
    factor: Annotated[float, Ge(0), Le(10)] = 1.2
    """What the distances of red, green and blue from the middle between black and white are
    multiplied by: 0 is plain gray, 1 changes nothing."""

    def apply(self, image: "pyvips.Image") -> "pyvips.Image":
        """The picture with more or less contrast."""
        return curved(image, lambda level: (level - _MIDDLE) * self.factor + _MIDDLE)

"""Sepia: the brown of old prints."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from annotated_types import Ge, Le

from tintype.imaging.operations.base import Phase
from tintype.imaging.strict import STRICT
from tintype.imaging.tone import IDENTITY, Matrix, between, recolored

if TYPE_CHECKING:
    import pyvips


# CSS Filter Effects Module Level 1, "sepia": https://www.w3.org/TR/filter-effects-1/#sepiaEquivalent
_SEPIA: Matrix = ((0.393, 0.769, 0.189), (0.349, 0.686, 0.168), (0.272, 0.534, 0.131))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sepia:
    """Give the picture the brown of old prints, as the CSS filter `sepia()` does."""

    __pydantic_config__ = STRICT
    name: ClassVar[str] = "sepia"
    phase: ClassVar[Phase] = Phase.FILTERS

    amount: Annotated[float, Ge(0), Le(1)] = 1.0
    """How much: 0 changes nothing, 1 leaves no other color."""

    def apply(self, image: "pyvips.Image") -> "pyvips.Image":
        """The brown picture, in color also where it was gray."""
        return recolored(image, between(IDENTITY, _SEPIA, self.amount))

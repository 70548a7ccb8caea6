"""Flip: mirror the picture."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from tintype.imaging.operations.base import Phase
from tintype.imaging.strict import STRICT

if TYPE_CHECKING:
    import pyvips


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """Mirror the picture."""

    __pydantic_config__ = STRICT
    name: ClassVar[str] = "flip"
    phase: ClassVar[Phase] = Phase.GEOMETRY

    direction: Literal["horizontal", "vertical"] = "horizontal"
    """`horizontal` swaps left and right, `vertical` top and bottom."""

    def apply(self, image: "pyvips.Image") -> "pyvips.Image":
        """The mirrored picture."""
        return image.flip(self.direction)

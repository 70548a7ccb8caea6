"""Flip: mirror the picture."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from tintype.imaging.operations.base import Phase, Shaping
from tintype.imaging.raster import Raster
from tintype.imaging.strict import STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip(Shaping):
    """Mirror the picture."""

    __pydantic_config__ = STRICT
    name: ClassVar[str] = "flip"
    phase: ClassVar[Phase] = Phase.GEOMETRY

    direction: Literal["horizontal", "vertical"] = "horizontal"
    """`horizontal` swaps left and right, `vertical` top and bottom."""

    def draw(self, raster: Raster) -> Raster:
        """The mirrored picture."""
        faces = tuple(box.mirrored(self.direction) for box in raster.faces)
        return Raster.whole(raster.image.flip(self.direction), faces)

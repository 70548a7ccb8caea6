"""Rotate: turn the picture clockwise."""

import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, ClassVar

from annotated_types import Ge, Le

from tintype.imaging.alpha import PREMULTIPLYING, premultiplied
from tintype.imaging.boxes import turned
from tintype.imaging.color import Color, with_background
from tintype.imaging.geometry import Size
from tintype.imaging.operations.base import Holding, Phase, Shaping, Sizing
from tintype.imaging.raster import Raster
from tintype.imaging.strict import STRICT

if TYPE_CHECKING:
    import pyvips

_QUARTERS = MappingProxyType({90.0: "d90", 180.0: "d180", 270.0: "d270"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotate(Shaping, Sizing, Holding):
    """Turn the picture clockwise; quarter turns move pixels unchanged."""

    __pydantic_config__ = STRICT
    name: ClassVar[str] = "rotate"
    phase: ClassVar[Phase] = Phase.GEOMETRY

    angle: Annotated[float, Ge(-360), Le(360)]
    """How far, in degrees clockwise."""

    background: Color = "#ffffff"
    """What fills the corners that a turn other than a quarter turn leaves empty."""

    def draw(self, raster: Raster) -> Raster:
        """The turned picture, as large as it takes to hold all of it."""
        image = self._turned(raster.image)
        after = Size(image.width, image.height)
        return Raster.whole(image, turned(raster.faces, self.angle, raster.size, after))

    def frame(self, picture: Size) -> Size:
        """The smallest size that holds all of the turned picture."""
        if self.angle % 180.0 == 0.0:
            return picture
        if self.angle % 90.0 == 0.0:
            return picture.turned
        turn = math.radians(self.angle)
        cosine, sine = abs(math.cos(turn)), abs(math.sin(turn))
        return Size(
            math.ceil(picture.width * cosine + picture.height * sine),
            math.ceil(picture.width * sine + picture.height * cosine),
        )

    def least(self, picture: Size) -> Size:
        """How large the turned picture is at least: libvips may leave out a side's last pixel."""
        frame = self.frame(picture)
        if self.angle % 90.0 == 0.0:
            return frame
        return Size(max(1, frame.width - 1), max(1, frame.height - 1))

    def held(self, picture: Size, bands: int) -> float:
        """What it takes to keep transparent pixels from lending color to others."""
        return picture.width * picture.height * PREMULTIPLYING if bands == 4 else 0.0

    def _turned(self, image: "pyvips.Image") -> "pyvips.Image":
        angle = self.angle % 360.0
        if angle == 0.0:
            return image
        if angle in _QUARTERS:
            return image.rot(_QUARTERS[angle])
        image, background = with_background(image, self.background)
        *color, opacity = background if image.hasalpha() else [*background, 255]
        flat = [value * opacity / 255 for value in color]
        flat += [opacity] if image.hasalpha() else []
        return premultiplied(image, lambda each: each.rotate(angle, background=flat))

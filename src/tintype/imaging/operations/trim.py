"""Trim: cut away borders of one color."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Annotated, ClassVar

from annotated_types import Ge, Le

from tintype.imaging.color import Color, bands
from tintype.imaging.framing import Equal, around, evened
from tintype.imaging.geometry import Area, Size
from tintype.imaging.operations.base import Operation, Phase, Settling, Shaping
from tintype.imaging.operations.crop import Crop
from tintype.imaging.raster import Raster
from tintype.imaging.strict import STRICT

if TYPE_CHECKING:
    import pyvips


@dataclass(frozen=True, slots=True, kw_only=True)
class Trim(Shaping, Settling):
    """Cut away borders of one color; a picture that is nothing but border stays as it is."""

    __pydantic_config__ = STRICT
    name: ClassVar[str] = "trim"
    phase: ClassVar[Phase] = Phase.GEOMETRY

    # At 255 everything is border.
    threshold: Annotated[int, Ge(0), Le(254)] = 10
    """How far red, green, blue or opacity (0-255) may be from the border's color. Color counts as
    much as it is opaque, so transparent pixels are alike."""

    background: Color | None = None
    """The border's color; without it, that of the top left corner."""

    equal: Equal = "none"
    """Whether opposite sides lose the same, the lesser of the two: left and right (`horizontal`),
    top and bottom (`vertical`), or `both`."""

    def draw(self, raster: Raster) -> Raster:
        """The picture within the borders."""
        found = self._found(raster.image, raster.image(0, 0))
        if found is None:
            return raster
        area = evened(raster.size, found, self.equal)
        return raster.cut(area.left, area.top, area.size)

    def least(self, picture: Size) -> Size:  # noqa: ARG002  any may be nearly all border
        """A single pixel."""
        return Size(1, 1)

    def settled(self, frames: Iterable[Raster]) -> Operation:
        """Cut away what is border in every frame; its color is that of the first one."""
        first = next(iter(frames))
        size, corner = first.size, first.image(0, 0)
        found = [area for each in frames if (area := self._found(each.image, corner))]
        area = reduce(around, found) if found else Area(0, 0, size.width, size.height)
        area = evened(size, area, self.equal)
        return Crop(width=area.width, height=area.height, x=area.left, y=area.top)

    def _found(self, image: "pyvips.Image", corner: Sequence[float]) -> Area | None:
        """The smallest rectangle with all that is not border, if there is any."""
        border = list(corner)
        if self.background is not None:
            image, border = image.colourspace("srgb"), [*map(float, bands(self.background))]
            image = image if image.hasalpha() else image.addalpha()
        if image.hasalpha():
            image, opacity = image.premultiply(), border[-1]
            border = [*(value * opacity / 255 for value in border[:-1]), opacity]
        # As plain numbers: a picture with alpha would be shown on the background first. And every
        # pixel counts: without the switch, thin lines would be taken for noise.
        left, top, width, height = image.copy(interpretation="multiband").find_trim(
            threshold=self.threshold, background=border, line_art=True
        )
        return Area(left, top, width, height) if width and height else None

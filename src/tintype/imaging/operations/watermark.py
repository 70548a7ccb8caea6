"""Watermark: lay a text or an image over the picture."""

import base64
import math
from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, ClassVar

from annotated_types import Ge, Le
from pydantic import AfterValidator

from tintype.imaging.alpha import premultiplied
from tintype.imaging.color import Color
from tintype.imaging.geometry import Compass, Size, offset, round_half_up
from tintype.imaging.lengths import Place, share
from tintype.imaging.lettering import Lettering, Text
from tintype.imaging.operations.base import Holding, Operation, Phase, Settling
from tintype.imaging.raster import Raster
from tintype.imaging.strict import STRICT

if TYPE_CHECKING:
    import pyvips

DATA = MappingProxyType({"png": "data:image/png;base64,", "webp": "data:image/webp;base64,"})
"""How an image begins that is in the recipe itself (RFC 2397)."""

_SHARE = 0.25
_LETTERING = 16_000_000  # bytes; fonts, and what lays out a text
_WHITE = "#ffffff"
_QUARTERS = MappingProxyType({90.0: "d90", 180.0: "d180", 270.0: "d270"})


def _check_image(image: str) -> str:
    if not image.startswith(tuple(DATA.values())):
        raise ValueError("must name a PNG or WebP file beside the recipe")
    return image


@dataclass(frozen=True, slots=True, kw_only=True)
class Watermark(Settling, Holding):
    """Lay a text or an image over the picture, once or all over it.

    A mark that would be larger than the picture is made smaller, its aspect kept.
    """

    __pydantic_config__ = STRICT
    name: ClassVar[str] = "watermark"
    phase: ClassVar[Phase] = Phase.OVERLAYS

    text: Text | None = None
    """The text, in place of an image: one line of up to 200 characters, in any direction."""

    image: Annotated[str, AfterValidator(_check_image)] | None = None
    """The image, in place of a text: a PNG or WebP file of at most 256 kB and 4 MP, by its path
    from the recipe's folder. What the file holds becomes a part of the recipe."""

    position: Compass = "southeast"
    """Where the mark is: `center` or a compass point. Where it is tiled, one of the tiles is."""

    x: Place = 0
    """How far the mark is from the left or right edge that `position` names, or to the right of
    where it would be without: pixels, or a percentage of the picture's width. The mark never leaves
    the picture."""

    y: Place = 0
    """How far the mark is from the top or bottom edge that `position` names, or below where it
    would be without: pixels, or a percentage of the picture's height."""

    scale: Annotated[float, Ge(0.01), Le(1)] | None = None
    """How wide the mark is before it is turned, as a fraction of the picture's width. A quarter
    where neither `scale` nor `size` is given."""

    size: Annotated[int, Ge(1), Le(4096)] | None = None
    """How large the mark is, in place of `scale`: the size of a text's font, or how wide an image
    is, in pixels."""

    opacity: Annotated[float, Ge(0.01), Le(1)] = 0.5
    """How much the mark hides what is below it; what is transparent in it stays so."""

    angle: Annotated[float, Ge(-360), Le(360)] = 0.0
    """How far the mark is turned, in degrees clockwise."""

    tile: bool = False
    """Whether the mark is repeated all over the picture."""

    spacing: Annotated[int, Ge(0), Le(4096)] = 0
    """How far tiles are apart, in pixels."""

    color: Color = _WHITE
    """The color of a text."""

    outline: Color | None = None
    """The color of a line around the letters, a twentieth of the font's size wide."""

    shadow: Color | None = None
    """The color of a soft shadow to the right of and below the letters."""

    def __post_init__(self) -> None:
        """Refuse parameters that do not go together."""
        if (self.text is None) == (self.image is None):
            raise ValueError("give either a text or an image")
        if None not in (self.scale, self.size):
            raise ValueError("give either a scale or a size")
        if self.spacing and not self.tile:
            raise ValueError("a spacing needs tile: true")
        if self.image and (self.color, self.outline, self.shadow) != (_WHITE, None, None):
            raise ValueError("color, outline and shadow need a text")

    def apply(self, image: "pyvips.Image") -> "pyvips.Image":
        """The marked picture; gray stays gray under a mark without color."""
        return _Mark(self._layer(Size(image.width, image.height))).apply(image)

    def settled(self, frames: Iterable[Raster]) -> Operation:
        """Lay the mark over each frame; it is drawn once."""
        layer = self._layer(next(iter(frames)).size)
        return _Mark(layer and layer.copy_memory())

    def held(self, picture: Size, bands: int) -> float:  # noqa: ARG002  a tile has its own
        """Fonts, and a tile, which is drawn once and kept, at most as large as the picture."""
        return _LETTERING + (picture.width * picture.height * 4 if self.tile else 0)

    def _layer(self, picture: Size) -> "pyvips.Image | None":
        """The mark on nothing, as large as the picture; None where there is nothing to see."""
        mark = self._lettering(picture) if self.text else self._drawing(picture)
        if mark is None:
            return None
        return self._laid_out(_faded(_turned(mark, self.angle), self.opacity), picture)

    def _lettering(self, picture: Size) -> "pyvips.Image | None":
        lettering = Lettering(self.text or "", self.color, self.outline, self.shadow)
        measured = lettering.proportions()
        if measured is None:
            return None
        natural, pixels = measured
        wanted = self.size / pixels if self.size else self._share(natural, picture)
        return lettering.draw(pixels * min(wanted, self._largest(natural, picture)))

    def _drawing(self, picture: Size) -> "pyvips.Image":
        from tintype.imaging.logo import decoded  # it knows the messages, which know operations

        _, _, content = (self.image or "").partition(",")
        image = decoded(base64.b64decode(content))
        natural = Size(image.width, image.height)
        wanted = self.size / natural.width if self.size else self._share(natural, picture)
        scale = min(wanted, self._largest(natural, picture))
        image = image if image.hasalpha() else image.addalpha()
        wide = max(1, round_half_up(natural.width * scale))
        high = max(1, round_half_up(natural.height * scale))
        return premultiplied(
            image, lambda each: each.resize(wide / natural.width, vscale=high / natural.height)
        )

    def _share(self, natural: Size, picture: Size) -> float:
        return (self.scale or _SHARE) * picture.width / natural.width

    def _largest(self, natural: Size, picture: Size) -> float:
        """The scale at which the turned mark still fits in the picture."""
        turn = math.radians(self.angle)
        cosine, sine = abs(math.cos(turn)), abs(math.sin(turn))
        return min(
            picture.width / (natural.width * cosine + natural.height * sine),
            picture.height / (natural.width * sine + natural.height * cosine),
        )

    def _laid_out(self, mark: "pyvips.Image", picture: Size) -> "pyvips.Image":
        """The mark where it belongs, on nothing, as large as the picture."""
        left, top = self._corner(Size(mark.width, mark.height), picture)
        if not self.tile:
            return mark.embed(left, top, picture.width, picture.height)
        wide, high = mark.width + self.spacing, mark.height + self.spacing
        tile = mark.embed(0, 0, wide, high).copy_memory()
        skip_x, skip_y = -left % wide, -top % high
        return tile.replicate(
            -(-(skip_x + picture.width) // wide), -(-(skip_y + picture.height) // high)
        ).crop(skip_x, skip_y, picture.width, picture.height)

    def _corner(self, mark: Size, picture: Size) -> tuple[int, int]:
        """Where the mark's left top corner is."""
        left, top = offset(picture, mark, self.position)
        across = round_half_up(share(self.x, picture.width))
        down = round_half_up(share(self.y, picture.height))
        left += -across if self.position.endswith("east") else across
        top += -down if self.position.startswith("south") else down
        return _inside(left, picture.width - mark.width), _inside(top, picture.height - mark.height)


@dataclass(frozen=True, slots=True)
class _Mark:
    """Lay a layer over a picture of its size."""

    name: ClassVar[str] = Watermark.name
    phase: ClassVar[Phase] = Watermark.phase

    layer: "pyvips.Image | None"

    def apply(self, image: "pyvips.Image") -> "pyvips.Image":
        """The marked picture."""
        layer = self.layer
        if layer is None:
            return image
        if layer.bands == 2 and image.interpretation == "srgb":
            layer = layer.colourspace("srgb")
        elif layer.bands == 4:
            image = image.colourspace("srgb")
        return _over(image, layer)


def _inside(start: int, room: int) -> int:
    """The place nearest to `start` where the smaller of two lengths lies inside the larger."""
    return min(max(start, min(0, room)), max(0, room))


def _turned(mark: "pyvips.Image", angle: float) -> "pyvips.Image":
    angle %= 360.0
    if angle == 0.0:
        return mark
    if angle in _QUARTERS:
        return mark.rot(_QUARTERS[angle])
    return premultiplied(mark, lambda each: each.rotate(angle, background=[0.0] * each.bands))


def _faded(mark: "pyvips.Image", opacity: float) -> "pyvips.Image":
    """The mark with its alpha multiplied."""
    last = mark.bands - 1
    cover = (mark[last] * opacity).rint().cast("uchar")
    return mark.extract_band(0, n=last).bandjoin(cover)


def _over(image: "pyvips.Image", mark: "pyvips.Image") -> "pyvips.Image":
    """The mark over the picture (Porter and Duff's `over`), in the picture's bands."""
    if image.hasalpha():
        space = image.interpretation
        return image.composite2(mark, "over", compositing_space=space).rint().cast("uchar")
    last = mark.bands - 1  # where nothing is to be seen, libvips only copies
    return mark[last].ifthenelse(mark.extract_band(0, n=last), image, blend=True)

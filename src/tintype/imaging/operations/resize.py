"""Resize: make the picture fit a box."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, ClassVar

from annotated_types import Ge, Le

from tintype.imaging.alpha import PREMULTIPLYING, premultiplied
from tintype.imaging.backdrop import Backdrop, framed
from tintype.imaging.boxes import seen
from tintype.imaging.geometry import (
    Fit,
    Fitted,
    Gravity,
    Size,
    Window,
    fit,
    offset,
    round_half_up,
    window,
)
from tintype.imaging.lengths import Aspect
from tintype.imaging.operations.base import Holding, Phase, Settling, Shaping, Sizing
from tintype.imaging.raster import Raster
from tintype.imaging.strict import STRICT

if TYPE_CHECKING:
    import pyvips

# Shrink by Lanczos alone up to 1/16, and beyond that by averaging first, which is quicker; libvips
# averages from 1/4 on by default, at 8 dB less and with nothing to gain below 1/16.
_GAP = 8.0

# The longest side that every output format can hold: WebP's limit.
_LONGEST = 16383
Side = Annotated[int, Ge(1), Le(_LONGEST)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resize(Shaping, Settling, Sizing, Holding):
    """Scale the picture to fit a box."""

    __pydantic_config__ = STRICT
    name: ClassVar[str] = "resize"
    phase: ClassVar[Phase] = Phase.GEOMETRY

    width: Side | None = None
    """The box's width in pixels; without it, the width follows from the height and the aspect."""

    height: Side | None = None
    """The box's height in pixels; without it, the height follows from the width and the aspect."""

    aspect: Aspect | None = None
    """The box's width divided by its height, a number or a ratio such as `16:9`, in place of one of
    the two sides; without it, a missing side follows from the picture's own aspect."""

    dpr: Annotated[float, Ge(1), Le(8)] = 1.0
    """How many pixels of the variant there are to each of the box: 2 for screens that show two
    pixels where others show one. The box is multiplied by it, to at most 16383 pixels a side."""

    fit: Fit = "cover"
    """How the picture meets the box: `cover` fills it and crops the rest, `contain` shows all of
    the picture on a background, `fill` stretches, `inside` is as large as fits in the box,
    `outside` as small as covers it. `contain` and `fill` need both sides."""

    enlarge: bool = False
    """Whether a picture smaller than the box grows. Otherwise `cover` and `fill` shrink the box and
    keep its aspect."""

    gravity: Gravity = "center"
    """What `cover` keeps and where `contain` puts the picture: `center`, a compass point, a focal
    point, or for `cover` also the part that draws `attention`, has the most `entropy`, or has the
    `faces` (`attention` where there are none)."""

    background: Backdrop = "#ffffff"
    """What `contain` shows around the picture: a color, or `blur`, the picture itself, blurred."""

    def __post_init__(self) -> None:
        """Refuse parameters that do not go together."""
        sides = [self.width, self.height]
        if sides == [None, None]:
            raise ValueError("give a width, a height, or both")
        if None not in sides and self.aspect is not None:
            raise ValueError("give an aspect and one side; the other follows from them")
        if self.fit in ("contain", "fill") and None in self._box():
            raise ValueError(f"fit '{self.fit}' needs both a width and a height, or an aspect")
        if self.fit != "cover" and self.gravity in ("attention", "entropy", "faces"):
            raise ValueError(f"gravity '{self.gravity}' needs fit 'cover'")
        for side, length in zip(("width", "height"), self._box(), strict=True):
            if length is not None and not 1 <= length <= _LONGEST:
                raise ValueError(
                    f"the box's {side} would be {length:,} pixels, not 1 to {_LONGEST:,}"
                )

    def _box(self) -> tuple[int | None, int | None]:
        """The box in pixels of the variant."""
        width, height = (None if side is None else side * self.dpr for side in self._sides())
        return (
            None if width is None else round_half_up(width),
            None if height is None else round_half_up(height),
        )

    def _sides(self) -> tuple[float | None, float | None]:
        if self.aspect is None:
            return self.width, self.height
        if self.width is not None:
            return self.width, self.width / self.aspect
        return None if self.height is None else self.height * self.aspect, self.height

    def fitted(self, picture: Size) -> Fitted:
        """How a picture of this size meets the box."""
        return fit(picture, *self._box(), self.fit, enlarge=self.enlarge)

    def frame(self, picture: Size) -> Size:
        """How large the resized picture is."""
        return self.fitted(picture).frame

    def least(self, picture: Size) -> Size:
        """How large the resized picture is at least: pictures may have any aspect."""
        width, height = self._box()
        if width is not None and height is not None:
            if self.fit in ("cover", "contain", "fill"):
                return self.frame(picture)
            if self.fit == "inside":
                return Size(1, 1)
        if self.enlarge:
            return Size(width or 1, height or 1)
        return Size(min(width or 1, picture.width), min(height or 1, picture.height))

    def held(self, picture: Size, bands: int) -> float:
        """What it takes to keep transparent pixels from lending color to others."""
        return picture.width * picture.height * PREMULTIPLYING if bands == 4 else 0.0

    def draw(self, raster: Raster) -> Raster:
        """The resized picture, from an image that may hold it at a reduced scale."""
        fitted = self.fitted(raster.size)
        scaled, frame = fitted.scaled, fitted.frame
        if self.fit == "contain":
            left, top = offset(frame, scaled, self.gravity)
            image = framed(_scale(raster, scaled), frame, left, top, self.background)
            return Raster.whole(image, seen(raster.faces, scaled, -left, -top, frame))
        gravity = raster.settled(self.gravity, scaled, frame)
        if gravity in ("attention", "entropy"):
            return Raster.whole(_scale(raster, scaled), raster.faces).part(frame, gravity)
        left, top = offset(scaled, frame, gravity)
        image = _scale(raster, scaled, left, top, frame)
        return Raster.whole(image, seen(raster.faces, scaled, left, top, frame))

    def settled(self, frames: Iterable[Raster]) -> "Resize":
        """The part that `cover` keeps of the first frame."""
        if self.gravity not in ("attention", "entropy", "faces"):
            return self
        first = next(iter(frames))
        fitted = self.fitted(first.size)
        scaled = Raster.whole(_scale(first, fitted.scaled), first.faces)
        return replace(self, gravity=scaled.point(fitted.frame, self.gravity))


def _scale(
    raster: Raster, scaled: Size, left: int = 0, top: int = 0, kept: Size | None = None
) -> "pyvips.Image":
    """The part of the scaled picture that starts at (left, top) and is `kept` large."""
    kept = kept or scaled
    across = window(raster.across, scaled.width, left, kept.width)
    down = window(raster.down, scaled.height, top, kept.height)
    source = _excerpt(raster.image, across, down)
    if across.scale != 1 or down.scale != 1:
        source = premultiplied(
            source, lambda each: each.resize(across.scale, vscale=down.scale, gap=_GAP)
        )
    if kept == Size(source.width, source.height):
        return source
    return source.crop(across.skip, down.skip, kept.width, kept.height)


def _excerpt(image: "pyvips.Image", across: Window, down: Window) -> "pyvips.Image":
    if (across.length, down.length) == (image.width, image.height):
        return image
    return image.embed(-across.start, -down.start, across.length, down.length, extend="copy")

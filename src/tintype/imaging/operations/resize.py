"""Resize: make the picture fit a box."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from annotated_types import Ge, Le

from tintype.imaging.alpha import premultiplied
from tintype.imaging.color import Color, with_background
from tintype.imaging.geometry import Fit, Fitted, Gravity, Size, Window, fit, offset, window
from tintype.imaging.operations.base import Phase
from tintype.imaging.raster import Raster
from tintype.imaging.strict import STRICT

if TYPE_CHECKING:
    import pyvips

# Shrink by Lanczos alone up to 1/16, and beyond that by averaging first, which is quicker; libvips
# averages from 1/4 on by default, at 8 dB less and with nothing to gain below 1/16.
_GAP = 8.0

# The longest side that every output format can hold: WebP's limit.
Side = Annotated[int, Ge(1), Le(16383)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resize:
    """Scale the picture to fit a box."""

    __pydantic_config__ = STRICT
    name: ClassVar[str] = "resize"
    phase: ClassVar[Phase] = Phase.GEOMETRY

    width: Side | None = None
    """The box's width in pixels; without it, the width follows from the height and the aspect."""

    height: Side | None = None
    """The box's height in pixels; without it, the height follows from the width and the aspect."""

    fit: Fit = "cover"
    """How the picture meets the box: `cover` fills it and crops the rest, `contain` shows all of
    the picture on a background, `fill` stretches, `inside` is as large as fits in the box,
    `outside` as small as covers it. `contain` and `fill` need both sides."""

    enlarge: bool = False
    """Whether a picture smaller than the box grows. Otherwise `cover` and `fill` shrink the box and
    keep its aspect."""

    gravity: Gravity = "center"
    """What `cover` keeps and where `contain` puts the picture: `center`, a compass point, a focal
    point, or for `cover` also the part that draws `attention` or has the most `entropy`."""

    background: Color = "#ffffff"
    """What `contain` shows around the picture."""

    def __post_init__(self) -> None:
        """Refuse parameters that do not go together."""
        if self.width is None and self.height is None:
            raise ValueError("give a width, a height, or both")
        if self.fit in ("contain", "fill") and None in (self.width, self.height):
            raise ValueError(f"fit '{self.fit}' needs both a width and a height")
        if self.fit != "cover" and self.gravity in ("attention", "entropy"):
            raise ValueError(f"gravity '{self.gravity}' needs fit 'cover'")

    def fitted(self, picture: Size) -> Fitted:
        """How a picture of this size meets the box."""
        return fit(picture, self.width, self.height, self.fit, enlarge=self.enlarge)

    def apply(self, image: "pyvips.Image") -> "pyvips.Image":
        """The resized picture."""
        return self.draw(Raster.whole(image))

    def draw(self, raster: Raster) -> "pyvips.Image":
        """The resized picture, from an image that may hold it at a reduced scale."""
        fitted = self.fitted(raster.size)
        if self.fit == "contain":
            return self._pad(_scale(raster, fitted.scaled), fitted)
        if self.gravity in ("attention", "entropy"):
            return _scale(raster, fitted.scaled).smartcrop(
                fitted.frame.width, fitted.frame.height, interesting=self.gravity
            )
        left, top = offset(fitted.scaled, fitted.frame, self.gravity)
        return _scale(raster, fitted.scaled, left, top, fitted.frame)

    def _pad(self, scaled: "pyvips.Image", fitted: Fitted) -> "pyvips.Image":
        image, background = with_background(scaled, self.background)
        left, top = offset(fitted.frame, fitted.scaled, self.gravity)
        frame = fitted.frame
        return image.embed(
            left, top, frame.width, frame.height, extend="background", background=background
        )


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

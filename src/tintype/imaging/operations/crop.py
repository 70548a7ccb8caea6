"""Crop: keep a part of the picture."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar

from tintype.imaging.framing import part, placed
from tintype.imaging.geometry import Gravity, Size
from tintype.imaging.lengths import Aspect, Extent, Place
from tintype.imaging.operations.base import Phase, Settling, Shaping
from tintype.imaging.raster import Raster
from tintype.imaging.strict import STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class Crop(Shaping, Settling):
    """Keep a part of the picture; what reaches beyond its edges is left out."""

    __pydantic_config__ = STRICT
    name: ClassVar[str] = "crop"
    phase: ClassVar[Phase] = Phase.GEOMETRY

    width: Extent | None = None
    """The part's width: pixels, or a percentage of the picture's such as `50%`."""

    height: Extent | None = None
    """The part's height: pixels, or a percentage of the picture's."""

    aspect: Aspect | None = None
    """The part's width divided by its height, a number or a ratio such as `16:9`, in place of one
    of the two; alone it keeps the largest part that has it."""

    gravity: Gravity = "center"
    """Which part is kept: `center`, a compass point, a focal point, the part that draws `attention`
    or has the most `entropy`, or `faces`, which means `attention` where there are none."""

    x: Place | None = None
    """Where the part begins, from the left edge: pixels, or a percentage of the picture's width. A
    part that would reach beyond the right edge is moved back. With `y`, in place of gravity."""

    y: Place | None = None
    """Where the part begins, from the top edge: pixels, or a percentage of the picture's height."""

    def __post_init__(self) -> None:
        """Refuse parameters that do not go together."""
        lengths = [self.width, self.height, self.aspect]
        if lengths == [None, None, None]:
            raise ValueError("give a width, a height or an aspect")
        if None not in lengths:
            raise ValueError("give two of width, height and aspect; the third follows from them")
        if (self.x is None) != (self.y is None):
            raise ValueError("give both x and y, or neither")
        if self.x is not None and self.gravity != "center":
            raise ValueError("give either x and y or a gravity")

    def draw(self, raster: Raster) -> Raster:
        """The part of the picture."""
        frame = part(raster.size, self.width, self.height, self.aspect)
        if self.x is None or self.y is None:
            return raster.part(frame, self.gravity)
        return raster.cut(*placed(raster.size, frame, self.x, self.y), frame)

    def least(self, picture: Size) -> Size:
        """How large the part is at least."""
        return part(picture, self.width, self.height, self.aspect)

    def settled(self, frames: Iterable[Raster]) -> "Crop":
        """The part that is chosen of the first frame."""
        if self.gravity not in ("attention", "entropy", "faces"):
            return self
        first = next(iter(frames))
        frame = part(first.size, self.width, self.height, self.aspect)
        return replace(self, gravity=first.point(frame, self.gravity))

"""Pad: put room around the picture; others call it extend."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Ge, Le

from tintype.imaging.backdrop import Backdrop, framed
from tintype.imaging.framing import roomier
from tintype.imaging.geometry import Placing, Size
from tintype.imaging.operations.base import Phase, Shaping, Sizing
from tintype.imaging.raster import Raster
from tintype.imaging.strict import STRICT

# The longest side that every output format can hold: WebP's limit.
_LONGEST = 16383
Room = Annotated[int, Ge(0), Le(_LONGEST)]
Side = Annotated[int, Ge(1), Le(_LONGEST)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pad(Shaping, Sizing):
    """Put room around the picture (others say extend): on its sides, or what it lacks to a box."""

    __pydantic_config__ = STRICT
    name: ClassVar[str] = "pad"
    phase: ClassVar[Phase] = Phase.GEOMETRY

    all: Room | None = None
    """How much room there is on every side that has no number of its own, in pixels."""

    top: Room | None = None
    """How much room there is above, in pixels."""

    right: Room | None = None
    """How much room there is on the right, in pixels."""

    bottom: Room | None = None
    """How much room there is below, in pixels."""

    left: Room | None = None
    """How much room there is on the left, in pixels."""

    width: Side | None = None
    """How wide the picture is made at least, in pixels, in place of room on its sides."""

    height: Side | None = None
    """How high the picture is made at least, in pixels."""

    gravity: Placing = "center"
    """Where in the box the picture is: `center`, a compass point or a focal point."""

    background: Backdrop = "#ffffff"
    """What is shown around: a color, which `#00000000` makes transparent, or `blur`: the picture
    itself, scaled to cover all and blurred."""

    def __post_init__(self) -> None:
        """Refuse parameters that do not go together."""
        on_sides = {self.all, self.top, self.right, self.bottom, self.left} != {None}
        in_box = (self.width, self.height) != (None, None)
        if on_sides == in_box:
            raise ValueError("give either room on sides (all, top ...) or a box (width, height)")
        if on_sides and self.gravity != "center":
            raise ValueError("a gravity needs a box (width, height)")
        for one, two in (("left", "right"), ("top", "bottom")):
            if self._room(one) + self._room(two) >= _LONGEST:
                raise ValueError(
                    f"{one} and {two} leave no room for the picture: no format can"
                    f" hold more than {_LONGEST:,} pixels a side"
                )

    def draw(self, raster: Raster) -> Raster:
        """The picture with room around it."""
        frame, left, top = self._placed(raster.size)
        return raster.now(framed(raster.image, frame, left, top, self.background), -left, -top)

    def frame(self, picture: Size) -> Size:
        """How large a picture is with the room around it."""
        return self._placed(picture)[0]

    def least(self, picture: Size) -> Size:
        """How large a picture is at least with the room around it."""
        return self.frame(picture)

    def _placed(self, picture: Size) -> tuple[Size, int, int]:
        """The size with the room around, and where the picture's corner lies there."""
        if (self.width, self.height) != (None, None):
            return roomier(picture, self.width, self.height, self.gravity)
        left, top = self._room("left"), self._room("top")
        frame = Size(
            left + picture.width + self._room("right"),
            top + picture.height + self._room("bottom"),
        )
        return frame, left, top

    def _room(self, side: str) -> int:
        room: int | None = getattr(self, side)
        return (self.all or 0) if room is None else room

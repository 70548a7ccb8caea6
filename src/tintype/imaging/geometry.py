"""Where pixels go: sizes, boxes and positions, as pure arithmetic on whole pixels.

A picture's origin is its top left corner; x grows to the right and y downward.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Literal

from annotated_types import Ge, Le
from pydantic import Discriminator, Tag

from tintype.imaging.strict import STRICT

Fit = Literal["cover", "contain", "fill", "inside", "outside"]

Compass = Literal[
    "center",
    "north",
    "northeast",
    "east",
    "southeast",
    "south",
    "southwest",
    "west",
    "northwest",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class FocalPoint:
    """The point of a picture that matters most, as fractions of its width and height."""

    __pydantic_config__ = STRICT

    x: Annotated[float, Ge(0), Le(1)]
    """How far from the left edge: 0 is the left edge, 1 the right."""

    y: Annotated[float, Ge(0), Le(1)]
    """How far from the top edge: 0 is the top edge, 1 the bottom."""


def _kind(value: object) -> str:
    return "name" if isinstance(value, str) else "point"


Placing = Annotated[
    Annotated[Compass, Tag("name")] | Annotated[FocalPoint, Tag("point")], Discriminator(_kind)
]
"""Where in a frame a picture is: a compass point or a focal point."""

Gravity = Annotated[
    Annotated[Compass | Literal["attention", "entropy", "faces"], Tag("name")]
    | Annotated[FocalPoint, Tag("point")],
    Discriminator(_kind),
]
"""Which part of a picture matters: a compass point, what draws attention, the most entropy, the
faces, or a focal point."""

COMPASS_POINTS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "center": (0.5, 0.5),
        "north": (0.5, 0.0),
        "northeast": (1.0, 0.0),
        "east": (1.0, 0.5),
        "southeast": (1.0, 1.0),
        "south": (0.5, 1.0),
        "southwest": (0.0, 1.0),
        "west": (0.0, 0.5),
        "northwest": (0.0, 0.0),
    }
)
"""For each compass point, which fraction of the spare room is left of and above the box."""


@dataclass(frozen=True, slots=True)
class Size:
    """A picture's width and height in pixels, both at least 1."""

    width: int
    height: int

    @property
    def turned(self) -> "Size":
        """The size after a quarter turn."""
        return Size(self.height, self.width)


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of whole pixels, at least one."""

    left: int
    top: int
    width: int
    height: int

    @property
    def size(self) -> Size:
        """How large it is."""
        return Size(self.width, self.height)


@dataclass(frozen=True, slots=True)
class Fitted:
    """How a picture meets a box: it is scaled to `scaled`, then cropped or padded to `frame`."""

    scaled: Size
    frame: Size


def fit(picture: Size, width: int | None, height: int | None, how: Fit, *, enlarge: bool) -> Fitted:
    """How to fit a picture into a box.

    A side that is missing (at most one is) follows from the picture's aspect. Without `enlarge` no
    side of the picture grows: `cover` and `fill` shrink the box and keep its aspect, `inside` and
    `outside` leave the picture as it is, `contain` pads it as it is.
    """
    if width is None or height is None:
        scale = _scale_to(picture, width, height)
        frame = _scaled(picture, scale if enlarge else min(scale, 1.0))
        return Fitted(frame, frame)
    box = Size(width, height)
    if how in ("cover", "fill") and not enlarge:
        box = _scaled(box, min(1.0, picture.width / width, picture.height / height))
    if how == "fill":
        return Fitted(box, box)
    across, down = box.width / picture.width, box.height / picture.height
    scale = max(across, down) if how in ("cover", "outside") else min(across, down)
    scaled = _scaled(picture, scale if enlarge else min(scale, 1.0))
    if how == "cover":
        # Rounding may leave the scaled picture a pixel short of the box it has to cover.
        grown = Size(max(scaled.width, box.width), max(scaled.height, box.height))
        return Fitted(grown, box)
    return Fitted(scaled, box if how == "contain" else scaled)


def offset(outer: Size, inner: Size, gravity: Gravity = "center") -> tuple[int, int]:
    """The left and top of a box of size `inner` that gravity places in `outer`.

    A compass point divides the spare room; a focal point is brought as near to the box's center as
    the edges allow. Where `inner` is larger than `outer` in a direction, its offset there is the
    (negative or zero) one that lets the smaller sit inside the larger by the same rule. Raises
    KeyError for gravities that depend on the pixels.
    """
    if isinstance(gravity, FocalPoint):
        return (
            _centered(outer.width, inner.width, gravity.x),
            _centered(outer.height, inner.height, gravity.y),
        )
    share_left, share_top = COMPASS_POINTS[gravity]
    return (
        _share(outer.width - inner.width, share_left),
        _share(outer.height - inner.height, share_top),
    )


@dataclass(frozen=True, slots=True)
class Axis:
    """How the columns (or rows) of an image stand for those of the picture that it shows.

    Column k of the image shows the picture's columns from `lead + k * factor` on, `factor` of them.
    A decoder that scales while it decodes leaves such an image: up to `factor` columns at one end
    of the picture make no whole column of the image and are not in it.
    """

    length: int
    """How many columns the image has."""

    whole: int
    """How many columns the picture has."""

    factor: float = 1.0
    lead: float = 0.0

    @property
    def exact(self) -> bool:
        """True where the image shows the picture from edge to edge."""
        return self.lead == 0 and abs(self.length * self.factor - self.whole) < 1e-6

    def stretched(self) -> "Axis":
        """The same image, taken to show the picture from edge to edge."""
        return Axis(self.length, self.whole, self.whole / self.length)

    def mirrored(self) -> "Axis":
        """The axis of the mirrored image: what was missing at the end is missing at the start."""
        missing = self.whole - self.length * self.factor - self.lead
        return Axis(self.length, self.whole, self.factor, missing)


@dataclass(frozen=True, slots=True)
class Window:
    """Which columns to scale, and which of the outcome to keep."""

    start: int
    """The first column of the image; negative where its edge is to be repeated."""

    length: int
    """How many columns of the image, or of its repeated edges."""

    scale: float
    """How much they are scaled."""

    skip: int
    """How many scaled columns come before the first one wanted."""


def window(axis: Axis, scaled: int, first: int, count: int) -> Window:
    """How to get columns `first` to `first + count` of the picture scaled to `scaled` columns.

    A scaler aligns the middle of what it is given with the middle of what it makes. Where the image
    does not show the picture from edge to edge, that would shift everything by a part of a pixel.
    So the window is the one, among some that reach a little farther than necessary, whose middle
    lies nearest to where it belongs: nearly always within hundredths of a pixel, and never off by
    half of one.
    """
    if axis.exact:
        return Window(0, axis.length, scaled / axis.length, first)
    step = axis.whole / scaled / axis.factor  # image columns per scaled column
    lead = axis.lead / axis.factor
    candidates = [
        (abs(start + length / 2 - middle), begin, start, length)
        for begin, end in _reaching(first, first + count)
        for middle in ((begin + end) / 2 * step - lead,)
        for length in _lengths(end - begin, step)
        for start in (round_half_up(middle - length / 2),)
    ]
    _, begin, start, length = min(candidates)
    return Window(start, length, 1 / step, first - begin)


_REACH = 8
"""How many more scaled columns than wanted a window may make on one side."""


def _reaching(begin: int, end: int) -> Iterator[tuple[int, int]]:
    """The stretch from `begin` to `end`, and longer ones with their middles in different places."""
    for both in (0, 1):
        for left in range(_REACH + 1):
            yield begin - both - left, end + both
        for right in range(1, _REACH + 1):
            yield begin - both, end + both + right


def _lengths(count: int, step: float) -> tuple[int, ...]:
    """How many image columns surely become `count` columns when scaled by `1 / step`."""
    near = int(count * step)
    return tuple(
        length
        for length in (near - 1, near, near + 1, near + 2)
        if length > 0 and abs(length / step - count) < 0.499
    )


def _scale_to(picture: Size, width: int | None, height: int | None) -> float:
    if width is not None:
        return width / picture.width
    if height is not None:
        return height / picture.height
    raise ValueError("a box needs a width or a height")


def _scaled(size: Size, scale: float) -> Size:
    return Size(
        max(1, round_half_up(size.width * scale)), max(1, round_half_up(size.height * scale))
    )


def round_half_up(value: float) -> int:
    """The nearest whole number; a half goes up, unlike `round`, which would go to the even one."""
    return math.floor(value + 0.5)


def _share(room: int, share: float) -> int:
    return int(room * share)


def _centered(outer: int, inner: int, point: float) -> int:
    wanted = round_half_up(outer * point - inner / 2) if outer * point > inner / 2 else 0
    low, high = min(0, outer - inner), max(0, outer - inner)
    return min(max(wanted, low), high)

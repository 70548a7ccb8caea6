"""Which part of a picture is kept, and how much room comes around it: arithmetic."""

from typing import Literal

from tintype.imaging.geometry import Area, Gravity, Size, offset, round_half_up
from tintype.imaging.lengths import extent, share

Equal = Literal["none", "horizontal", "vertical", "both"]


def part(
    picture: Size, width: int | str | None, height: int | str | None, aspect: float | None
) -> Size:
    """How large a part of the picture is that has these lengths, where the picture holds it.

    A length that is missing follows from the aspect, or else is the picture's. With an aspect the
    part becomes smaller until it lies inside the picture; the aspect alone makes the largest one.
    """
    if aspect is None:
        return Size(
            picture.width if width is None else extent(width, picture.width),
            picture.height if height is None else extent(height, picture.height),
        )
    if height is not None:
        down = share(height, picture.height)
    elif width is not None:
        down = share(width, picture.width) / aspect
    else:
        down = float(picture.height)
    across = down * aspect
    scale = min(1.0, picture.width / across, picture.height / down) if down else 1.0
    return Size(
        extent(round_half_up(across * scale), picture.width),
        extent(round_half_up(down * scale), picture.height),
    )


def placed(picture: Size, frame: Size, x: int | str, y: int | str) -> tuple[int, int]:
    """The left and top of a frame at (x, y), moved back as far as it would leave the picture."""
    left = round_half_up(share(x, picture.width))
    top = round_half_up(share(y, picture.height))
    return min(left, picture.width - frame.width), min(top, picture.height - frame.height)


def evened(picture: Size, found: Area, equal: Equal) -> Area:
    """The area, grown until opposite sides lie equally far from the picture's edges."""
    left, top, width, height = found.left, found.top, found.width, found.height
    if equal in ("horizontal", "both"):
        left = min(left, picture.width - left - width)
        width = picture.width - 2 * left
    if equal in ("vertical", "both"):
        top = min(top, picture.height - top - height)
        height = picture.height - 2 * top
    return Area(left, top, width, height)


def around(one: Area, two: Area) -> Area:
    """The smallest area that holds both."""
    left, top = min(one.left, two.left), min(one.top, two.top)
    right = max(one.left + one.width, two.left + two.width)
    bottom = max(one.top + one.height, two.top + two.height)
    return Area(left, top, right - left, bottom - top)


def roomier(
    picture: Size, width: int | None, height: int | None, gravity: Gravity
) -> tuple[Size, int, int]:
    """The size that the picture gets in a box, and where it lies there.

    No side is cut: one that is longer than the box stays as it is.
    """
    frame = Size(max(picture.width, width or 0), max(picture.height, height or 0))
    left, top = offset(frame, picture, gravity)
    return frame, left, top

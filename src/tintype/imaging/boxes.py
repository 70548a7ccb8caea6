"""Boxes around faces: where they are, where geometry takes them, which pixels they cover.

Pure arithmetic. A box is known by fractions of the picture, so it holds at every scale.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from tintype.imaging.geometry import Area, Axis, FocalPoint, Size
from tintype.imaging.strict import STRICT

_SLACK = 1e-6  # what sums of fractions may be off by


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A part of a picture, as fractions of its width and height; raises ValueError outside it."""

    __pydantic_config__ = STRICT

    x: float
    """Where the left edge is: 0 is the picture's left edge, 1 its right one."""

    y: float
    """Where the top edge is: 0 is the picture's top edge, 1 its bottom."""

    width: float
    """More than 0; at most what is right of `x`."""

    height: float
    """More than 0; at most what is below `y`."""

    def __post_init__(self) -> None:
        """Refuse what is no part of a picture."""
        for start, length in ((self.x, self.width), (self.y, self.height)):
            if not (start >= 0 and length > 0 and start + length <= 1 + _SLACK):
                raise ValueError(f"{self} does not lie inside the picture")

    @property
    def corners(self) -> tuple[tuple[float, float], ...]:
        """The four corners."""
        right, bottom = self.x + self.width, self.y + self.height
        return ((self.x, self.y), (right, self.y), (right, bottom), (self.x, bottom))

    def mirrored(self, direction: str) -> "Box":
        """The box in the mirrored picture; `horizontal` swaps left and right."""
        if direction == "horizontal":
            return Box(
                x=max(0.0, 1 - self.x - self.width), y=self.y, width=self.width, height=self.height
            )
        return Box(
            x=self.x, y=max(0.0, 1 - self.y - self.height), width=self.width, height=self.height
        )


def seen(boxes: Iterable[Box], picture: Size, left: int, top: int, frame: Size) -> tuple[Box, ...]:
    """The boxes as fractions of a frame, whose corner lies at (left, top) of the picture.

    The frame may reach beyond the picture. What lies outside it is cut off, and so are whole boxes.
    """
    found = (
        _hull(
            (
                (
                    (x * picture.width - left) / frame.width,
                    (y * picture.height - top) / frame.height,
                )
                for x, y in box.corners
            )
        )
        for box in boxes
    )
    return tuple(box for box in found if box is not None)


def turned(boxes: Iterable[Box], angle: float, before: Size, after: Size) -> tuple[Box, ...]:
    """The boxes after the picture was turned clockwise about its middle, upright again.

    A box that is turned by anything but quarter turns becomes the one around it.
    """
    cosine, sine = math.cos(math.radians(angle)), math.sin(math.radians(angle))

    def moved(x: float, y: float) -> tuple[float, float]:
        across, down = (x - 0.5) * before.width, (y - 0.5) * before.height
        return (
            0.5 + (across * cosine - down * sine) / after.width,
            0.5 + (across * sine + down * cosine) / after.height,
        )

    found = (_hull(moved(x, y) for x, y in box.corners) for box in boxes)
    return tuple(box for box in found if box is not None)


def middle(boxes: tuple[Box, ...], picture: Size, frame: Size) -> FocalPoint:
    """The point to keep in the middle of a frame that shows a part of the picture.

    Where the frame can hold all boxes, it is the middle of them all, so that none is cut; otherwise
    the mean of their middles, each weighted by its area: near the large ones.
    """
    left, top = min(box.x for box in boxes), min(box.y for box in boxes)
    right = max(box.x + box.width for box in boxes)
    bottom = max(box.y + box.height for box in boxes)
    holds_all = (
        math.ceil((right - left) * picture.width) < frame.width
        and math.ceil((bottom - top) * picture.height) < frame.height
    )
    if holds_all:
        return FocalPoint(x=min(1.0, (left + right) / 2), y=min(1.0, (top + bottom) / 2))
    areas = [box.width * box.height for box in boxes]
    return FocalPoint(
        x=_mean([box.x + box.width / 2 for box in boxes], areas),
        y=_mean([box.y + box.height / 2 for box in boxes], areas),
    )


def covered(box: Box, margin: float, across: Axis, down: Axis) -> Area | None:
    """The pixels of an image that show any of a box, grown by `margin` of its size on each side.

    Fractions of pixels count as whole ones, and one more pixel does on each side: decoders and
    scalers mix neighbors. None where the image shows nothing of the box.
    """
    columns = _covered(box.x, box.width, margin, across)
    rows = _covered(box.y, box.height, margin, down)
    if not columns or not rows:
        return None
    return Area(columns.start, rows.start, len(columns), len(rows))


def _covered(start: float, length: float, margin: float, axis: Axis) -> range:
    begin = (start - margin * length) * axis.whole
    end = (start + length + margin * length) * axis.whole
    first = math.floor((begin - axis.lead) / axis.factor) - 1
    last = math.ceil((end - axis.lead) / axis.factor) + 1
    return range(max(0, first), min(axis.length, last))


def _hull(points: Iterable[tuple[float, float]]) -> Box | None:
    """The box around points, as far as it lies inside the picture."""
    columns, rows = zip(*points, strict=True)
    left, right = max(0.0, min(columns)), min(1.0, max(columns))
    top, bottom = max(0.0, min(rows)), min(1.0, max(rows))
    if not (left < right and top < bottom):
        return None
    return Box(x=left, y=top, width=right - left, height=bottom - top)


def _mean(values: list[float], weights: list[float]) -> float:
    """The weighted mean; 0.5 where the weights are too small to add up."""
    total = sum(weights)
    if total == 0:
        return 0.5
    mean = sum(value * weight for value, weight in zip(values, weights, strict=True)) / total
    return min(1.0, max(0.0, mean))

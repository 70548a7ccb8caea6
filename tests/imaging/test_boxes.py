"""Boxes follow the picture through every geometry, and cover whole pixels."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tintype.imaging.boxes import Box, covered, middle, seen, turned
from tintype.imaging.geometry import Axis, Size, offset

sizes = st.builds(Size, st.integers(1, 5_000), st.integers(1, 5_000))
spans = st.tuples(st.floats(0, 0.99), st.floats(0.001, 1)).map(
    lambda pair: (pair[0], min(pair[1], 1 - pair[0]))
)
boxes = st.builds(
    lambda across, down: Box(x=across[0], y=down[0], width=across[1], height=down[1]), spans, spans
)


def near(one: Box, other: Box) -> bool:
    return all(
        math.isclose(getattr(one, name), getattr(other, name), abs_tol=1e-6)
        for name in ("x", "y", "width", "height")
    )


@pytest.mark.parametrize(
    ("x", "y", "width", "height"),
    [
        (-0.1, 0, 0.5, 0.5),
        (0, 0, 0, 0.5),
        (0, 0, 0.5, -0.5),
        (0.6, 0, 0.5, 0.5),
        (0, 0.9, 0.5, 0.2),
        (math.nan, 0, 0.5, 0.5),
        (0, 0, math.nan, 0.5),
        (0, 0, 0.5, math.inf),
    ],
)
def test_what_lies_outside_the_picture_is_no_box(
    x: float, y: float, width: float, height: float
) -> None:
    with pytest.raises(ValueError, match="does not lie inside the picture"):
        Box(x=x, y=y, width=width, height=height)


@given(boxes, sizes)
def test_a_frame_that_is_the_picture_changes_nothing(box: Box, picture: Size) -> None:
    (found,) = seen((box,), picture, 0, 0, picture)
    assert near(found, box)


@given(boxes, sizes, st.integers(0, 500), st.integers(0, 500), sizes)
def test_room_around_and_cutting_it_away_again_changes_nothing(
    box: Box, picture: Size, left: int, top: int, more: Size
) -> None:
    frame = Size(picture.width + left + more.width, picture.height + top + more.height)
    inside = seen((box,), picture, -left, -top, frame)
    (found,) = seen(inside, frame, left, top, picture)
    assert near(found, box)


@given(boxes, sizes, st.data())
def test_what_is_cut_off_is_seen_no_more(box: Box, picture: Size, data: st.DataObject) -> None:
    left = data.draw(st.integers(0, picture.width - 1))
    frame = Size(data.draw(st.integers(1, picture.width - left)), picture.height)
    found = seen((box,), picture, left, 0, frame)
    begin, end = box.x * picture.width, (box.x + box.width) * picture.width
    visible = max(0.0, min(end, left + frame.width) - max(begin, left))
    assert sum(each.width for each in found) * frame.width == pytest.approx(visible, abs=0.01)


@given(boxes, st.sampled_from(("horizontal", "vertical")))
def test_mirroring_twice_changes_nothing(box: Box, direction: str) -> None:
    assert near(box.mirrored(direction).mirrored(direction), box)


@given(boxes, sizes)
def test_four_quarter_turns_change_nothing(box: Box, picture: Size) -> None:
    found: tuple[Box, ...] = (box,)
    before = picture
    for _ in range(4):
        found = turned(found, 90, before, before.turned)
        before = before.turned
    assert near(found[0], box)


def test_a_quarter_turn_goes_clockwise() -> None:
    (found,) = turned((Box(x=0, y=0, width=0.1, height=0.2),), 90, Size(300, 200), Size(200, 300))
    assert near(found, Box(x=0.8, y=0, width=0.2, height=0.1))


@given(st.lists(boxes, min_size=1, max_size=5).map(tuple), sizes, st.data())
def test_a_frame_that_can_hold_all_boxes_does(
    found: tuple[Box, ...], picture: Size, data: st.DataObject
) -> None:
    left, top = min(each.x for each in found), min(each.y for each in found)
    across = max(each.x + each.width for each in found) - left
    down = max(each.y + each.height for each in found) - top
    width, height = math.ceil(across * picture.width) + 1, math.ceil(down * picture.height) + 1
    if width > picture.width or height > picture.height:
        return
    frame = Size(
        data.draw(st.integers(width, picture.width)), data.draw(st.integers(height, picture.height))
    )
    begin, upper = offset(picture, frame, middle(found, picture, frame))
    assert begin <= left * picture.width + 1
    assert begin + frame.width >= (left + across) * picture.width - 1
    assert upper <= top * picture.height + 1
    assert upper + frame.height >= (top + down) * picture.height - 1


def test_where_not_all_boxes_fit_the_large_ones_draw_more() -> None:
    large, small = Box(x=0, y=0, width=0.3, height=0.3), Box(x=0.9, y=0.9, width=0.1, height=0.1)
    point = middle((large, small), Size(100, 100), Size(40, 40))
    assert point.x == pytest.approx((0.15 * 9 + 0.95) / 10)


@given(
    boxes,
    st.floats(0, 1),
    st.integers(1, 5_000),
    st.sampled_from((1, 2, 4, 8)),
    st.booleans(),
)
def test_every_pixel_that_shows_any_of_a_box_is_covered(
    box: Box, margin: float, whole: int, factor: int, mirrored: bool
) -> None:
    axis = Axis(max(1, whole // factor), whole, min(factor, whole))
    axis = axis.mirrored() if mirrored else axis
    area = covered(box, margin, axis, Axis(100, 100))
    begin, end = box.x * whole, (box.x + box.width) * whole
    shown = [
        column
        for column in range(axis.length)
        if axis.lead + column * axis.factor < end and axis.lead + (column + 1) * axis.factor > begin
    ]
    if shown:
        assert area is not None
        assert area.left <= shown[0]
        assert area.left + area.width > shown[-1]
    if area is not None:
        assert area.left >= 0
        assert area.left + area.width <= axis.length


def test_faces_of_no_extent_that_can_be_measured_have_a_middle() -> None:
    tiny = Box(x=0.2, y=0.2, width=1e-200, height=1e-200)
    far = Box(x=0.8, y=0.8, width=1e-200, height=1e-200)
    assert middle((tiny, far), Size(100, 100), Size(9, 9)).x == 0.5

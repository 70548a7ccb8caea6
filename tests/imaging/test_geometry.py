"""Sizes, boxes and positions hold for every picture and every box."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tintype.imaging.geometry import (
    COMPASS_POINTS,
    Axis,
    Fit,
    FocalPoint,
    Gravity,
    Size,
    fit,
    offset,
    round_half_up,
    window,
)

sides = st.integers(1, 12_000)
boxes = st.integers(1, 16_383)
sizes = st.builds(Size, sides, sides)
gravities: st.SearchStrategy[Gravity] = st.one_of(
    st.sampled_from(sorted(COMPASS_POINTS)),
    st.builds(FocalPoint, x=st.floats(0, 1), y=st.floats(0, 1)),
)
fits = st.sampled_from(("cover", "contain", "fill", "inside", "outside"))


@given(sizes, boxes, boxes, st.sampled_from(("cover", "contain", "fill")))
def test_an_enlarged_cover_contain_or_fill_is_exactly_the_box(
    picture: Size, width: int, height: int, how: Fit
) -> None:
    assert fit(picture, width, height, how, enlarge=True).frame == Size(width, height)


@given(sizes, boxes, boxes)
def test_contain_is_exactly_the_box_without_enlarging_too(
    picture: Size, width: int, height: int
) -> None:
    fitted = fit(picture, width, height, "contain", enlarge=False)
    assert fitted.frame == Size(width, height)
    assert fitted.scaled.width <= picture.width
    assert fitted.scaled.height <= picture.height


@given(sizes, boxes, boxes, fits, st.booleans())
def test_the_frame_of_cover_lies_inside_the_scaled_picture(
    picture: Size, width: int, height: int, how: Fit, enlarge: bool
) -> None:
    fitted = fit(picture, width, height, how, enlarge=enlarge)
    if how == "contain":
        assert fitted.scaled.width <= fitted.frame.width
        assert fitted.scaled.height <= fitted.frame.height
    else:
        assert fitted.frame.width <= fitted.scaled.width
        assert fitted.frame.height <= fitted.scaled.height
    assert min(fitted.frame.width, fitted.frame.height) >= 1
    assert min(fitted.scaled.width, fitted.scaled.height) >= 1


@given(sizes, boxes, boxes, fits)
def test_without_enlarge_no_side_grows(picture: Size, width: int, height: int, how: Fit) -> None:
    scaled = fit(picture, width, height, how, enlarge=False).scaled
    assert scaled.width <= picture.width
    assert scaled.height <= picture.height


@given(sizes, boxes, boxes, st.sampled_from(("cover", "fill")))
def test_a_box_that_shrinks_keeps_its_aspect_within_a_pixel(
    picture: Size, width: int, height: int, how: Fit
) -> None:
    frame = fit(picture, width, height, how, enlarge=False).frame
    scale = min(1.0, picture.width / width, picture.height / height)
    assert abs(frame.width - width * scale) <= 1
    assert abs(frame.height - height * scale) <= 1


@given(sizes, boxes, boxes, st.sampled_from(("cover", "contain", "inside", "outside")))
def test_the_picture_keeps_its_aspect_within_a_pixel(
    picture: Size, width: int, height: int, how: Fit
) -> None:
    scaled = fit(picture, width, height, how, enlarge=True).scaled
    least = max((scaled.width - 1) / picture.width, (scaled.height - 1) / picture.height)
    most = min((scaled.width + 1) / picture.width, (scaled.height + 1) / picture.height)
    assert least <= most  # one scale, at which neither side is a pixel off


@given(sizes, boxes, boxes)
def test_inside_stays_inside_the_box_and_touches_it(picture: Size, width: int, height: int) -> None:
    scaled = fit(picture, width, height, "inside", enlarge=True).scaled
    assert scaled.width <= width
    assert scaled.height <= height
    assert scaled.width == width or scaled.height == height


@given(sizes, boxes, boxes)
def test_outside_covers_the_box_and_touches_it(picture: Size, width: int, height: int) -> None:
    scaled = fit(picture, width, height, "outside", enlarge=True).scaled
    assert scaled.width >= width
    assert scaled.height >= height
    assert scaled.width == width or scaled.height == height


@given(sizes, boxes)
def test_a_missing_side_follows_from_the_aspect(picture: Size, side: int) -> None:
    wide = fit(picture, side, None, "cover", enlarge=True)
    high = fit(picture, None, side, "cover", enlarge=True)
    assert wide.frame == wide.scaled
    assert wide.frame.width == side
    assert high.frame.height == side
    assert wide.frame.height == max(1, round_half_up(picture.height * (side / picture.width)))


def test_a_box_without_sides_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a width or a height"):
        fit(Size(10, 10), None, None, "cover", enlarge=True)


@given(sizes, sizes, gravities)
def test_the_offset_puts_the_smaller_inside_the_larger(
    one: Size, other: Size, gravity: Gravity
) -> None:
    left, top = offset(one, other, gravity)
    assert min(0, one.width - other.width) <= left <= max(0, one.width - other.width)
    assert min(0, one.height - other.height) <= top <= max(0, one.height - other.height)


def test_compass_points_are_where_the_compass_says() -> None:
    outer, inner = Size(100, 60), Size(40, 20)
    assert offset(outer, inner, "center") == (30, 20)
    assert offset(outer, inner, "north") == (30, 0)
    assert offset(outer, inner, "southeast") == (60, 40)
    assert offset(outer, inner, "west") == (0, 20)


def test_a_focal_point_is_in_the_middle_where_the_edges_allow() -> None:
    outer, inner = Size(100, 100), Size(20, 20)
    assert offset(outer, inner, FocalPoint(x=0.5, y=0.25)) == (40, 15)
    assert offset(outer, inner, FocalPoint(x=0.0, y=1.0)) == (0, 80)


@given(st.floats(0, 1e6))
def test_rounding_is_stable(value: float) -> None:
    assert abs(round_half_up(value) - value) <= 0.5
    assert round_half_up(value + 1) == round_half_up(value) + 1


@st.composite
def reduced(draw: st.DrawFn) -> tuple[Axis, int, int, int]:
    """An axis that a decoder reduced, and a part of it to scale further."""
    factor = draw(st.sampled_from((2, 4, 8)))
    whole = draw(st.integers(factor * 4, 9_000))
    axis = Axis(whole // factor, whole, factor)
    if draw(st.booleans()):
        axis = axis.mirrored()
    scaled = draw(st.integers(1, max(1, math.floor(whole / factor))))
    first = draw(st.integers(0, scaled - 1))
    return axis, scaled, first, draw(st.integers(1, scaled - first))


@given(reduced())
def test_a_window_puts_no_pixel_half_a_pixel_away(case: tuple[Axis, int, int, int]) -> None:
    axis, scaled, first, count = case
    found = window(axis, scaled, first, count)
    assert found.skip >= 0
    assert found.skip + count <= round_half_up(found.length * found.scale)
    assert misplaced(axis, scaled, first, count) < 0.5


@pytest.mark.parametrize("whole", [6001, 4217, 3530, 2725, 2227, 1999])
@pytest.mark.parametrize("scaled", [901, 640, 451, 226, 113])
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_window_puts_the_pixels_of_photographs_where_they_belong(
    whole: int, scaled: int, mirrored: bool
) -> None:
    factor = next(factor for factor in (8, 4, 2, 1) if scaled * factor <= whole)
    axis = Axis(whole // factor, whole, factor)
    assert misplaced(axis.mirrored() if mirrored else axis, scaled, 3, scaled - 8) < 0.15


def misplaced(axis: Axis, scaled: int, first: int, count: int) -> float:
    """How far the window puts pixels from where they belong, in pixels of the scaled picture.

    By the scaler's rule: it aligns the middles of input and output.
    """
    found = window(axis, scaled, first, count)
    made = round_half_up(found.length * found.scale)
    middle = found.start + found.length / 2
    return max(
        abs(
            middle
            + (found.skip + wanted - first + 0.5 - made / 2) / found.scale
            - ((wanted + 0.5) * axis.whole / scaled - axis.lead) / axis.factor
        )
        * found.scale
        for wanted in (first, first + count - 1)
    )


@given(st.integers(1, 20_000), st.integers(1, 20_000))
def test_the_window_of_a_picture_that_is_all_there_is_all_of_it(whole: int, scaled: int) -> None:
    found = window(Axis(whole, whole), scaled, 0, scaled)
    assert (found.start, found.length, found.skip) == (0, whole, 0)
    assert round_half_up(found.length * found.scale) == scaled


@given(st.integers(1, 1_000), st.sampled_from((1, 2, 4, 8)), st.integers(0, 7))
def test_mirroring_an_axis_twice_changes_nothing(length: int, factor: int, extra: int) -> None:
    axis = Axis(length, length * factor + extra % factor, factor)
    assert axis.mirrored().mirrored() == axis
    assert axis.stretched().exact

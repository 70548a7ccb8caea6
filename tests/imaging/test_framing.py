"""Parts, offsets and room hold for every picture; lengths and ratios are read as written."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from tintype.imaging.framing import Equal, evened, part, placed, roomier
from tintype.imaging.geometry import Area, Size
from tintype.imaging.lengths import Aspect, Extent, Place, Radius, extent, share

sides = st.integers(1, 12_000)
sizes = st.builds(Size, sides, sides)
percents = st.floats(0, 100).map(lambda number: f"{number:.4f}%")
lengths = st.one_of(st.integers(1, 20_000), percents)
aspects = st.floats(0.01, 100)


def inside(picture: Size, frame: Size) -> bool:
    return 1 <= frame.width <= picture.width and 1 <= frame.height <= picture.height


@given(sizes, st.none() | lengths, st.none() | lengths)
def test_a_part_lies_inside_the_picture(picture: Size, width: Any, height: Any) -> None:
    frame = part(picture, width, height, None)
    assert inside(picture, frame)
    assert width is not None or frame.width == picture.width
    if isinstance(height, int):
        assert frame.height == min(height, picture.height)


@given(sizes, st.sampled_from(("width", "height", "neither")), lengths, aspects)
def test_a_part_has_its_aspect_within_a_pixel(
    picture: Size, given_side: str, length: Any, aspect: float
) -> None:
    width = length if given_side == "width" else None
    height = length if given_side == "height" else None
    frame = part(picture, width, height, aspect)
    assert inside(picture, frame)
    if min(frame.width, frame.height) > 1:
        least, most = (frame.height - 0.51) * aspect, (frame.height + 0.51) * aspect
        assert least - 0.51 <= frame.width <= most + 0.51


@given(sizes, aspects)
def test_the_aspect_alone_makes_the_largest_part(picture: Size, aspect: float) -> None:
    frame = part(picture, None, None, aspect)
    assert frame.width == picture.width or frame.height == picture.height


def test_parts_are_what_one_would_work_out_by_hand() -> None:
    assert part(Size(1000, 600), "50%", 300, None) == Size(500, 300)
    assert part(Size(1000, 600), 400, None, 2.0) == Size(400, 200)
    assert part(Size(1000, 600), None, "50%", 2.0) == Size(600, 300)
    assert part(Size(1000, 600), None, None, 1.0) == Size(600, 600)
    assert part(Size(1000, 600), 4000, None, 2.0) == Size(1000, 500)
    assert part(Size(3, 3), "0%", 1, None) == Size(1, 1)


@given(sizes, st.data(), lengths, lengths)
def test_an_offset_keeps_the_part_in_the_picture(
    picture: Size, data: st.DataObject, x: Any, y: Any
) -> None:
    frame = Size(
        data.draw(st.integers(1, picture.width)), data.draw(st.integers(1, picture.height))
    )
    left, top = placed(picture, frame, x, y)
    assert 0 <= left <= picture.width - frame.width
    assert 0 <= top <= picture.height - frame.height
    if isinstance(x, int) and x + frame.width <= picture.width:
        assert left == x


@given(sizes, st.data(), st.sampled_from(("none", "horizontal", "vertical", "both")))
def test_equal_borders_hold_all_that_was_found(
    picture: Size, data: st.DataObject, equal: Equal
) -> None:
    width = data.draw(st.integers(1, picture.width))
    height = data.draw(st.integers(1, picture.height))
    left = data.draw(st.integers(0, picture.width - width))
    top = data.draw(st.integers(0, picture.height - height))
    made = evened(picture, Area(left, top, width, height), equal)
    assert made.left <= left
    assert made.top <= top
    assert made.left + made.width >= left + width
    assert made.top + made.height >= top + height
    assert inside(picture, made.size)
    if equal in ("horizontal", "both"):
        assert made.left == picture.width - made.left - made.width
    else:
        assert (made.left, made.width) == (left, width)
    if equal in ("vertical", "both"):
        assert made.top == picture.height - made.top - made.height


@given(sizes, st.none() | sides, st.none() | sides, st.sampled_from(("center", "southeast")))
def test_a_box_gives_room_and_takes_none(
    picture: Size, width: int | None, height: int | None, gravity: Any
) -> None:
    frame, left, top = roomier(picture, width, height, gravity)
    assert frame == Size(max(picture.width, width or 0), max(picture.height, height or 0))
    assert 0 <= left <= frame.width - picture.width
    assert 0 <= top <= frame.height - picture.height


@given(st.floats(0, 100), sides)
def test_a_percentage_is_a_share_of_the_side(number: float, side: int) -> None:
    written = f"{number:.6f}%"
    assert share(written, side) == pytest.approx(side * number / 100, abs=1e-3)
    assert 1 <= extent(written, side) <= side


@pytest.mark.parametrize(
    ("written", "ratio"), [("16:9", 16 / 9), ("1:1", 1), (1.5, 1.5), (2, 2), ("2.39:1", 2.39)]
)
def test_an_aspect_is_a_number_or_a_ratio(written: Any, ratio: float) -> None:
    adapter: TypeAdapter[float] = TypeAdapter(Aspect)
    assert adapter.validate_python(written, strict=True) == pytest.approx(ratio)
    assert adapter.validate_json(adapter.dump_json(ratio), strict=True) == ratio


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        *((Aspect, value) for value in ("16/9", "0:1", "1:0", 0, -1, 101, "1:101", True, None)),
        *((Aspect, value) for value in (float("nan"), float("inf"), "16:9\n", "nan")),
        *((Extent, value) for value in (0, -1, 65536, "101%", "-1%", "5", "100.5%", "5%\n", 1.5)),
        *((Place, value) for value in (-1, 65536, "1000%", "%", True)),
        *((Radius, value) for value in (0, "min", "max%", "50")),
    ],
)
def test_what_is_no_length_or_ratio_is_refused_with_one_reason(kind: Any, written: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(written, strict=True)
    assert len(caught.value.errors()) == 1

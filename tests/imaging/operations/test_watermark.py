"""Watermarks: where they are, how much they hide, and which parameters go together."""

from typing import Any

import pytest
import pyvips
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from tests.imaging.pictures import embedded, logo, scene, size_of
from tintype.imaging.geometry import COMPASS_POINTS, Size
from tintype.imaging.operations import AnyOperation, Operation, in_phases
from tintype.imaging.operations.grayscale import Grayscale
from tintype.imaging.operations.round_corners import RoundCorners
from tintype.imaging.operations.watermark import Watermark

adapter: TypeAdapter[Operation] = TypeAdapter(AnyOperation)


def plain(width: int, height: int, *levels: int) -> pyvips.Image:
    flat = pyvips.Image.black(width, height, bands=len(levels)) + list(levels)
    return flat.cast("uchar").copy(interpretation="b-w" if len(levels) < 3 else "srgb")


def png(width: int, height: int, *levels: int) -> str:
    return embedded(plain(width, height, *levels).pngsave_buffer())


def marked(before: pyvips.Image, after: pyvips.Image) -> tuple[int, int, int, int]:
    """Left, top, width and height of what has changed."""
    changed = (before != after).bandor()
    left, top, width, height = changed.find_trim(threshold=1, background=[0])
    return left, top, width, height


def refusal(**parameters: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        adapter.validate_python({"watermark": parameters})
    return str(caught.value)


@pytest.mark.parametrize("position", COMPASS_POINTS)
def test_an_image_is_where_position_and_offset_say(position: Any) -> None:
    across, down = COMPASS_POINTS[position]
    before = plain(100, 80, 10, 10, 10)
    mark = Watermark(image=png(8, 4, 200, 0, 0), position=position, x=3, y="5%", size=20, opacity=1)
    left = 80 * across + (-3 if across == 1 else 3)
    top = 70 * down + (-4 if down == 1 else 4)
    assert marked(before, mark.apply(before)) == (left, top, 20, 10)


def test_a_mark_never_leaves_the_picture() -> None:
    before = plain(60, 40, 10, 10, 10)
    mark = Watermark(image=png(8, 4, 200, 0, 0), position="northwest", x=65535, y="100%", size=20)
    assert marked(before, mark.apply(before)) == (40, 30, 20, 10)


@pytest.mark.parametrize(
    ("parameters", "size"),
    [
        ({}, (50, 25)),  # a quarter of the width
        ({"scale": 0.5}, (100, 50)),
        ({"scale": 1.0, "angle": 90}, (40, 80)),  # turned first, then as large as fits
        ({"size": 4096}, (160, 80)),
        ({"size": 6}, (6, 3)),
    ],
)
def test_an_image_is_as_large_as_asked_and_never_larger_than_the_picture(
    parameters: dict[str, Any], size: tuple[int, int]
) -> None:
    before = plain(200, 80, 10, 10, 10)
    mark = Watermark(image=png(60, 30, 200, 0, 0), position="center", opacity=1, **parameters)
    assert marked(before, mark.apply(before))[2:] == size


@pytest.mark.parametrize("angle", [0, 30, 90, -200])
@pytest.mark.parametrize("parameters", [{}, {"outline": "#000000"}, {"shadow": "#000000"}])
def test_a_text_is_as_wide_as_asked_to_a_few_pixels(parameters: dict[str, Any], angle: int) -> None:
    before = plain(800, 600, 128, 128, 128)
    mark = Watermark(text="© Wagner", scale=0.4, opacity=1, angle=angle, **parameters)
    wide = mark.apply(before)
    left, top, width, height = marked(before, wide)
    assert left + width <= 800
    assert top + height <= 600
    if angle == 0:
        assert 300 <= width <= 322


def test_a_font_size_is_in_pixels() -> None:
    before = plain(800, 600, 0, 0, 0)
    heights = [
        marked(before, Watermark(text="H", size=size, opacity=1).apply(before))[3]
        for size in (50, 100)
    ]
    assert heights == pytest.approx([36, 71], abs=1)  # Noto Sans's capitals are 0.714 em high


@pytest.mark.parametrize(
    ("under", "over", "opacity", "expected"),
    [
        ((100, 100, 100), (200, 0, 50), 1.0, [200, 0, 50]),
        ((100, 100, 100), (200, 0, 50), 0.5, [150, 50, 75]),
        ((100, 100, 100), (200, 0, 50, 128), 0.5, [125, 75, 87.5]),
        ((100, 100, 100), (200, 0, 50, 0), 1.0, [100, 100, 100]),
        ((100,), (200, 200, 200), 0.5, [150, 150, 150]),
        ((100,), (200,), 0.5, [150]),
        # Over nothing only the mark is left: its color, and its opacity for alpha.
        ((100, 100, 100, 0), (200, 0, 50), 0.5, [200, 0, 50, 127.5]),
        ((100, 100, 100, 255), (200, 0, 50), 0.5, [150, 50, 75, 255]),
        ((100, 255), (200,), 0.5, [150, 255]),
        # W3C Compositing 5.1: alpha 1/2 over 1/2 is 3/4; the mark has two thirds of the color.
        ((0, 0, 0, 128), (240, 120, 60), 0.5, [160, 80, 40, 191.5]),
    ],
)
def test_the_mark_is_laid_over_the_picture(
    under: tuple[int, ...], over: tuple[int, ...], opacity: float, expected: list[float]
) -> None:
    mark = Watermark(image=png(8, 8, *over), scale=1, opacity=opacity)
    assert mark.apply(plain(8, 8, *under))(4, 4) == pytest.approx(expected, abs=1.01)


def test_color_makes_a_gray_picture_colorful_and_gray_does_not() -> None:
    gray = scene(60, 40).colourspace("b-w")
    assert Watermark(text="x", outline="#000000").apply(gray).bands == 1
    assert Watermark(text="x", color="#ff0000").apply(gray).bands == 3
    assert Watermark(text="x", shadow="#0000ff").apply(gray.addalpha()).bands == 4
    assert Watermark(image=png(4, 4, 9)).apply(gray).interpretation == "b-w"


def test_tiles_repeat_with_their_spacing_and_one_is_at_the_position() -> None:
    before = plain(100, 60, 0, 0, 0)
    mark = Watermark(
        image=png(8, 4, 255, 0, 0), size=8, tile=True, spacing=5, position="southeast", opacity=1
    )
    after = mark.apply(before)
    for x in range(100):
        for y in range(60):
            inside = (x - 92) % 13 < 8 and (y - 56) % 9 < 4
            assert after(x, y)[0] == (255 if inside else 0), (x, y)


def test_an_outline_surrounds_the_letters_and_a_shadow_lies_below() -> None:
    ground = plain(300, 120, 128, 128, 128)
    place: dict[str, Any] = {"position": "center", "size": 60, "opacity": 1.0}
    bare = Watermark(text="HI", **place).apply(ground)
    lined = Watermark(text="HI", outline="#000000", **place).apply(ground)
    left, top, width, height = marked(ground, bare)
    assert marked(ground, lined) == (left - 3, top - 3, width + 6, height + 6)
    shaded = Watermark(text="HI", shadow="#000000", **place).apply(ground)
    lighter = (shaded > 128).bandor().find_trim(threshold=1, background=[0])
    darker = (shaded < 128).bandor().find_trim(threshold=1, background=[0])
    assert lighter[2:] == [width, height]
    assert darker[0] + darker[2] > lighter[0] + lighter[2]
    assert darker[1] + darker[3] > lighter[1] + lighter[3]


def test_markup_is_text() -> None:
    ground = plain(400, 60, 0, 0, 0)
    widths = [
        marked(ground, Watermark(text=text, size=20, opacity=1).apply(ground))[2]
        for text in ("a", "<b>a</b>", "&amp;", "&")
    ]
    assert widths[0] * 4 < widths[1]
    assert widths[3] * 2 < widths[2]


@pytest.mark.parametrize(
    "text",
    [
        "Ελλάδα Москва",
        "العربية",
        "עברית",
        "हिन्दी",
        "বাংলা",
        "தமிழ்",
        "తెలుగు",
        "ไทย",
        "ខ្មែរ",
        "中文",
        "日本語ひらがなカタカナ",
        "한국어",
    ],
)
def test_every_promised_script_has_glyphs(text: str) -> None:
    """Pango's box for a missing glyph has the number of the character in it: digits in a frame."""
    ground = plain(900, 100, 0, 0, 0)
    for character in filter(str.isalpha, text):
        alone = Watermark(text=character, size=60, opacity=1).apply(ground)
        left, top, width, height = marked(ground, alone)
        frame = alone.crop(left, top, width, height)[0]
        edges = [
            frame.crop(0, 0, width, 1),
            frame.crop(0, height - 1, width, 1),
            frame.crop(0, 0, 1, height),
            frame.crop(width - 1, 0, 1, height),
        ]
        assert min(edge.avg() for edge in edges) < 200, character


def test_the_frame_tells_a_missing_glyph() -> None:
    ground = plain(900, 100, 0, 0, 0)
    alone = Watermark(text="\U0001f600", size=60, opacity=1).apply(ground)
    left, top, width, _ = marked(ground, alone)
    assert alone.crop(left, top, width, 1)[0].avg() >= 200


@pytest.mark.parametrize(
    "text",
    [
        "\u3164",
        "\ufffd",
        "\ue000",
        "\ufffe",
        "\u0301",
        "👩‍👩‍👧‍👦",
        "א" * 200,
        "Z" + "\u0336\u035b" * 90,
    ],
)
@pytest.mark.parametrize("size", [(1, 1), (300, 2), (2, 300), (120, 90)])
def test_strange_texts_do_not_fail(text: str, size: tuple[int, int]) -> None:
    after = Watermark(text=text, shadow="#000000", tile=True).apply(scene(*size))
    assert size_of(after.copy_memory()) == Size(*size)


@settings(deadline=None, max_examples=60)
@given(
    width=st.integers(1, 90),
    height=st.integers(1, 90),
    bands=st.sampled_from([1, 2, 3, 4]),
    position=st.sampled_from(list(COMPASS_POINTS)),
    x=st.integers(0, 100),
    scale=st.floats(0.01, 1),
    angle=st.floats(-360, 360),
    tile=st.booleans(),
    text=st.booleans(),
)
def test_the_picture_keeps_its_size_and_its_alpha(
    width: int, height: int, bands: int, position: Any, x: int, scale: float, angle: float,
    tile: bool, text: bool,
) -> None:  # fmt: skip
    before = plain(width, height, *[77, 140, 9, 30][:bands])
    what: dict[str, Any] = {"text": "© שלום"} if text else {"image": embedded(logo())}
    mark = Watermark(position=position, x=x, scale=scale, angle=angle, tile=tile, **what)
    after = mark.apply(before).copy_memory()
    assert (size_of(after), after.format) == (Size(width, height), "uchar")
    assert after.hasalpha() == before.hasalpha()


def test_watermarks_come_after_filters_and_before_the_finish() -> None:
    mark, corners, filtered = Watermark(text="x"), RoundCorners(), Grayscale()
    assert in_phases((corners, mark, filtered)) == (filtered, mark, corners)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, "give either a text or an image"),
        ({"text": "a", "image": embedded(logo())}, "give either a text or an image"),
        ({"text": "a", "scale": 0.5, "size": 3}, "give either a scale or a size"),
        ({"text": "a", "spacing": 3}, "a spacing needs tile: true"),
        ({"image": embedded(logo()), "outline": "#000000"}, "need a text"),
        ({"image": embedded(logo()), "color": "#000000"}, "need a text"),
        ({"image": "logo.png"}, "PNG or WebP file"),
        ({"text": ""}, "1 to 200 characters"),
        ({"text": "x" * 201}, "1 to 200 characters"),
        ({"text": "a\nb"}, "U+000A"),
        ({"text": "a\u2028b"}, "U+2028"),
        ({"text": "a\x00b"}, "U+0000"),
        ({"text": "a\u202eb"}, "U+202E"),
        ({"text": " \u200d\u00a0"}, "something to see"),
        ({"text": "a", "scale": 0.001}, "greater than or equal to 0.01"),
        ({"text": "a", "size": 5000}, "less than or equal to 4096"),
        ({"text": "a", "opacity": 0}, "greater than or equal to 0.01"),
        ({"text": "a", "angle": 361}, "less than or equal to 360"),
        ({"text": "a", "x": -1}, "greater than or equal to 0"),
        ({"text": "a", "position": "attention"}, "Input should be"),
        ({"text": "a", "color": "red"}, "pattern"),
    ],
)
def test_what_makes_no_sense_is_refused(parameters: dict[str, Any], message: str) -> None:
    assert message in refusal(**parameters)


@pytest.mark.parametrize("text", ["a\u200fb", "\u2067a\u2069b", "नि\u200dन", "a\u00adb"])
def test_marks_and_isolates_of_mixed_text_are_allowed(text: str) -> None:
    assert Watermark(text=text) == adapter.validate_python({"watermark": {"text": text}})

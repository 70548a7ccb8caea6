"""Tone and color operations do what the formulas of CSS and ImageMagick say, and leave alpha."""

import math
from collections.abc import Callable

import pytest
import pyvips
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.imaging.pictures import picture_of, pixels_of, scene, size_of
from tintype.imaging.operations import Operation
from tintype.imaging.operations.brightness import Brightness
from tintype.imaging.operations.contrast import Contrast
from tintype.imaging.operations.gamma import Gamma
from tintype.imaging.operations.hue import Hue
from tintype.imaging.operations.normalize import Normalize
from tintype.imaging.operations.pixelate import Pixelate
from tintype.imaging.operations.saturation import Saturation
from tintype.imaging.operations.sepia import Sepia
from tintype.imaging.operations.tint import Tint
from tintype.imaging.operations.vignette import Vignette

LEVELS = [[level] for level in range(256)]
COLORS = st.lists(st.tuples(*[st.integers(0, 255)] * 3), min_size=1, max_size=9)

DEFAULTS: tuple[Operation, ...] = (
    Sepia(),
    Brightness(),
    Contrast(),
    Saturation(),
    Hue(),
    Gamma(),
    Tint(),
    Tint(amount=0.5),
    Normalize(),
    Vignette(),
    Vignette(color="#ff8000"),
    Pixelate(),
)

NEUTRAL: tuple[Operation, ...] = (
    Sepia(amount=0),
    Brightness(factor=1),
    Contrast(factor=1),
    Saturation(factor=1),
    Hue(angle=0),
    Hue(angle=360),
    Hue(angle=-360),
    Gamma(value=1),
    Tint(amount=0),
    Normalize(lower=0, upper=100),
    Vignette(amount=0),
    Pixelate(block=1),
)


def nearest(made: float, exact: float) -> bool:
    """Whether a level is the nearest of 0-255 to the exact one."""
    return abs(made - min(max(exact, 0), 255)) <= 0.5 + 1e-6


def ramp(*, alpha: bool, gray: bool) -> pyvips.Image:
    """All levels of gray or of red, green and blue, and all of alpha; black and white show."""
    rows = [[v] if gray else [v, 255 - v, v ^ 85] for v in range(256)]
    opaque = [[level] * len(rows[0]) + [255] * alpha for level in (0, 255)]
    return picture_of(opaque + [row + [255 - v] * alpha for v, row in enumerate(rows)])


@pytest.mark.parametrize("alpha", [False, True], ids=["opaque", "alpha"])
@pytest.mark.parametrize("gray", [False, True], ids=["color", "gray"])
@pytest.mark.parametrize("operation", NEUTRAL, ids=repr)
def test_parameters_that_change_nothing_change_no_pixel(
    operation: Operation, gray: bool, alpha: bool
) -> None:
    image = ramp(alpha=alpha, gray=gray)
    assert pixels_of(operation.apply(image).colourspace("srgb")) == pixels_of(
        image.colourspace("srgb")
    )


@pytest.mark.parametrize("operation", DEFAULTS, ids=repr)
def test_the_bare_name_changes_the_picture(operation: Operation) -> None:
    made, image = operation.apply(scene()), scene()
    assert (made - image).abs().avg() > 2


@pytest.mark.parametrize("gray", [False, True], ids=["color", "gray"])
@pytest.mark.parametrize("operation", DEFAULTS[:-1], ids=repr)
def test_alpha_is_left_alone(operation: Operation, gray: bool) -> None:
    image = scene(alpha=True)
    image = image.colourspace("b-w") if gray else image
    made = operation.apply(image)
    opaque = operation.apply(image.extract_band(0, n=image.bands - 1))
    assert pixels_of(made[-1]) == pixels_of(image[-1])
    if not isinstance(operation, Normalize):
        assert pixels_of(made.extract_band(0, n=made.bands - 1)) == pixels_of(opaque)


@pytest.mark.parametrize("operation", DEFAULTS, ids=repr)
def test_gray_stays_gray_unless_the_operation_brings_color(operation: Operation) -> None:
    colorful = isinstance(operation, Sepia | Tint) or operation == Vignette(color="#ff8000")
    for alpha in (False, True):
        image = scene(alpha=alpha).colourspace("b-w")
        made = operation.apply(image)
        assert made.interpretation == ("srgb" if colorful else "b-w")
        assert made.bands == (3 if colorful else 1) + alpha


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (900, 1), (2, 3)], ids=repr)
@pytest.mark.parametrize("operation", DEFAULTS, ids=repr)
def test_pictures_of_any_shape_keep_it(operation: Operation, size: tuple[int, int]) -> None:
    for alpha in (False, True):
        color = scene(*size, alpha=alpha)
        for image in (color, color.colourspace("b-w")):
            first, second = operation.apply(image), operation.apply(image)
            assert size_of(first) == size_of(image)
            assert first.write_to_memory() == second.write_to_memory()


@given(factor=st.floats(0, 10))
def test_brightness_multiplies_every_level(factor: float) -> None:
    made = pixels_of(Brightness(factor=factor).apply(picture_of(LEVELS)))
    assert all(nearest(level, before * factor) for before, (level,) in enumerate(made))


@given(factor=st.floats(0, 10))
def test_contrast_multiplies_the_distance_from_the_middle(factor: float) -> None:
    made = pixels_of(Contrast(factor=factor).apply(picture_of(LEVELS)))
    slope = ((before / 255 - 0.5) * factor + 0.5 for before in range(256))
    assert all(nearest(level, 255 * exact) for (level,), exact in zip(made, slope, strict=True))


@given(value=st.floats(0.1, 10))
def test_gamma_raises_levels_to_its_inverse(value: float) -> None:
    made = pixels_of(Gamma(value=value).apply(picture_of(LEVELS)))
    assert all(
        nearest(level, 255 * math.pow(before / 255, 1 / value))
        for before, (level,) in enumerate(made)
    )
    assert (made[0], made[255]) == ((0,), (255,))


def test_gamma_above_1_makes_lighter_and_below_1_darker() -> None:
    middle = picture_of([[128]])
    assert pixels_of(Gamma(value=2.2).apply(middle)) == [(186,)]
    assert pixels_of(Gamma(value=1 / 2.2).apply(middle)) == [(56,)]


@pytest.mark.parametrize(
    ("operation", "before", "after"),
    [
        # Worked out by hand from the matrices of the standard.
        (Sepia(), (255, 255, 255), (255, 255, 239)),
        (Sepia(), (0, 0, 255), (48, 43, 33)),
        (Sepia(amount=0.5), (200, 100, 50), (182, 123, 82)),
        (Saturation(factor=0), (255, 0, 0), (54, 54, 54)),
        (Saturation(factor=0), (0, 255, 0), (182, 182, 182)),
        (Saturation(factor=2), (200, 100, 100), (255, 79, 79)),
        (Hue(angle=180), (255, 0, 0), (0, 109, 109)),
        (Hue(angle=90), (255, 0, 0), (0, 91, 0)),
        (Hue(angle=90), (70, 70, 70), (70, 70, 70)),
    ],
    ids=repr,
)
def test_colors_become_those_of_the_css_filter(
    operation: Operation, before: tuple[int, ...], after: tuple[int, ...]
) -> None:
    made = pixels_of(operation.apply(picture_of([before])))
    assert made == [after]


def by_pillow(colors: list[tuple[int, ...]], rows: list[list[float]]) -> list[tuple[int, ...]]:
    """The colors times a matrix, as Pillow multiplies them."""
    strip = Image.new("RGB", (len(colors), 1))
    strip.putdata(colors)
    made = strip.convert("RGB", tuple(value for row in rows for value in (*row, 0.0)))
    return [made.getpixel((x, 0)) for x in range(len(colors))]  # type: ignore[misc]


def hue_rows(angle: float) -> list[list[float]]:
    """The matrix of CSS hue-rotate(), written out as the standard does."""
    c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    return [
        [
            0.213 + c * 0.787 - s * 0.213,
            0.715 - c * 0.715 - s * 0.715,
            0.072 - c * 0.072 + s * 0.928,
        ],
        [
            0.213 - c * 0.213 + s * 0.143,
            0.715 + c * 0.285 + s * 0.140,
            0.072 - c * 0.072 - s * 0.283,
        ],
        [
            0.213 - c * 0.213 - s * 0.787,
            0.715 - c * 0.715 + s * 0.715,
            0.072 + c * 0.928 + s * 0.072,
        ],
    ]


def saturation_rows(s: float) -> list[list[float]]:
    """The matrix of CSS saturate(), written out as the standard does."""
    return [
        [0.213 + 0.787 * s, 0.715 - 0.715 * s, 0.072 - 0.072 * s],
        [0.213 - 0.213 * s, 0.715 + 0.285 * s, 0.072 - 0.072 * s],
        [0.213 - 0.213 * s, 0.715 - 0.715 * s, 0.072 + 0.928 * s],
    ]


def sepia_rows(amount: float) -> list[list[float]]:
    """The matrix of CSS sepia(), written out as the standard does."""
    k = 1 - amount
    return [
        [0.393 + 0.607 * k, 0.769 - 0.769 * k, 0.189 - 0.189 * k],
        [0.349 - 0.349 * k, 0.686 + 0.314 * k, 0.168 - 0.168 * k],
        [0.272 - 0.272 * k, 0.534 - 0.534 * k, 0.131 + 0.869 * k],
    ]


@given(
    colors=COLORS,
    case=st.one_of(
        st.floats(-360, 360).map(lambda v: (Hue(angle=v), hue_rows, v)),
        st.floats(0, 10).map(lambda v: (Saturation(factor=v), saturation_rows, v)),
        st.floats(0, 1).map(lambda v: (Sepia(amount=v), sepia_rows, v)),
    ),
)
def test_colors_are_multiplied_by_the_matrix_of_the_standard(
    colors: list[tuple[int, ...]],
    case: tuple[Operation, Callable[[float], list[list[float]]], float],
) -> None:
    operation, rows, value = case
    made = pixels_of(operation.apply(picture_of(colors)))
    wanted = by_pillow(colors, rows(value))
    for color, expected in zip(made, wanted, strict=True):
        assert all(abs(a - b) <= 1 for a, b in zip(color, expected, strict=True))

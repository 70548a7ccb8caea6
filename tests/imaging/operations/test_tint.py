"""Tint keeps the light and changes the color."""

import colorsys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.imaging.pictures import picture_of, pixels_of
from tintype.imaging.operations.tint import Tint

channel = st.integers(0, 255)
color = st.tuples(channel, channel, channel)


def gray_of(red: int, green: int, blue: int) -> float:
    """The gray level as light as a color, by the definition of sRGB."""
    luminance = sum(
        weight * (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4)
        for weight, v in zip(
            (0.2126, 0.7152, 0.0722), (red / 255, green / 255, blue / 255), strict=True
        )
    )
    if luminance <= 0.0031308:
        return luminance * 12.92 * 255
    return float(1.055 * luminance ** (1 / 2.4) - 0.055) * 255


def written(red: int, green: int, blue: int) -> str:
    return f"#{red:02x}{green:02x}{blue:02x}"


@given(pixel=color, tint=color, amount=st.floats(0, 1))
def test_every_pixel_stays_as_light_as_it_was(
    pixel: tuple[int, int, int], tint: tuple[int, int, int], amount: float
) -> None:
    operation = Tint(color=written(*tint), amount=amount)
    ((red, green, blue),) = pixels_of(operation.apply(picture_of([pixel])))
    assert gray_of(red, green, blue) == pytest.approx(gray_of(*pixel), abs=2)


@given(tint=color)
def test_black_stays_black_white_stays_white_and_the_color_the_color(
    tint: tuple[int, int, int],
) -> None:
    image = picture_of([(0, 0, 0), (255, 255, 255), tint])
    black, white, same = pixels_of(Tint(color=written(*tint)).apply(image))
    assert (black, white) == ((0, 0, 0), (255, 255, 255))
    assert gray_of(*same) == pytest.approx(gray_of(*tint), abs=2)


@pytest.mark.parametrize("tint", [(192, 128, 64), (48, 96, 160), (20, 160, 40)])
def test_all_that_is_left_is_the_color_darker_or_whiter(tint: tuple[int, int, int]) -> None:
    made = pixels_of(Tint(color=written(*tint)).apply(picture_of([[v] for v in range(256)])))
    wanted = colorsys.rgb_to_hsv(*tint)[0]
    hues = [colorsys.rgb_to_hsv(*each)[0] for each in made if max(each) - min(each) > 24]
    assert len(hues) > 80
    # White mixes in as light, which turns the hue of the encoded levels a little.
    assert hues == pytest.approx([wanted] * len(hues), abs=0.05)
    assert min(abs(sum(each) - sum(tint)) for each in made) <= 3


def test_half_a_tint_lets_the_colors_through() -> None:
    image = picture_of([(200, 40, 40), (40, 200, 40)])
    red, green = pixels_of(Tint(color="#3060a0", amount=0.5).apply(image))
    assert red[0] > red[1]
    assert green[1] > green[0]
    assert (red[2], green[2]) > (40, 40)


def test_gray_and_color_of_the_same_light_get_the_same_tint() -> None:
    gray, color = picture_of([[v] for v in range(256)]), picture_of([[v] * 3 for v in range(256)])
    assert pixels_of(Tint().apply(gray)) == pixels_of(Tint().apply(color))

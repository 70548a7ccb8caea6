"""Normalize stretches what is seen from black to white."""

import random

import pytest
from PIL import Image, ImageOps

from tests.imaging.pictures import picture_of, pixels_of
from tintype.imaging.operations.normalize import Normalize


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("lower", "upper"), [(0, 100), (1, 99), (5, 90), (0, 50), (40, 60), (99, 100), (0, 1)]
)
def test_grays_are_stretched_as_pillow_stretches_them(
    lower: float, upper: float, seed: int
) -> None:
    dice = random.Random(seed)
    levels = [min(max(int(dice.gauss(110, 25)), 0), 255) for _ in range(10_000)]
    image = Image.new("L", (len(levels), 1))
    image.putdata(levels)
    wanted = ImageOps.autocontrast(image, cutoff=(lower, 100 - upper))
    made = pixels_of(Normalize(lower=lower, upper=upper).apply(picture_of([[v] for v in levels])))
    # Pillow cuts fractions off.
    assert all(
        0 <= level - wanted.getpixel((x, 0)) <= 1  # type: ignore[operator]
        for x, (level,) in enumerate(made)
    )


def test_colors_are_stretched_alike_by_their_luminance() -> None:
    image = picture_of([(60, 60, 60), (160, 160, 160), (110, 70, 90)])
    assert pixels_of(Normalize(lower=0, upper=100).apply(image)) == [
        (0, 0, 0),
        (255, 255, 255),
        (128, 26, 77),
    ]


@pytest.mark.parametrize("pixels", [[[90]] * 50, [[10, 200, 30]], [[90, 255]] * 3, [[7, 8, 9, 0]]])
def test_a_single_tone_is_left_as_it_is(pixels: list[list[int]]) -> None:
    made = pixels_of(Normalize().apply(picture_of(pixels)))
    assert made == [tuple(pixel) for pixel in pixels]


@pytest.mark.parametrize("bands", [1, 3])
def test_what_is_clear_does_not_count(bands: int) -> None:
    shown = [[v] * bands for v in range(100, 151)]
    hidden = [[v] * bands + [0] for v in (0, 0, 0, 255, 255)]
    made = pixels_of(
        Normalize(lower=0, upper=100).apply(
            picture_of([*([*pixel, 255] for pixel in shown), *hidden])
        )
    )
    alone = pixels_of(Normalize(lower=0, upper=100).apply(picture_of(shown)))
    assert [pixel[:-1] for pixel in made[:51]] == alone
    assert [pixel[-1] for pixel in made] == [255] * 51 + [0] * 5
    assert (alone[0], alone[-1]) == ((0,) * bands, (255,) * bands)

"""Blurring and sharpening leave flat areas, and how light a picture is, as they were."""

import pytest
import pyvips
from hypothesis import given
from hypothesis import strategies as st

from tests.imaging.pictures import photograph
from tintype.imaging.alpha import premultiplied
from tintype.imaging.gaussian import blurred
from tintype.imaging.operations.blur import Blur
from tintype.imaging.operations.sharpen import Sharpen

SIGMAS = [tenth / 10 for tenth in range(3, 1001)]


def flat(*levels: int) -> pyvips.Image:
    image = pyvips.Image.black(16, 12, bands=3) + levels[:3]
    image = image.cast("uchar").copy(interpretation="srgb")
    return image.bandjoin(levels[3:]).copy_memory() if levels[3:] else image.copy_memory()


def drift(before: pyvips.Image, after: pyvips.Image) -> float:
    assert (before.bands, before.format) == (after.bands, after.format)
    return float((before.cast("float") - after.cast("float")).abs().max())


def test_a_flat_picture_stays_as_it_is_at_every_sigma() -> None:
    image = flat(254, 200, 128)
    drifts = {sigma: drift(image, blurred(image, sigma)) for sigma in SIGMAS}
    assert {sigma: each for sigma, each in drifts.items() if each} == {}


@given(sigma=st.floats(0.3, 100), levels=st.tuples(*[st.integers(0, 255)] * 3))
def test_a_flat_picture_is_not_changed_by_a_blur(sigma: float, levels: tuple[int, ...]) -> None:
    image = flat(*levels)
    assert drift(image, Blur(sigma=sigma).apply(image)) == 0


@given(sigma=st.floats(0.3, 100), levels=st.tuples(*[st.integers(0, 255)] * 4))
def test_a_flat_picture_that_is_seen_through_looks_as_before(
    sigma: float, levels: tuple[int, ...]
) -> None:
    image = flat(*levels)
    softened = Blur(sigma=sigma).apply(image)
    assert drift(image[3], softened[3]) == 0
    for ground in (0, 255):
        seen = [each.flatten(background=[ground] * 3) for each in (image, softened)]
        assert drift(*seen) <= 1


@pytest.mark.parametrize("sigma", [1.5, 5.0, 5.1, 40.0])
def test_a_picture_that_is_seen_through_looks_as_one_of_exact_numbers_does(sigma: float) -> None:
    image = photograph(120, 90)
    image = image.bandjoin(image[1]).copy_memory()
    exact = premultiplied(image, lambda each: blurred(each, sigma))
    softened = Blur(sigma=sigma).apply(image)
    for ground in (0, 255):
        seen = [each.flatten(background=[ground] * 3) for each in (exact, softened)]
        assert drift(*seen) <= 3


@given(sigma=st.floats(0.3, 10), level=st.integers(0, 255), amount=st.floats(0, 10))
def test_a_flat_picture_is_not_changed_by_sharpening(
    sigma: float, level: int, amount: float
) -> None:
    image = flat(level, 255 - level, level // 2)
    assert drift(image, Sharpen(sigma=sigma, amount=amount).apply(image)) <= 1


@pytest.mark.parametrize("sigma", [0.7, 0.9, 1.3, 2.5, 3, 7.3, 10.8, 40, 55.7, 100])
def test_a_blur_is_near_the_exact_one_and_as_light(sigma: float) -> None:
    image = photograph(400, 300)
    made, exact = blurred(image, sigma), image.gaussblur(sigma, precision="float")
    assert drift(exact, made.cast("float")) < 2.5
    assert made.avg() == pytest.approx(exact.avg(), abs=0.1)

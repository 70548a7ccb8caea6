"""The score is that of an independent implementation."""

from collections.abc import Callable

import pytest
import pyvips

from tests.imaging.pictures import decoded, encoded, photograph, scene
from tintype.imaging.ssimulacra2 import Reference


def _grainy(image: pyvips.Image) -> pyvips.Image:
    noise = pyvips.Image.gaussnoise(image.width, image.height, sigma=6, mean=0, seed=1)
    return (image + noise).cast("uchar")


# Scores by the Python package ssimulacra2 0.3.0 (numpy), but for its blur, which was continued past
# the upper and lower edge as past the other two: it takes them for black.
SCORES: tuple[tuple[Callable[[pyvips.Image], pyvips.Image], float], ...] = (
    (lambda image: (image // 16 * 16 + 8).cast("uchar"), 20.037),
    (lambda image: image.gaussblur(0.7), 98.029),
    (_grainy, 36.258),
    (lambda image: decoded(encoded(image, "jpeg", Q=50)), 62.220),
    (lambda image: (image * [1, 1, 0.9]).cast("uchar"), 88.900),
)


@pytest.mark.parametrize(("spoil", "expected"), SCORES)
def test_a_score_is_that_of_another_implementation(
    spoil: Callable[[pyvips.Image], pyvips.Image], expected: float
) -> None:
    image = photograph(320, 240)
    assert Reference(image).score(spoil(image).copy_memory()) == pytest.approx(expected, abs=0.2)


@pytest.mark.parametrize("size", [(1, 1), (7, 300), (300, 3), (129, 127), (1031, 9)])
@pytest.mark.parametrize("gray", [False, True])
def test_a_picture_of_any_size_is_equal_to_itself_and_worse_when_spoiled(
    size: tuple[int, int], gray: bool
) -> None:
    image = scene(*size)
    image = image.colourspace("b-w") if gray else image
    reference = Reference(image)
    assert reference.score(image) > 99.9
    inverted = image.invert()
    assert reference.score(inverted) < 70


def test_a_gray_picture_scores_as_the_same_one_in_color() -> None:
    image = photograph(200, 150).colourspace("b-w")
    spoiled = decoded(encoded(image, "jpeg", Q=40))
    colored = Reference(image.colourspace("srgb")).score(spoiled.colourspace("srgb"))
    assert Reference(image).score(spoiled) == pytest.approx(colored, abs=1e-6)
    assert Reference(image).score(spoiled.colourspace("srgb")) == pytest.approx(colored, abs=1e-6)

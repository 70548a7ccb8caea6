"""Vignette fades by its formula, the same on all sides."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.imaging.pictures import picture_of, scene
from tintype.imaging.operations.vignette import Vignette


@given(
    amount=st.floats(0, 1),
    size=st.floats(0, 0.9),
    width=st.integers(1, 60),
    height=st.integers(1, 60),
    across=st.floats(0, 1, exclude_max=True),
    down=st.floats(0, 1, exclude_max=True),
)
def test_the_share_of_the_color_follows_the_formula(
    amount: float, size: float, width: int, height: int, across: float, down: float
) -> None:
    image = picture_of([(200, 100, 50)]).zoom(width, height)
    made = Vignette(amount=amount, size=size, color="#0080ff").apply(image)
    x, y = int(across * width), int(down * height)
    horizontal, vertical = abs((x + 0.5) / width - 0.5), abs((y + 0.5) / height - 0.5)
    squared = (horizontal**2 + vertical**2) / 0.5  # the corners are 0.5 and 0.5 away
    share = amount * max(0, (squared - size**2) / (1 - size**2)) ** 2
    for made_level, before, color in zip(made(x, y), (200, 100, 50), (0, 128, 255), strict=True):
        assert made_level == pytest.approx(before + (color - before) * share, abs=1.1)


@pytest.mark.parametrize("size", [(80, 60), (81, 61), (7, 200)])
def test_all_sides_fade_alike(size: tuple[int, int]) -> None:
    image = picture_of([[240]]).zoom(*size)
    made = Vignette(amount=1).apply(image)
    for direction in ("horizontal", "vertical"):
        assert (made - made.flip(direction)).abs().max() <= 1
    assert made(0, 0)[0] < 80
    assert made(size[0] // 2, size[1] // 2)[0] == 240


def test_nothing_changes_nearer_than_its_size() -> None:
    image = scene(101, 101)
    made = Vignette(amount=1, size=0.9).apply(image)
    # An ellipse of 0.9 of the way to the corners reaches beyond the middle of each edge.
    assert made.crop(0, 50, 101, 1).write_to_memory() == image.crop(0, 50, 101, 1).write_to_memory()
    assert made(0, 0) != image(0, 0)

"""Round corners are those that Pillow draws at many times the size and averages."""

from pathlib import Path
from typing import Any

import pytest
import pyvips
from PIL import Image, ImageDraw

from tests.imaging.pictures import decoded, encoded, psnr, rendered, scene
from tintype.imaging.messages import Output
from tintype.imaging.operations.round_corners import RoundCorners

FINE = 16


def drawn(width: int, height: int, radius: float) -> pyvips.Image:
    """How much of each pixel lies inside, 0-255."""
    large = Image.new("L", (width * FINE, height * FINE))
    right, bottom = width * FINE - 1, height * FINE - 1
    ImageDraw.Draw(large).rounded_rectangle((0, 0, right, bottom), radius * FINE, fill=255)
    small = large.reduce(FINE)
    return pyvips.Image.new_from_memory(small.tobytes(), width, height, 1, "uchar")


@pytest.mark.parametrize("size", [(40, 40), (60, 31), (9, 50), (200, 120)])
@pytest.mark.parametrize(
    ("radius", "share"), [(3, None), (8, None), ("25%", 0.25), ("50%", 0.5), ("max", 0.5)]
)
def test_the_corners_are_round(size: tuple[int, int], radius: Any, share: float | None) -> None:
    shorter = min(size)
    wanted = min(radius, shorter / 2) if share is None else shorter * share
    alpha = RoundCorners(radius=radius).apply(scene(*size))[3]
    error = (alpha.cast("float") - drawn(*size, wanted)).abs()
    assert error.max() < 24
    assert error.avg() < 1


def test_colors_stay_and_corners_mirror_each_other() -> None:
    image = scene(50, 30)
    made = RoundCorners(radius=9).apply(image)
    assert psnr(made.extract_band(0, n=3), image) == 99.0
    alpha = made[3]
    assert psnr(alpha, alpha.flip("horizontal")) == 99.0
    assert psnr(alpha, alpha.flip("vertical")) == 99.0
    assert alpha(0, 0) == [0]
    assert alpha(25, 0) == alpha(0, 15) == [255]


def test_what_was_transparent_stays_so() -> None:
    image = scene(40, 40, alpha=True)
    made = RoundCorners(radius=5).apply(image)
    assert made.bands == 4
    assert made(20, 20) == image(20, 20)
    mask = RoundCorners(radius=5).apply(scene(40, 40))[3]
    assert (made[3].cast("float") - image[3] * mask / 255).abs().max() <= 0.5


@pytest.mark.parametrize("size", [(1, 1), (1, 60), (60, 1), (2, 2)])
def test_the_smallest_pictures_keep_their_middle(size: tuple[int, int]) -> None:
    for radius in (1, 65535, "0%", "max"):
        made = RoundCorners(radius=radius).apply(scene(*size).colourspace("b-w"))
        assert made.bands == 2
        assert made(size[0] // 2, size[1] // 2)[1] >= 180


def test_corners_are_white_where_the_format_has_no_transparency(tmp_path: Path) -> None:
    content = encoded(scene(64, 64), "png")
    for output_format in ("png", "webp", "avif", "jpeg"):
        output = Output(format=output_format, quality=95)
        _, made = rendered(tmp_path, content, RoundCorners(), output=output)
        corner = decoded(made)(0, 0)
        if output_format == "jpeg":
            assert min(corner) > 245
        else:
            assert corner[3] == 0

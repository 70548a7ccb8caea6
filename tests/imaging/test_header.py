"""What an image may be is decided on its header, before any pixel is decoded."""

import zlib
from dataclasses import replace

import pytest

from tests.imaging.pictures import LIMITS, WRITABLE, encoded, scene, tagged
from tintype.errors import (
    CorruptError,
    NotAnImageError,
    TooManyPixelsError,
    TooSmallError,
    UnsupportedFormatError,
)
from tintype.imaging.geometry import Size
from tintype.imaging.header import inspect, upright


@pytest.mark.parametrize("image_format", WRITABLE)
def test_the_header_gives_the_facts(image_format: str) -> None:
    content = encoded(scene(96, 72), image_format)
    facts = inspect(content, LIMITS)
    assert (facts.format, facts.width, facts.height) == (image_format, 96, 72)
    assert (facts.bytes, facts.orientation, facts.frames) == (len(content), 1, 1)


@pytest.mark.parametrize("image_format", ["jpeg", "png", "webp", "tiff"])
@pytest.mark.parametrize("orientation", range(10))
def test_an_orientation_outside_1_to_8_means_upright(image_format: str, orientation: int) -> None:
    facts = inspect(encoded(tagged(scene(96, 72), orientation), image_format), LIMITS)
    assert facts.orientation == (orientation if 1 <= orientation <= 8 else 1)
    assert (facts.width, facts.height) == (96, 72)
    assert upright(facts) == (Size(72, 96) if facts.orientation >= 5 else Size(96, 72))


def test_a_picture_with_too_many_pixels_is_refused_from_its_header() -> None:
    """T3: libvips itself has no limit. The header alone is enough, so nothing else is there."""
    content = bytearray(encoded(scene(), "png"))
    content[16:24] = (60_000).to_bytes(4, "big") * 2
    content[29:33] = zlib.crc32(content[12:29]).to_bytes(4, "big")
    with pytest.raises(TooManyPixelsError, match="60000 x 60000 pixels"):
        inspect(bytes(content), LIMITS)
    small = replace(LIMITS, max_pixels=96 * 72 - 1)
    with pytest.raises(TooManyPixelsError, match="96 x 72 pixels, more than 6,911"):
        inspect(encoded(scene(96, 72), "jpeg"), small)
    inspect(encoded(scene(96, 72), "jpeg"), replace(LIMITS, max_pixels=96 * 72))


def test_the_least_size_is_that_of_the_upright_picture() -> None:
    limits = replace(LIMITS, min_width=80)
    inspect(encoded(scene(96, 72), "jpeg"), limits)
    with pytest.raises(TooSmallError, match="72 x 96 pixels, less than 80 x 1"):
        inspect(encoded(tagged(scene(96, 72), 6), "jpeg"), limits)


def test_a_format_that_the_recipe_does_not_accept_is_refused() -> None:
    with pytest.raises(UnsupportedFormatError, match="GIF images are not accepted"):
        inspect(encoded(scene(), "gif"), replace(LIMITS, accept=("jpeg", "png")))


def test_frames_are_counted_and_only_the_first_matters() -> None:
    animation = scene(40, 30).join(scene(40, 30).invert(), "vertical")
    content = encoded(animation, "gif", page_height=30)
    facts = inspect(content, replace(LIMITS, max_frames=1))
    assert (facts.width, facts.height, facts.frames) == (40, 30, 2)


def test_content_picks_the_format_and_nothing_else_gets_a_chance() -> None:
    """T4: SVG, CSV and the like are never opened, whatever they are called."""
    with pytest.raises(UnsupportedFormatError, match="SVG"):
        inspect(b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>", LIMITS)
    with pytest.raises(NotAnImageError):
        inspect(b"1,2,3\n4,5,6\n", LIMITS)


def test_a_broken_header_is_damage_told_in_one_printable_line() -> None:
    with pytest.raises(CorruptError) as caught:
        inspect(encoded(scene(), "jpeg")[:40], LIMITS)
    assert caught.value.detail.startswith("The image is damaged: ")
    assert caught.value.detail.isprintable()

"""What is known of a JPEG file's structure."""

import io

import pytest
import pyvips
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.imaging.pictures import LIMITS, decoded, encoded, photograph, psnr
from tintype.errors import CorruptError
from tintype.imaging.codec import decode
from tintype.imaging.header import inspect
from tintype.imaging.jpeg import (
    first_scan,
    segments,
    with_true_transform,
    with_whole_blocks,
)

CONTENT = encoded(photograph(64, 153), "jpeg")


def test_the_header_ends_with_the_first_scan() -> None:
    markers = [marker for marker, _ in segments(CONTENT)]
    assert {0xDB, 0xC0, 0xC4} < set(markers)
    assert markers[-1] == 0xDA
    assert first_scan(CONTENT) == CONTENT.index(b"\xff\xda")
    assert first_scan(CONTENT[:40]) == 40


@pytest.mark.parametrize("factor", [1, 2, 4, 8])
@pytest.mark.parametrize("height", range(145, 161))
@pytest.mark.parametrize("options", [{}, {"subsample_mode": "off"}, {"interlace": True}])
def test_declaring_whole_blocks_shows_more_and_changes_nothing(
    factor: int, height: int, options: dict[str, object]
) -> None:
    content = encoded(photograph(64, 160).crop(0, 0, 64, height), "jpeg", **options)
    declared = with_whole_blocks(content, factor)
    if not 0 < height % 8 < factor:
        assert declared == content
        return
    image = decoded(bytes(declared))
    assert image.height == -(-height // 8) * 8
    assert (
        psnr(image.crop(0, 0, 64, height - 16), decoded(content).crop(0, 0, 64, height - 16)) == 99
    )


def test_a_picture_whose_blocks_would_not_stay_is_left_alone() -> None:
    """Components with two lines of blocks where another has three: more lines, more blocks."""
    frame = CONTENT.index(b"\xff\xc0")
    odd = bytearray(CONTENT)
    odd[frame + 11], odd[frame + 14] = 0x23, 0x12
    assert with_whole_blocks(bytes(odd), 8) == bytes(odd)
    assert with_whole_blocks(CONTENT, 8) != CONTENT


def with_transform(jpeg: bytes, transform: int) -> bytes:
    """The file with Adobe's segment in place of JFIF's, if that is what it begins with."""
    at = 4 + int.from_bytes(jpeg[4:6], "big") if jpeg[2:4] == b"\xff\xe0" else 2
    return jpeg[:2] + b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0" + bytes((transform,)) + jpeg[at:]


@pytest.mark.parametrize("scale", [1.0, 0.2])
def test_three_colors_that_are_said_to_be_four_inks_are_taken_as_others_do(scale: float) -> None:
    plain = encoded(photograph(96, 72), "jpeg", Q=95, keep="none")
    wrong = with_transform(plain, 2)
    with pytest.raises(pyvips.Error, match="transform code 2"):
        pyvips.Image.jpegload_buffer(wrong, fail_on="warning").avg()
    made = decode(wrong, inspect(wrong, LIMITS), scale).image
    assert psnr(made, decode(plain, inspect(plain, LIMITS), scale).image) == 99
    if scale == 1.0:
        other = Image.open(io.BytesIO(wrong)).convert("RGB")
        assert psnr(made, pyvips.Image.new_from_array(other)) > 45


@pytest.mark.parametrize("transform", [3, 255])
def test_a_transform_that_nobody_writes_is_still_damage(transform: int) -> None:
    wrong = with_transform(CONTENT, transform)
    with pytest.raises(CorruptError, match=f"transform code {transform}"):
        decode(wrong, inspect(wrong, LIMITS), 1.0)
    cut = with_transform(CONTENT, 2)[:-300] + b"\xff\xd9"
    with pytest.raises(CorruptError):
        decode(cut, inspect(cut, LIMITS), 1.0)


def test_what_is_said_truly_is_left_alone() -> None:
    ink = encoded(photograph(64, 48).icc_transform("cmyk", input_profile="srgb"), "jpeg")
    assert b"Adobe" in ink
    for content in (CONTENT, ink, with_transform(ink, 2), with_transform(CONTENT, 0)):
        assert with_true_transform(content) == content


@given(st.binary(max_size=200), st.sampled_from((1, 2, 4, 8)))
def test_garbage_is_walked_to_its_end(content: bytes, factor: int) -> None:
    for whole in (content, b"\xff\xd8" + content, b"\xff\xd8\xff\xc0" + content):
        assert first_scan(whole) <= len(whole)
        assert len(with_true_transform(whole)) == len(whole)
        assert len(with_whole_blocks(whole, factor)) == len(whole)

"""What is known of a JPEG file's structure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.imaging.pictures import decoded, encoded, photograph, psnr
from tintype.imaging.jpeg import first_scan, segments, with_whole_blocks

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


@given(st.binary(max_size=200), st.sampled_from((1, 2, 4, 8)))
def test_garbage_is_walked_to_its_end(content: bytes, factor: int) -> None:
    for whole in (content, b"\xff\xd8" + content, b"\xff\xd8\xff\xc0" + content):
        assert first_scan(whole) <= len(whole)
        assert len(with_whole_blocks(whole, factor)) == len(whole)

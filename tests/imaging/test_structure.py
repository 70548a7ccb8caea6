"""A file that was cut is found out by its container."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.imaging.pictures import encoded, photograph
from tintype.errors import CorruptError
from tintype.imaging.messages import InputFormat
from tintype.imaging.structure import check_complete

CHECKED: tuple[InputFormat, ...] = ("jpeg", "png", "webp", "avif", "gif")
FILES: dict[InputFormat, bytes] = {each: encoded(photograph(120, 90), each) for each in CHECKED}


@pytest.mark.parametrize("image_format", CHECKED)
def test_a_whole_file_is_complete_whatever_follows_it(image_format: InputFormat) -> None:
    check_complete(image_format, FILES[image_format])
    if image_format != "avif":  # boxes fill the file: there is no after
        check_complete(image_format, FILES[image_format] + b"PK\3\4 anything")


@pytest.mark.parametrize("image_format", CHECKED)
@given(missing=st.integers(2, 5000))
def test_a_cut_file_is_not_however_little_is_missing(
    image_format: InputFormat, missing: int
) -> None:
    """T12: decoders let a JPEG pass without its last 2 bytes, and a PNG too."""
    content = FILES[image_format]
    with pytest.raises(CorruptError, match="ends too early"):
        check_complete(image_format, content[: -min(missing, len(content) // 2)])


def test_an_end_inside_the_thumbnail_does_not_end_the_picture() -> None:
    thumbnail = encoded(photograph(16, 16), "jpeg")
    segment = b"\xff\xe1" + (len(thumbnail) + 2).to_bytes(2, "big") + thumbnail
    whole = FILES["jpeg"][:2] + segment + FILES["jpeg"][2:]
    check_complete("jpeg", whole)
    with pytest.raises(CorruptError):
        check_complete("jpeg", whole[:-40])


def test_only_the_trailer_of_a_gif_may_be_missing() -> None:
    check_complete("gif", FILES["gif"][:-1])


@pytest.mark.parametrize(
    ("content", "complete"),
    [
        (b"\0\0\0\x08free\0\0\0\0mdat and so on", True),  # a size of 0: to the end of the file
        (b"\0\0\0\1mdat\0\0\0\0\0\0\0\x14last", True),  # a size of 64 bits
        (b"\0\0\0\1mdat\0\0\0\0\0\0\0\x15last", False),
        (b"\0\0\0\3free", False),
    ],
)
def test_boxes_say_their_size_in_three_ways(content: bytes, complete: bool) -> None:
    if complete:
        check_complete("heic", content)
    else:
        with pytest.raises(CorruptError):
            check_complete("heic", content)


@pytest.mark.parametrize("image_format", [*CHECKED, "heic", "tiff"])
@given(content=st.binary(max_size=200))
def test_garbage_ends_in_a_verdict(image_format: InputFormat, content: bytes) -> None:
    with suppress(CorruptError):
        check_complete(image_format, content)

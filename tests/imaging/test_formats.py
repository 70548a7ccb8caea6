"""The format is told by content alone."""

from contextlib import suppress
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.imaging.pictures import WRITABLE, encoded, scene
from tintype.errors import NotAnImageError, UnsupportedFormatError
from tintype.imaging.formats import sniff
from tintype.imaging.messages import InputFormat

ISO = b"\0\0\0\x1cftyp%b\0\0\0\0%b"


@pytest.mark.parametrize("image_format", WRITABLE)
def test_the_formats_that_are_accepted_are_known_by_their_content(image_format: str) -> None:
    assert sniff(encoded(scene(), image_format)) == image_format


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- a -->\n<svg:svg xmlns:svg='x'/>", "svg"),
        (ISO % (b"heic", b"mif1heic"), "heic"),
        (ISO % (b"heix", b"mif1heix"), "heic"),
        (ISO % (b"mif1", b"mif1heic"), "heic"),
        (ISO % (b"mif1", b"miafavif"), "avif"),
        (ISO % (b"avif", b"mif1miaf"), "avif"),
        (b"II+\0\x08\0\0\0", "tiff"),
    ],
)
def test_more_beginnings_are_known(content: bytes, expected: str) -> None:
    assert sniff(content + bytes(32)) == expected


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"<!DOCTYPE svg [<!ENTITY a 'b'>]><svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"BM6\3\0\0", "BMP"),
        (b"%PDF-1.7\n", "PDF"),
        (b"8BPS\0\1", "PSD"),
        (b"\xff\x0a\xda\x1c", "JPEG XL"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"\0\0\1\0\1\0\x10\x10", "ICO"),
        (b"P6\n2 2\n255\n", "Netpbm"),
        (b"qoif\0\0", "QOI"),
        (bytes(128) + b"DICM", "DICOM"),
        (ISO % (b"avis", b"avifmif1"), "sequences"),
        (ISO % (b"isom", b"mp41mp42"), "ISO media"),
    ],
)
def test_what_is_recognized_and_not_accepted_is_refused_by_name(content: bytes, name: str) -> None:
    with pytest.raises(UnsupportedFormatError, match=name):
        sniff(content)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 64,
        b"hello",
        b"<html><body>",
        b"<?xml version='1.0'?><feed/>",
        b"PK\3\4",
        b"\x7fELF",
    ],
)
def test_what_is_no_image_is_refused_as_such(content: bytes) -> None:
    with pytest.raises(NotAnImageError):
        sniff(content)


@given(st.binary(max_size=300))
def test_any_bytes_are_told_or_refused(content: bytes) -> None:
    with suppress(NotAnImageError, UnsupportedFormatError):
        assert sniff(content) in get_args(InputFormat)

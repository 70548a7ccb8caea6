"""EXIF in an ImageMagick text profile says how a picture is turned."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.imaging.pictures import LIMITS, encoded, psnr, scene, tagged
from tintype.imaging.codec import decode
from tintype.imaging.exif import orientation, raw_profile
from tintype.imaging.header import inspect

BIG = "4d4d002a00000008 0001 0112 0003 00000001 %04x0000 00000000"
LITTLE = "49492a0008000000 0100 1201 0300 01000000 %02x000000 00000000"


@pytest.mark.parametrize("layout", [BIG, LITTLE])
@pytest.mark.parametrize("value", range(1, 9))
def test_both_byte_orders_are_read(layout: str, value: int) -> None:
    tiff = bytes.fromhex((layout % value).replace(" ", ""))
    assert orientation(tiff) == value
    assert orientation(b"Exif\0\0" + tiff) == value


@given(st.binary(max_size=100))
def test_garbage_has_a_number_too(content: bytes) -> None:
    assert orientation(content) >= 0


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("\nexif\n  3\n010203\n", b"\1\2\3"),
        ("\nexif\n 2\n01\n02", b"\1\2"),
        ("", b""),
        ("a 1 xyz", b""),
    ],
)
def test_a_text_profile_is_a_word_a_length_and_hexadecimal(text: str, content: bytes) -> None:
    assert raw_profile(text) == content


@pytest.mark.parametrize("value", [1, 3, 6, 99])
def test_a_png_with_a_text_profile_is_turned_upright(value: int) -> None:
    exif = "45786966 0000" + BIG % value
    text = b"Raw profile type exif\0\nexif\n 32\n" + exif.replace(" ", "").encode() + b"\n"
    chunk = b"tEXt" + text
    png = encoded(scene(), "png", keep="none")
    at = png.index(b"IDAT") - 4
    length, check = len(text).to_bytes(4, "big"), zlib.crc32(chunk).to_bytes(4, "big")
    content = png[:at] + length + chunk + check + png[at:]
    facts = inspect(content, LIMITS)
    expected = tagged(scene(), value if value < 9 else 1).autorot()
    assert psnr(decode(content, facts, 1.0).image, expected) == 99.0

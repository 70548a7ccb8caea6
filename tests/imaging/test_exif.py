"""EXIF in an ImageMagick text profile says how a picture is turned."""

import io
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.imaging.pictures import LIMITS, encoded, psnr, scene, tagged
from tintype.imaging.codec import decode
from tintype.imaging.exif import (
    LARGEST,
    of_owner,
    orientation,
    owner,
    raw_profile,
    without_original,
)
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


def by_pillow(exif: bytes) -> Any:
    """What another reader finds."""
    found = Image.Exif()
    found.load(exif)
    return found


def camera() -> Image.Exif:
    """What a camera writes."""
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    exif[0x0112] = 6
    exif[0x013B] = "Ann Artist"
    exif[0x8298] = "(c) 2026 Ann Artist"
    exif[0x0111] = 1234  # StripOffsets, as in a TIFF file
    exif.get_ifd(0x8769).update(
        {0x9003: "2026:01:02 03:04:05", 0x829A: 0.01, 0x927C: b"\xff\xd8 preview", 0xA002: 4000}
    )
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 30.0, 0.0), 3: "E", 4: (13.0, 24.0, 0.0)})
    return exif


@pytest.mark.parametrize("endian", ["<", ">"])
@pytest.mark.parametrize(("srgb", "color_space"), [(True, 1), (False, 0xFFFF)])
def test_what_is_still_true_is_kept_and_another_reader_finds_it(
    endian: str, srgb: bool, color_space: int
) -> None:
    before = camera()
    before.endian = endian
    before.get_ifd(0x8769)[0xA001] = 2  # of the original
    made = without_original(before.tobytes(), srgb=srgb)
    after = by_pillow(made)
    assert dict(after) == {
        0x010F: "Maker",
        0x013B: "Ann Artist",
        0x8298: "(c) 2026 Ann Artist",
        0x8769: after[0x8769],
        0x8825: after[0x8825],
    }
    shooting = {0x9003: "2026:01:02 03:04:05", 0x829A: 0.01, 0xA001: color_space}
    assert after.get_ifd(0x8769) == shooting
    assert after.get_ifd(0x8825) == {1: "N", 2: (52, 30, 0), 3: "E", 4: (13, 24, 0)}
    assert without_original(made, srgb=srgb) == made
    assert b"preview" not in made


def test_the_owner_is_read_and_written() -> None:
    assert owner(camera().tobytes()) == (b"Ann Artist\0", b"(c) 2026 Ann Artist\0")
    made = of_owner("J\u00f6rg".encode(), b"(c)", srgb=True)
    assert owner(made) == ("J\u00f6rg\0".encode(), b"(c)\0")
    assert by_pillow(made)[0x8298] == "(c)"
    assert by_pillow(made).get_ifd(0x8769) == {0xA001: 1}
    assert owner(b"") == (b"", b"")
    assert of_owner(b"", b"", srgb=True) == b""


def test_an_embedded_preview_goes() -> None:
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "JPEG")
    tiff = bytearray(bytes.fromhex("4d4d002a00000008 0001 010f0002000000050000001a 00000020"))
    tiff += b"Acme\0\0" + bytes.fromhex(
        "0002 02010004000000010000003e 020200040000000100000100 00000000"
    )
    tiff += file.getvalue()
    assert b"\xff\xd8" not in without_original(bytes(tiff), srgb=True)
    after = by_pillow(without_original(bytes(tiff), srgb=True))
    assert dict(after) == {0x010F: "Acme", 0x8769: after[0x8769]}


@given(st.binary(max_size=200), st.sampled_from([b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", b""]))
def test_whatever_comes_in_what_goes_out_is_well_formed(content: bytes, start: bytes) -> None:
    made = without_original(start + content, srgb=True)
    assert without_original(made, srgb=True) == made
    assert made == b"" or by_pillow(made) is not None
    owner(start + content)


@given(st.integers(0, 300), st.binary(min_size=1, max_size=12))
def test_damage_to_a_camera_s_data_is_survived(at: int, noise: bytes) -> None:
    content = bytearray(CAMERA)
    content[at : at + len(noise)] = noise
    made = without_original(bytes(content), srgb=True)
    assert without_original(made, srgb=True) == made


def test_many_entries_that_share_a_large_value_do_not_multiply_it() -> None:
    shared = (500).to_bytes(2, "big") + b"".join(
        (0x9003 + tag).to_bytes(2, "big") + b"\0\7\0\0\xea\x60\0\0\x10\0" for tag in range(500)
    )
    first = bytes.fromhex("4d4d002a00000008 0001 8769000400000001 0000001a 00000000")
    assert len(without_original(first + shared + bytes(80_000), srgb=True)) <= LARGEST + 100


CAMERA = camera().tobytes()


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

"""Colors declared outside an ICC profile are read from PNG chunks and from nclx boxes."""

import io
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.imaging.pictures import encoded, scene
from tintype.imaging.signaling import BT_709, SRGB, Signal, signal

P3 = ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06), (0.3127, 0.329))


def with_chunks(png: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    """The file with further chunks before its pixels."""
    made = b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )
    return png[:33] + made + png[33:]  # after IHDR


def gamma(value: int) -> tuple[bytes, bytes]:
    return b"gAMA", struct.pack(">I", value)


def chromaticities(*points: tuple[float, float]) -> tuple[bytes, bytes]:
    red, green, blue, white = points
    values = (*white, *red, *green, *blue)
    return b"cHRM", struct.pack(">8I", *(round(value * 100_000) for value in values))


def cicp(primaries: int, transfer: int) -> tuple[bytes, bytes]:
    return b"cICP", bytes((primaries, transfer, 0, 1))


def avif(primaries: int, transfer: int) -> bytes:
    """A picture whose nclx box has these numbers."""
    file = io.BytesIO()
    Image.frombytes("RGB", (96, 72), scene().write_to_memory()).save(file, "AVIF")
    content = bytearray(file.getvalue())
    at = content.index(b"nclx")
    content[at + 4 : at + 8] = struct.pack(">HH", primaries, transfer)
    return bytes(content)


PNG = encoded(scene(), "png", keep="none")


def read(*chunks: tuple[bytes, bytes]) -> Signal | None:
    return signal("png", with_chunks(PNG, *chunks))


@pytest.mark.parametrize("value", [0, 1, 9_999, 1_000_001, 2**32 - 1, 45_455])
def test_senseless_gamma_and_that_of_srgb_is_srgb(value: int) -> None:
    assert read(gamma(value)) == SRGB


def test_a_gamma_is_the_inverse_of_the_power() -> None:
    assert read(gamma(62_500)) == Signal(BT_709, 1.6)
    assert read(gamma(100_000)) == Signal(BT_709, 1.0)


def test_a_picture_without_any_chunk_declares_nothing() -> None:
    assert signal("png", PNG) is None
    assert signal("jpeg", PNG) is None


def test_chromaticities_are_red_green_blue_and_white() -> None:
    found = read(chromaticities(*P3))
    assert found
    assert (found.primaries.red, found.primaries.green) == P3[:2]
    assert (found.primaries.blue, found.primaries.white) == P3[2:]
    assert (found.transfer, found.srgb) == ("srgb", False)


@pytest.mark.parametrize(
    "points",
    [
        ((0.64, 0), (0.3, 0.6), (0.15, 0.06), (0.3127, 0.329)),  # no luminance
        ((0.64, 0.33), (0.64, 0.33), (0.15, 0.06), (0.3127, 0.329)),  # two colors
        ((0.64, 0.33), (0.3, 0.6), (0.15, 0.06), (0.9, 0.1)),  # white outside
        ((0.64, 0.33), (0.3, 0.6), (0.15, 0.06), (20000, 0.1)),
    ],
)
def test_senseless_chromaticities_are_those_of_srgb(points: tuple[tuple[float, float]]) -> None:
    assert read(chromaticities(*points)) == SRGB


def test_chunks_have_a_rank() -> None:
    """PNG specification 4.3: cICP, then iCCP, then sRGB, then gAMA and cHRM."""
    assert read((b"sRGB", b"\0"), gamma(100_000)) is None
    outranking = read((b"sRGB", b"\0"), cicp(12, 13), gamma(100_000))
    assert outranking
    assert outranking.outranks_profile
    assert outranking.primaries.red == P3[0]
    assert read(cicp(255, 13), gamma(100_000)) == Signal(BT_709, 1.0)  # no such number


@pytest.mark.parametrize(("transfer", "expected"), [(1, "srgb"), (4, 2.2), (16, "pq"), (18, "hlg")])
def test_the_primary_item_of_an_avif_has_the_numbers(transfer: int, expected: float | str) -> None:
    found = signal("avif", avif(9, transfer))
    assert found
    assert found.primaries.green == (0.17, 0.797)
    assert (found.transfer, found.outranks_profile) == (expected, False)
    assert found.high_range == (transfer in (16, 18))


def test_unspecified_numbers_mean_srgb_and_unknown_ones_nothing() -> None:
    assert signal("avif", avif(2, 2)) == SRGB
    assert signal("avif", avif(3, 13)) is None


@given(st.binary(max_size=300), st.sampled_from(["png", "avif", "heic"]))
def test_garbage_ends_in_a_verdict(content: bytes, input_format: str) -> None:
    assert signal(input_format, content) is None or signal(input_format, content) == SRGB
    signal(input_format, with_chunks(PNG, (b"cHRM", content), (b"gAMA", content[:4])))


@given(st.integers(0, 400), st.binary(min_size=1, max_size=12))
def test_damaged_boxes_end_in_a_verdict(at: int, noise: bytes) -> None:
    content = bytearray(AVIF)
    content[at : at + len(noise)] = noise
    found = signal("avif", bytes(content))
    assert found is None or isinstance(found, Signal)


AVIF = avif(9, 13)

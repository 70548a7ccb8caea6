"""AVIF pictures without color have black at 0 and white at 255, whatever range is coded."""

import functools
import io
from pathlib import Path

import pytest
import pyvips
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.imaging.pictures import LIMITS, decoded, psnr
from tintype.imaging.codec import decode
from tintype.imaging.gray import in_full_range
from tintype.imaging.header import inspect


def ramp() -> pyvips.Image:
    """All levels from black to white, across."""
    return (pyvips.Image.xyz(256, 64)[0]).cast("uchar").copy(interpretation="b-w")


@functools.cache
def avif(level_range: str, subsampling: str, *, alpha: bool = False) -> bytes:
    """The ramp by another library, which writes light alone with 4:0:0."""
    picture = Image.frombytes("L", (256, 64), ramp().write_to_memory()).convert("RGB")
    if alpha:
        picture.putalpha(Image.frombytes("L", (256, 64), ramp().fliphor().write_to_memory()))
    file = io.BytesIO()
    picture.save(file, "AVIF", quality=95, range=level_range, subsampling=subsampling)
    return file.getvalue()


def picture(content: bytes, scale: float = 1.0) -> pyvips.Image:
    """The decoded picture, as Tintype sees it."""
    return decode(content, inspect(content, LIMITS), scale).image


def gray() -> pyvips.Image:
    """The ramp in three bands."""
    return ramp().colourspace("srgb")


@pytest.mark.parametrize("level_range", ["full", "limited"])
@pytest.mark.parametrize("subsampling", ["4:0:0", "4:2:0", "4:4:4"])
def test_black_and_white_are_black_and_white(level_range: str, subsampling: str) -> None:
    made = picture(avif(level_range, subsampling))
    assert psnr(made, gray()) > 40
    assert made.min() <= 1
    assert made.max() >= 254
    assert (made[0] - made[1]).abs().max() <= 2
    assert psnr(picture(avif(level_range, subsampling), 0.2), gray().shrink(2, 2)) > 35


def test_transparency_has_the_full_range_already() -> None:
    made = picture(avif("limited", "4:0:0", alpha=True))
    assert made.bands == 4
    assert psnr(made[3], ramp().fliphor()) > 40
    assert psnr(made.extract_band(0, n=3), gray()) > 40


def test_levels_of_more_bits_are_expanded_as_well() -> None:
    """Of ten bits, in the upper part of sixteen as the decoder has them."""
    levels = ramp().linear(876 / 255, 64).rint().cast("ushort") << 6
    deep = levels.bandjoin([levels, levels]).copy(interpretation="rgb16")
    made = in_full_range(deep, avif("limited", "4:0:0"))
    assert (made.format, made.interpretation) == ("ushort", "rgb16")
    assert (made.min(), made.max()) == (0, 65535)
    assert psnr((made >> 8).cast("uchar"), gray()) > 50


def header(
    *,
    limited: bool,
    profile: int = 0,
    deep: bool = False,
    described: bool = True,
    short: bool = True,
) -> bytes:
    """A sequence header of a still picture of 256 x 64 pixels, as a unit (AV1 section 5.5)."""
    bits = f"{profile:03b}1{short:b}" + "00101"  # a still picture, its level
    bits += f"{7:04b}{5:04b}{255:08b}{63:06b}" + "111111"  # its size, tools
    bits += f"{deep:b}" + "1" * (profile == 2 and deep) + "1" * (profile != 1)  # monochrome
    bits += f"1{1:08b}{13:08b}{6:08b}" if described else "0"
    bits += f"{not limited:b}"
    return b"\x0a\x11" + int(bits.ljust(17 * 8, "0"), 2).to_bytes(17, "big")


def expanded(unit: bytes) -> bool:
    """Whether a picture is expanded whose container has this unit, and says nothing itself."""
    content = avif("limited", "4:0:0")
    at = content.index(b"\0\0\0\x0cav1C")
    colr = at + 12
    assert content[colr : colr + 8] == b"\0\0\0\x13colr"
    box = (12 + 19).to_bytes(4, "big") + content[at + 4 : colr] + unit.ljust(19, b"\0")
    image = decoded(content)
    made = in_full_range(image, content[:at] + box + content[colr + 19 :])
    return bool(made.max() > image.max())


@pytest.mark.parametrize("profile", [0, 2])
@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("described", [False, True])
def test_the_bit_stream_is_asked_where_the_container_is_silent(
    profile: int, deep: bool, described: bool
) -> None:
    options = {"profile": profile, "deep": deep, "described": described}
    assert expanded(header(limited=True, **options))  # type: ignore[arg-type]
    assert not expanded(header(limited=False, **options))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "unit",
    [
        b"",
        b"\x0a\x02\x18",
        header(limited=True)[:9],
        b"\x12" + header(limited=True)[1:],
        header(limited=True, profile=1),
        header(limited=True, short=False),
    ],
)
def test_what_says_nothing_has_the_full_range(unit: bytes) -> None:
    assert not expanded(unit.ljust(19, b"\xff") if unit[:1] == b"\x0a" else unit)


@given(unit=st.binary(max_size=19), framed=st.booleans())
def test_garbage_is_expanded_or_not(unit: bytes, framed: bool) -> None:
    assert expanded(b"\x0a\x11" + unit[:17] if framed else unit) in (True, False)


@pytest.mark.corpus
def test_a_real_file_is_as_another_decoder_has_it(corpus: Path) -> None:
    path = corpus / "formats" / "link-u__fox.profile0.8bpc.yuv420.monochrome.avif"
    other = pyvips.Image.new_from_array(Image.open(path).convert("RGB"))
    assert psnr(picture(path.read_bytes()), other) > 50

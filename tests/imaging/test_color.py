"""Colors become sRGB as an independent color engine has them, or stay with their profile."""

import io
import itertools
from pathlib import Path
from typing import Any

import pytest
import pyvips
from PIL import Image, ImageCms

from tests.imaging.pictures import LIMITS, decoded, encoded, pixels_of, rendered, scene
from tests.imaging.test_signaling import avif, chromaticities, cicp, gamma, with_chunks
from tintype.errors import UnsupportedFormatError
from tintype.imaging.codec import decode
from tintype.imaging.color import Space
from tintype.imaging.header import inspect
from tintype.imaging.icc import is_plain_rgb, is_srgb
from tintype.imaging.messages import Output, OutputFormat
from tintype.imaging.operations.grayscale import Grayscale
from tintype.imaging.operations.pad import Pad
from tintype.imaging.profile import profile
from tintype.imaging.raster import Raster
from tintype.imaging.signaling import BT_709, SRGB, Primaries, Signal, signal

BT_2020 = Primaries((0.708, 0.292), (0.17, 0.797), (0.131, 0.046))
DISPLAY_P3 = Primaries((0.68, 0.32), (0.265, 0.69), (0.15, 0.06))
ADOBE_RGB = Primaries((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
SPACES = {
    "Display P3": Signal(DISPLAY_P3, "srgb"),
    "Rec. 2020": Signal(BT_2020, 2.4),
    "Adobe RGB": Signal(ADOBE_RGB, 2.19921875),
}


def read(content: bytes, space: Space = "srgb") -> Raster:
    return decode(content, inspect(content, LIMITS), 1.0, space)


def pillow(image: pyvips.Image, mode: str) -> Image.Image:
    return Image.frombytes(mode, (image.width, image.height), image.write_to_memory())


def by_lcms(picture: Image.Image, icc: bytes) -> Image.Image:
    """The picture as sRGB, by Little CMS through Pillow."""
    source = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    target = ImageCms.createProfile("sRGB")
    made = ImageCms.profileToProfile(picture, source, target, outputMode="RGB")
    assert made
    return made


def apart(image: pyvips.Image, other: Image.Image) -> float:
    """The largest difference of two pictures."""
    pixels = pyvips.Image.new_from_memory(other.tobytes(), *other.size, image.bands, "uchar")
    return float((image.cast("int") - pixels.cast("int")).abs().max())


def linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def srgb(value: float) -> int:
    value = min(max(value, 0.0), 1.0)
    encoded_value = 12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055
    return round(255 * encoded_value)


# From linear Display P3 and Rec. 2020 to linear sRGB, as CSS Color 4 has them (section 18).
TO_SRGB = {
    12: ((1.22494, -0.22494, 0), (-0.04206, 1.04206, 0), (-0.01964, -0.07864, 1.09827)),
    9: ((1.66049, -0.58764, -0.07285), (-0.12455, 1.1329, -0.00835), (-0.01815, -0.10058, 1.11873)),
}


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("image_format", ["png", "tiff", "webp", "jpeg"])
def test_profiles_are_followed_as_another_engine_does(space: str, image_format: str) -> None:
    icc = profile(SPACES[space], gray=False)
    image = scene()
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", icc)
    options = {"lossless": True} if image_format == "webp" else {}
    content = encoded(image, image_format, **options)
    stored = pillow(decoded(content), "RGB")
    expected = by_lcms(stored, icc)
    assert apart(scene(), expected) > 12  # so that the test would notice
    assert apart(read(content).image, expected) <= 2


@pytest.mark.parametrize("primaries", TO_SRGB)
def test_declared_primaries_are_followed(primaries: int) -> None:
    color = (200, 120, 60)
    shares = [linear(value / 255) for value in color]
    expected = tuple(
        srgb(sum(a * b for a, b in zip(row, shares, strict=True))) for row in TO_SRGB[primaries]
    )
    flat = pyvips.Image.black(8, 8, bands=3).new_from_image(list(color)).copy(interpretation="srgb")
    png = with_chunks(encoded(flat.cast("uchar"), "png", keep="none"), cicp(primaries, 13))
    found = pixels_of(read(png).image)[0]
    assert max(abs(a - b) for a, b in zip(found, expected, strict=True)) <= 1
    assert expected != color


def test_a_png_with_a_gamma_is_shown_with_it() -> None:
    """Gamma 1.6 on 8 and 16 bits, gray and RGB; gray stays gray."""
    gray = pyvips.Image.identity().cast("uchar").copy(interpretation="b-w")
    expected = [srgb((value / 255) ** 1.6) for value in range(256)]
    for image in (
        gray,
        gray.bandjoin(255).copy(interpretation="b-w"),
        gray.colourspace("srgb"),
        (gray.cast("ushort") * 257).cast("ushort").copy(interpretation="grey16"),
    ):
        made = read(with_chunks(encoded(image, "png", keep="none"), gamma(62_500))).image
        assert made.bands == image.bands
        assert made.format == "uchar"
        found = [pixel[0] for pixel in pixels_of(made)]
        assert max(abs(a - b) for a, b in zip(found, expected, strict=True)) <= 2


def test_an_avif_with_wide_colors_is_shown_with_them() -> None:
    """The picture as decoded, through the space that its nclx box names."""
    wide, plain = avif(9, 13), avif(1, 13)
    icc = profile(Signal(BT_2020, "srgb"), gray=False)
    assert apart(read(wide).image, by_lcms(pillow(read(plain).image, "RGB"), icc)) <= 1
    assert apart(read(wide).image, pillow(read(plain).image, "RGB")) > 12


@pytest.mark.parametrize("transfer", [16, 18])
def test_high_range_is_brought_down_to_a_screen(transfer: int) -> None:
    """Black stays black, more light is never darker, neutral stays neutral, white is reached."""
    ramp = pyvips.Image.identity().cast("uchar")
    png = encoded(ramp.bandjoin([ramp, ramp]).copy(interpretation="srgb"), "png", keep="none")
    content = with_chunks(png, cicp(9, transfer))
    found = pixels_of(read(content, "keep").image)
    assert found[0] == (0, 0, 0)
    assert found[-1] == (255, 255, 255)
    assert all(max(pixel) - min(pixel) <= 1 for pixel in found)
    greens = [pixel[1] for pixel in found]
    assert greens == sorted(greens)
    # BT.2408: a white sheet is at 58 % (PQ) and 75 % (HLG); a screen shows it bright, not glaring.
    assert 200 <= greens[148 if transfer == 16 else 191] <= 235


def test_lab_is_relative_to_d50_and_ink_is_followed() -> None:
    lab = (
        pyvips.Image.black(8, 8)
        .cast("float")
        .new_from_image([60, 40, -30])
        .copy(interpretation="lab")
    )
    content = encoded(lab.colourspace("labs"), "tiff")
    # By hand: Lab to XYZ with D50, Bradford to D65, the matrix of sRGB.
    made = pixels_of(read(content).image)[0]
    assert max(abs(a - b) for a, b in zip(made, lab_to_srgb(60, 40, -30), strict=True)) <= 1
    ink = scene().icc_transform("cmyk", input_profile="srgb")
    content = encoded(ink, "tiff")
    assert ink.bands == 4
    icc = bytes(ink.get("icc-profile-data"))
    assert apart(read(content, "keep").image, by_lcms(pillow(ink, "CMYK"), icc)) <= 3
    assert read(content, "keep").profile == b""


def lab_to_srgb(lightness: float, a: float, b: float) -> tuple[int, ...]:
    middle = (lightness + 16) / 116
    x, y, z = (
        white * (root**3 if root > 6 / 29 else 3 * (6 / 29) ** 2 * (root - 4 / 29))
        for root, white in zip(
            (middle + a / 500, middle, middle - b / 200), (0.9642, 1.0, 0.8249), strict=True
        )
    )
    rows = (  # from XYZ relative to D50, as CSS Color 4 has it
        (3.1341359, -1.6173863, -0.4906619),
        (-0.9787955, 1.9162544, 0.0334427),
        (0.0719556, -0.2289768, 1.4053860),
    )
    return tuple(srgb(row[0] * x + row[1] * y + row[2] * z) for row in rows)


def test_sixteen_bits_become_eight() -> None:
    deep = (scene() * 257).cast("ushort").copy(interpretation="rgb16")
    spaces: tuple[Space, ...] = ("srgb", "keep")
    for image_format, space in itertools.product(("png", "tiff"), spaces):
        made = read(encoded(deep, image_format), space).image
        assert made.format == "uchar"
        assert (made.cast("int") - scene().cast("int")).abs().max() <= 1


@pytest.mark.parametrize("image", [scene(), scene().colourspace("b-w")])
@pytest.mark.parametrize("space", ["srgb", "keep"])
def test_thirty_two_bits_become_eight(image: pyvips.Image, space: Space) -> None:
    deep = (image.cast("uint") * 0x01010101).cast("uint")
    made = read(encoded(deep, "tiff"), space).image
    assert (made.format, made.bands) == ("uchar", image.bands)
    assert (made.cast("int") - image.cast("int")).abs().max() <= 1


def test_floats_are_linear_light() -> None:
    """Gray and RGB, with transparency and without; more light than white is white."""
    ramp = pyvips.Image.identity().cast("float") / 128
    opacity = pyvips.Image.identity().cast("float") / 255
    expected = [srgb(value / 128) for value in range(256)]
    for bands in ([ramp], [ramp, opacity], [ramp] * 3, [ramp] * 3 + [opacity]):
        kind = "b-w" if len(bands) < 3 else "scrgb"
        image = bands[0].bandjoin(bands[1:]) if bands[1:] else ramp
        made = read(encoded(image.copy(interpretation=kind), "tiff"), "keep").image
        pixels = pixels_of(made)
        assert {len(pixel) for pixel in pixels} == {len(bands)}
        for (level, *rest), wanted, opaque in zip(pixels, expected, range(256), strict=True):
            assert abs(level - wanted) <= 1
            assert len(bands) % 2 == 1 or abs(rest[-1] - opaque) <= 1


def test_samples_with_a_sign_are_refused() -> None:
    signed = pyvips.Image.identity().cast("short")
    with pytest.raises(UnsupportedFormatError, match="signed"):
        read(encoded(signed, "tiff"))


@pytest.mark.parametrize("output_format", ["jpeg", "png", "webp", "avif"])
@pytest.mark.parametrize("space", SPACES)
def test_kept_colors_leave_with_their_profile(
    space: str, output_format: OutputFormat, tmp_path: Path
) -> None:
    icc = profile(SPACES[space], gray=False)
    image = scene()
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", icc)
    output = Output(format=output_format, color="keep", quality=95)
    _, made = rendered(tmp_path, encoded(image, "png"), output=output)
    found: Any = Image.open(io.BytesIO(made))
    assert found.info["icc_profile"] == icc
    assert (decoded(made).cast("int") - scene().cast("int")).abs().avg() < 4


@pytest.mark.parametrize("output_format", ["jpeg", "png", "webp", "avif"])
def test_colors_that_are_only_declared_leave_with_a_profile(
    output_format: OutputFormat, tmp_path: Path
) -> None:
    content = avif(9, 13)
    output = Output(format=output_format, color="keep")
    _, made = rendered(tmp_path, content, output=output)
    found: Any = Image.open(io.BytesIO(made))
    assert found.info["icc_profile"] == profile(Signal(BT_2020, "srgb"), gray=False)


def test_a_gif_has_no_profile_so_its_colors_become_srgb(tmp_path: Path) -> None:
    icc = profile(SPACES["Rec. 2020"], gray=False)
    flat = pyvips.Image.black(8, 8, bands=3).new_from_image([200, 120, 60]).cast("uchar")
    flat = flat.copy(interpretation="srgb")
    flat.set_type(pyvips.GValue.blob_type, "icc-profile-data", icc)
    content = encoded(flat, "png")
    made = [
        pixels_of(decoded(rendered(tmp_path, content, output=output)[1]))[0][:3]
        for output in (Output(format="gif", color="keep"), Output(format="png"))
    ]
    assert max(abs(a - b) for a, b in zip(*made, strict=True)) <= 2
    assert made[1] != (200, 120, 60)


def test_a_variant_that_turns_gray_keeps_a_profile_that_fits_it(tmp_path: Path) -> None:
    icc = profile(SPACES["Adobe RGB"], gray=False)
    image = scene()
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", icc)
    output = Output(format="png", color="keep")
    _, made = rendered(tmp_path, encoded(image, "png"), Grayscale(), output=output)
    assert decoded(made).bands == 3
    assert bytes(decoded(made).get("icc-profile-data")) == icc


def test_gray_pictures_become_srgb_gray_and_may_get_color_then(tmp_path: Path) -> None:
    gray = scene().colourspace("b-w")
    gray.set_type(
        pyvips.GValue.blob_type, "icc-profile-data", profile(Signal(BT_709, 1.8), gray=True)
    )
    content = encoded(gray, "png")
    assert read(content, "keep").image.bands == 1
    assert read(content, "keep").profile == b""
    output = Output(format="png", color="keep")
    _, made = rendered(tmp_path, content, Pad(all=2, background="#ff0000"), output=output)
    assert pixels_of(decoded(made))[0] == (255, 0, 0)
    assert not decoded(made).get_typeof("icc-profile-data")


def test_the_other_variants_of_a_picture_do_not_change_it(tmp_path: Path) -> None:
    image = scene()
    image.set_type(
        pyvips.GValue.blob_type, "icc-profile-data", profile(SPACES["Display P3"], gray=False)
    )
    content = encoded(image, "png")
    outputs = (Output(format="png"), Output(format="png", color="keep"))
    alone = [rendered(tmp_path, content, output=output)[1] for output in outputs]
    again = [rendered(tmp_path, content, output=output)[1] for output in outputs]
    assert alone == again
    assert alone[0] != alone[1]


def test_a_profile_that_cannot_be_worked_in_or_read_is_not_kept() -> None:
    icc = profile(SPACES["Display P3"], gray=False)
    assert is_plain_rgb(icc)
    assert not is_plain_rgb(icc.replace(b"rTRC", b"A2B0", 1))
    assert not is_plain_rgb(icc[:200])
    assert not is_plain_rgb(icc + bytes(60_000))
    assert not is_plain_rgb(b"")


def test_made_profiles_are_profiles() -> None:
    """Another engine reads them, and sRGB's changes nothing."""
    assert is_srgb(profile(SRGB, gray=False))
    for made in (SRGB, *SPACES.values(), Signal(BT_2020, "pq")):
        icc = profile(made, gray=False)
        assert icc == profile(made, gray=False)
        assert int.from_bytes(icc[:4], "big") == len(icc)
        assert "Declared" in ImageCms.getProfileDescription(
            ImageCms.ImageCmsProfile(io.BytesIO(icc))
        )
    assert apart(scene(), by_lcms(pillow(scene(), "RGB"), profile(SRGB, gray=False))) <= 1


def test_chromaticities_of_a_png_are_followed() -> None:
    points = (DISPLAY_P3.red, DISPLAY_P3.green, DISPLAY_P3.blue, DISPLAY_P3.white)
    png = encoded(scene(), "png", keep="none")
    by_chunk, by_number = (
        with_chunks(png, chunk) for chunk in (chromaticities(*points), cicp(12, 13))
    )
    assert signal("png", by_chunk) != signal("png", by_number)  # one of them outranks profiles
    assert read(by_chunk).image.write_to_memory() == read(by_number).image.write_to_memory()

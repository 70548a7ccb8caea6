"""Every format becomes the same upright sRGB picture, and damage never becomes one."""

import io
import itertools
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import pyvips
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.imaging.pictures import (
    LIMITS,
    WRITABLE,
    encoded,
    photograph,
    psnr,
    scene,
    size_of,
    tagged,
)
from tintype.errors import CorruptError, Rejection
from tintype.imaging.codec import decode, reduction
from tintype.imaging.geometry import Size
from tintype.imaging.header import inspect, upright
from tintype.imaging.vips import prepare
from tintype.model import Facts

SAVED: dict[str, dict[str, Any]] = {
    "jpeg": {},
    "progressive jpeg": {"interlace": True},
    "png": {},
    "interlaced png": {"interlace": True},
    "webp": {},
    "lossless webp": {"lossless": True},
    "avif": {},
    "gif": {},
    "tiff": {},
    "LZW tiff": {"compression": "lzw"},
    "tiled tiff": {"compression": "deflate", "tile": True},
}
FILES = {name: encoded(photograph(200, 150), name.split()[-1], **SAVED[name]) for name in SAVED}


def picture(content: bytes, scale: float = 1.0) -> pyvips.Image:
    """The decoded picture, as Tintype sees it."""
    return decode(content, inspect(content, LIMITS), scale).image


@pytest.mark.parametrize("image_format", ["png", "webp", "tiff"])
@pytest.mark.parametrize("alpha", [False, True])
def test_a_lossless_format_gives_back_every_pixel(image_format: str, alpha: bool) -> None:
    image = scene(alpha=alpha)
    options = {"lossless": True, "exact": True} if image_format == "webp" else {}
    assert psnr(picture(encoded(image, image_format, **options)), image) == 99.0


@pytest.mark.parametrize(("image_format", "least"), [("jpeg", 25), ("avif", 25), ("gif", 25)])
def test_a_lossy_format_gives_back_the_picture(image_format: str, least: float) -> None:
    made = picture(encoded(scene(), image_format))
    assert psnr(made.extract_band(0, n=3), scene()) > least


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_cut_file_is_damaged(name: str, share: float) -> None:
    """T1: whoever reads a cut file leniently publishes a picture with a gray area."""
    content = FILES[name]
    with pytest.raises(CorruptError):
        picture(content[: int(len(content) * share)])


@pytest.mark.parametrize("name", ["jpeg", "progressive jpeg", "png", "interlaced png", "gif"])
@given(missing=st.integers(2, 300))
@settings(max_examples=25)
def test_a_file_without_its_last_bytes_is_damaged(name: str, missing: int) -> None:
    """T12: decoders let it pass."""
    with pytest.raises(CorruptError):
        picture(FILES[name][:-missing])


@pytest.mark.parametrize("height", range(144, 161))
@pytest.mark.parametrize("scale", [1.0, 0.5, 0.25, 0.1])
@pytest.mark.parametrize("subsample", ["on", "off"])
def test_damage_in_the_middle_is_found_at_every_scale(
    height: int, scale: float, subsample: str
) -> None:
    """A decoder that reduces would not read the last blocks where no whole line is left in them."""
    content = encoded(photograph(64, 160).crop(0, 0, 64, height), "jpeg", subsample_mode=subsample)
    assert picture(content, scale).height == height // reduction(inspect(content, LIMITS), scale)
    middle = len(content) // 2
    with pytest.raises(CorruptError):
        picture(content[:middle] + content[middle + 200 :], scale)


@pytest.mark.parametrize("image_format", ["png", "tiff"])
@pytest.mark.parametrize("scale", [1.0, 0.25, 0.1, 0.01])
def test_the_last_line_is_read_at_every_scale(image_format: str, scale: float) -> None:
    content = encoded(photograph(65, 65), image_format)
    if image_format == "png":
        at = (
            content.rindex(b"IDAT")
            + 4
            + int.from_bytes(content[content.rindex(b"IDAT") - 4 : content.rindex(b"IDAT")], "big")
        )
        damaged = content[: at - 12] + bytes(4) + content[at - 8 :]
    else:
        damaged = content[:-40]
    with pytest.raises(CorruptError):
        picture(damaged, scale)


@pytest.mark.parametrize("name", FILES)
@given(place=st.floats(0, 1), noise=st.binary(min_size=1, max_size=40))
@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
def test_an_overwritten_file_is_a_picture_or_refused(name: str, place: float, noise: bytes) -> None:
    content = bytearray(FILES[name])
    at = int(place * (len(content) - len(noise)))
    content[at : at + len(noise)] = noise
    with suppress(Rejection):
        assert picture(bytes(content)).format == "uchar"


@pytest.mark.parametrize("image_format", ["jpeg", "png", "webp", "tiff"])
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("scale", [1.0, 0.12])
def test_the_picture_is_upright(image_format: str, orientation: int, scale: float) -> None:
    image = scene(403, 301)
    options = {"lossless": True} if image_format == "webp" else {}
    content = encoded(tagged(image, orientation), image_format, **options)
    raster = decode(content, inspect(content, LIMITS), scale)
    expected = tagged(image, orientation).autorot()
    assert raster.size == size_of(expected)
    made = raster.image.resize(
        expected.width / raster.image.width, vscale=expected.height / raster.image.height
    )
    assert psnr(made, expected) > (30 if scale == 1.0 else 15)


def test_an_avif_is_turned_as_its_container_says() -> None:
    """T13: Pillow turns an orientation into irot and imir, which the decoder follows."""
    upright_picture = Image.frombytes("RGB", (96, 72), scene().write_to_memory())
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        file = io.BytesIO()
        upright_picture.save(file, "AVIF", exif=exif, quality=90)
        expected = tagged(scene(), orientation).autorot()
        content = file.getvalue()
        assert upright(inspect(content, LIMITS)) == size_of(expected)
        assert psnr(picture(content), expected) > 25


def test_the_exif_orientation_of_an_avif_is_not_followed() -> None:
    """T13: in HEIF's family EXIF is informative, and the container has said it already."""
    content = encoded(tagged(scene(), 6), "avif").replace(b"irot\3", b"irot\0")
    assert b"Exif" in content
    assert b"irot\0" in content
    facts = inspect(content, LIMITS)
    assert facts.orientation == 1
    assert psnr(picture(content), scene()) > 25


@pytest.mark.parametrize(
    ("profile", "image_format"), list(itertools.product(["p3", "srgb"], ["jpeg", "png", "tiff"]))
)
def test_an_embedded_profile_is_followed(profile: str, image_format: str) -> None:
    """T8: dropping the profile without converting changes the colors."""
    image = scene()
    stored = image.icc_transform(profile, input_profile="srgb")
    options = {"Q": 95} if image_format == "jpeg" else {}
    made = picture(encoded(stored, image_format, profile=profile, **options))
    assert (made.cast("int") - image.cast("int")).abs().avg() < 4
    if profile == "p3":
        assert psnr(stored, image) < 35  # so that the test would notice


def test_ink_becomes_light() -> None:
    """T8: CMYK, with a profile and without."""
    image = scene()
    ink = image.icc_transform("cmyk", input_profile="srgb")
    assert ink.bands == 4
    for content in (encoded(ink, "jpeg", profile="cmyk"), encoded(ink, "tiff", keep="none")):
        made = picture(content)
        assert made.interpretation == "srgb"
        assert made.bands == 3
        assert (made.cast("int") - image.cast("int")).abs().avg() < 24  # ink has fewer colors


@pytest.mark.parametrize("image_format", ["png", "tiff"])
def test_sixteen_bits_become_eight(image_format: str) -> None:
    deep = (scene().cast("ushort") * 257).cast("ushort").copy(interpretation="rgb16")
    assert psnr(picture(encoded(deep, image_format)), scene()) > 50
    gray = deep[1].copy(interpretation="grey16")
    made = picture(encoded(gray, image_format))
    assert (made.bands, made.interpretation, made.format) == (1, "b-w", "uchar")
    assert psnr(made, scene()[1]) > 50


def test_gray_stays_gray() -> None:
    gray = scene().colourspace("b-w")
    for content in (encoded(gray, "png"), encoded(gray, "jpeg", Q=95)):
        made = picture(content)
        assert (made.bands, made.interpretation) == (1, "b-w")
        assert psnr(made, gray) > 35


def test_a_profile_that_cannot_be_used_is_ignored() -> None:
    image = scene().copy()
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", b"not a profile" * 20)
    assert psnr(picture(encoded(image, "tiff")), scene()) == 99.0


def test_only_the_first_frame_is_decoded() -> None:
    """An animation is never one tall strip of its frames."""
    frames = scene(64, 48).join(scene(64, 48).invert(), "vertical")
    for image_format in ("gif", "webp"):
        made = picture(encoded(frames, image_format, page_height=48), scale=0.1)
        assert made.height <= 48
    made = picture(encoded(frames, "webp", page_height=48, lossless=True))
    assert psnr(made.extract_band(0, n=3), scene(64, 48)) == 99.0


@pytest.mark.parametrize("image_format", WRITABLE)
@pytest.mark.parametrize("size", [Size(1, 1), Size(1, 40), Size(41, 2), Size(7, 9)])
def test_the_smallest_pictures_survive_the_strongest_reduction(
    image_format: str, size: Size
) -> None:
    image = scene(64, 64).crop(10, 10, size.width, size.height)
    assert picture(encoded(image, image_format), scale=0.0).width >= 1


def test_a_picture_is_reduced_no_further_than_its_use_allows() -> None:
    jpeg = Facts("jpeg", 6000, 4000, 1, 1, 1)
    png = Facts("png", 6000, 4000, 1, 1, 1)
    wanted = {1.0: (1, 1), 0.51: (1, 1), 0.5: (2, 1), 0.25: (4, 2), 0.13: (4, 2), 0.1: (8, 4)}
    for scale, (of_jpeg, of_png) in wanted.items():
        assert (reduction(jpeg, scale), reduction(png, scale)) == (of_jpeg, of_png)


def test_an_image_replaced_under_the_same_name_is_read_anew(tmp_path: Path) -> None:
    """T2: libvips' cache knows a file by its name."""
    prepare()
    path = tmp_path / "same"
    for level in range(100):
        flat = scene(8, 8).new_from_image([level, 255 - level, 7]).cast("uchar")
        path.write_bytes(encoded(flat.copy(interpretation="srgb"), "png"))
        assert picture(path.read_bytes())(0, 0) == [level, 255 - level, 7]
    assert pyvips.cache_get_size() == 0


@pytest.mark.parametrize(
    "loader", ["svgload_buffer", "rawload", "csvload", "matrixload", "pdfload"]
)
def test_no_other_loader_can_run(loader: str, tmp_path: Path) -> None:
    """T4, T10: libvips' own switch leaves some open; the list of what is allowed does not."""
    prepare()
    source = b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"
    file = tmp_path / "file.csv"
    file.write_bytes(b"1,2\n3,4\n")
    with pytest.raises((pyvips.Error, AttributeError)):
        getattr(pyvips.Image, loader)(source if loader.endswith("buffer") else str(file))
    with pytest.raises(pyvips.Error):
        pyvips.Image.new_from_file(str(file))

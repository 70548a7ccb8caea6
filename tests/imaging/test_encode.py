"""Variants carry no metadata, are the same every time, and are as the recipe asks."""

import itertools

import pytest
import pyvips

from tests.imaging.pictures import decoded, encoded, photograph, psnr, scene, tagged
from tintype.errors import TooManyPixelsError
from tintype.imaging.encode import chosen_formats, encode
from tintype.imaging.messages import Output, OutputFormat

FORMATS: tuple[OutputFormat, ...] = ("jpeg", "png", "webp", "avif", "gif")


@pytest.mark.parametrize(
    ("original", "expected"),
    [
        ("jpeg", "jpeg"),
        ("png", "png"),
        ("webp", "webp"),
        ("avif", "avif"),
        ("heic", "jpeg"),
        ("tiff", "jpeg"),
        ("gif", "gif"),
    ],
)
def test_the_same_format_is_kept_where_browsers_know_it(original: str, expected: str) -> None:
    assert chosen_formats(Output(), original) == (expected,)
    assert chosen_formats(Output(format="webp"), original) == ("webp",)


@pytest.mark.parametrize("output_format", FORMATS)
def test_a_picture_gives_the_same_bytes_every_time(output_format: OutputFormat) -> None:
    first, second = (encode(scene(), Output(), output_format) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("output_format", FORMATS)
def test_no_metadata_leaves(output_format: OutputFormat) -> None:
    """T7: libvips' savers keep the place where a picture was taken, unless told otherwise."""
    image = tagged(scene(), 1).icc_transform("p3", input_profile="srgb")
    image.set_type(pyvips.GValue.gstr_type, "exif-ifd3-GPSLatitude", "52/1 30/1 0/1")
    image.set_type(pyvips.GValue.gstr_type, "exif-ifd0-Make", "SECRET-CAMERA")
    image.set_type(pyvips.GValue.blob_type, "xmp-data", b"<x:xmpmeta>SECRET-PLACE</x:xmpmeta>")
    kept = encoded(image, output_format)
    assert b"SECRET-CAMERA" in kept or output_format in ("png", "gif")
    made = encode(image, Output(), output_format)
    fields = decoded(made).get_fields()
    assert b"SECRET" not in made
    assert not [name for name in fields if name.startswith(("exif", "xmp", "icc", "iptc", "gps"))]


@pytest.mark.parametrize("output_format", FORMATS)
def test_quality_is_heeded_where_there_is_one(output_format: OutputFormat) -> None:
    low, high = (
        len(encode(photograph(120, 90), Output(quality=quality), output_format))
        for quality in (20, 95)
    )
    assert low == high if output_format in ("png", "gif") else low < high * 0.6


@pytest.mark.parametrize("progressive", [False, True])
def test_jpeg_and_png_are_progressive_as_asked(progressive: bool) -> None:
    output = Output(progressive=progressive)
    jpeg, png = (encode(scene(), output, each) for each in FORMATS[:2])
    assert (b"\xff\xc2" in jpeg, b"\xff\xc0" in jpeg) == (progressive, not progressive)
    assert png[28] == int(progressive)  # IHDR's interlace method


def test_jpeg_shows_what_is_transparent_as_white() -> None:
    clear = scene().bandjoin(0).copy(interpretation="srgb")
    assert decoded(encode(clear, Output(), "jpeg")).avg() > 253
    gray = clear.colourspace("b-w")
    assert decoded(encode(gray, Output(), "jpeg")).avg() > 253


@pytest.mark.parametrize(
    ("output_format", "bands"), list(itertools.product(["png", "webp", "avif"], [3, 4]))
)
def test_transparency_is_kept_where_the_format_can(output_format: OutputFormat, bands: int) -> None:
    image = scene(alpha=bands == 4)
    made = decoded(encode(image, Output(quality=95), output_format))
    assert made.bands == bands
    if bands == 4:
        assert psnr(made[3], image[3]) > 40


@pytest.mark.parametrize(("output_format", "longest"), [("webp", 16_383), ("avif", 16_384)])
def test_a_picture_too_long_for_its_format_is_refused(
    output_format: OutputFormat, longest: int
) -> None:
    strip = pyvips.Image.black(longest + 1, 1, bands=3).copy(interpretation="srgb")
    with pytest.raises(TooManyPixelsError, match=f"{longest:,} pixels a side"):
        encode(strip, Output(), output_format)

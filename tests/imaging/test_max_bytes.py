"""max_bytes: as good as fits, or a refusal that says what was reached."""

import pytest

from tests.imaging.pictures import decoded, photograph, scene
from tintype.errors import OutputTooLargeError
from tintype.imaging.encode import encode, encoded
from tintype.imaging.messages import Output, OutputFormat
from tintype.imaging.save import saved


@pytest.mark.parametrize("output_format", ["jpeg", "webp", "avif"])
def test_the_highest_quality_that_fits_is_taken(output_format: OutputFormat) -> None:
    image = photograph(240, 180)
    plain = Output(quality=90)
    most = len(saved(image, plain, output_format, 61)) + 10
    made = encode(image, Output(quality=90, max_bytes=most), output_format)
    assert most * 0.9 < len(made) <= most
    assert made == encode(image, Output(quality=90, max_bytes=most), output_format)


def test_a_file_that_fits_is_what_it_would_be_without_a_limit() -> None:
    image = photograph(240, 180)
    for output_format in ("jpeg", "png", "gif"):
        free = encode(image, Output(), output_format)
        assert encode(image, Output(max_bytes=len(free)), output_format) == free


@pytest.mark.parametrize(("output_format", "most_colors"), [("png", 256), ("gif", 128)])
def test_png_and_gif_lose_colors(output_format: OutputFormat, most_colors: int) -> None:
    image = photograph(240, 180)
    free = len(encode(image, Output(), output_format))
    made = decoded(encode(image, Output(max_bytes=free - 1), output_format))
    counted = made.colourspace("srgb")[:3]
    colors = {tuple(counted(x, y)) for x in range(0, 240, 3) for y in range(0, 180, 3)}
    assert 16 < len(colors) <= most_colors


@pytest.mark.parametrize(
    ("output_format", "reached"),
    [
        ("jpeg", "quality 25"),
        ("webp", "quality 25"),
        ("avif", "quality 25"),
        ("png", "16 colors"),
        ("gif", "8 colors"),
    ],
)
def test_what_does_not_fit_at_all_is_refused(output_format: OutputFormat, reached: str) -> None:
    with pytest.raises(OutputTooLargeError, match=f"even with {reached}.* allows: 500") as error:
        encode(photograph(240, 180), Output(max_bytes=500), output_format)
    assert error.value.code == "output_too_large"


def test_a_quality_below_the_floor_is_the_floor() -> None:
    with pytest.raises(OutputTooLargeError, match="quality 10"):
        encode(photograph(240, 180), Output(quality=10, max_bytes=500), "jpeg")


def test_a_limit_goes_before_the_looks() -> None:
    image = photograph(240, 180)
    good = encode(image, Output(quality="auto"), "jpeg")
    made = encode(image, Output(quality="auto", max_bytes=len(good) * 2 // 3), "jpeg")
    assert len(made) <= len(good) * 2 // 3


def test_auto_takes_a_format_that_fits() -> None:
    image = scene(200, 150)
    output = Output(format="auto", quality="auto", max_bytes=4000)
    ((_, content),) = encoded(image, output, "png")
    assert len(content) <= 4000
    with pytest.raises(OutputTooLargeError):
        list(encoded(image, Output(format="auto", quality="auto", max_bytes=100), "png"))

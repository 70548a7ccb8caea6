"""quality: auto finds the lowest quality that is enough, with few encodings."""

import pytest
import pyvips

from tests.imaging.pictures import decoded, photograph, scene
from tintype.imaging import alike
from tintype.imaging.alike import TARGET, Judge, target
from tintype.imaging.encode import encode, encoded
from tintype.imaging.filmstrip import Timing, joined
from tintype.imaging.messages import Output, OutputFormat
from tintype.imaging.save import saved
from tintype.imaging.ssimulacra2 import Reference

AUTO = Output(quality="auto")
LOSSY: tuple[OutputFormat, ...] = ("jpeg", "webp", "avif")


def score(image: pyvips.Image, content: bytes) -> float:
    return Reference(image).score(decoded(content).copy_memory())


@pytest.mark.parametrize("output_format", LOSSY)
def test_a_file_is_good_enough_and_hardly_better(output_format: OutputFormat) -> None:
    image = photograph(320, 240)
    quality, content = Judge(image).least_quality(AUTO, output_format)
    found, content = content, encode(image, AUTO, output_format)
    assert content == saved(image, AUTO, output_format, quality)
    assert found in (None, content)
    assert score(image, content) >= target(320 * 240) - 0.1
    assert score(image, saved(image, AUTO, output_format, quality - 3)) < target(320 * 240)


def test_what_is_hard_to_compress_gets_a_higher_quality_than_what_is_easy() -> None:
    easy = photograph(320, 240).gaussblur(6).copy_memory()
    qualities = [Judge(each).least_quality(AUTO, "webp")[0] for each in (easy, scene(320, 240))]
    assert qualities[0] < qualities[1]


@pytest.mark.parametrize("size", [(400, 300), (2200, 1700), (9000, 90)])
def test_a_search_encodes_four_times_at_most_and_never_much_at_once(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    image = photograph(*size)
    sizes = []

    def counted(
        image: pyvips.Image, output: Output, output_format: OutputFormat, level: int
    ) -> bytes:
        sizes.append(image.width * image.height)
        return saved(image, output, output_format, level)

    monkeypatch.setattr(alike, "saved", counted)
    _, content = Judge(image).least_quality(AUTO, "jpeg")
    assert 1 <= len(sizes) <= 4
    assert max(sizes) <= 32 * 128 * 128
    assert (content is None) == (size[0] * size[1] > 32 * 128 * 128)


def test_large_pictures_have_to_look_better_than_small_ones() -> None:
    sizes = (1, 200 * 150, 400 * 300, 800 * 600, 2400 * 1800, 10**8)
    targets = [target(pixels) for pixels in sizes]
    assert targets == sorted(targets)
    assert targets[3] == TARGET
    assert targets[-1] - targets[0] <= 4


def test_formats_of_a_picture_share_what_it_is_compared_by(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    references: list[pyvips.Image] = []

    class Counted(Reference):
        def __init__(self, image: pyvips.Image) -> None:
            references.append(image)
            super().__init__(image)

    monkeypatch.setattr(alike, "Reference", Counted)
    several = Output(formats=("avif", "webp", "jpeg"), quality="auto")
    image = photograph(320, 240)
    made = list(encoded(image, several, "png"))
    assert len(references) == 1
    for name, content in made:
        assert content == encode(image, AUTO, name)


@pytest.mark.parametrize("size", [(16, 16), (300, 200)])
def test_an_animation_has_one_quality_for_all_its_frames(size: tuple[int, int]) -> None:
    frames = [scene(*size), photograph(*size), scene(*size).invert()]
    strip = joined(frames, Timing(delays=(100, 200, 300), loop=0))
    quality, content = Judge(strip).least_quality(AUTO, "webp")
    assert content is None
    made = encode(strip, AUTO, "webp")
    assert made == saved(strip, AUTO, "webp", quality)
    assert decoded(made).get("n-pages") == 3


def test_tiles_stand_for_a_large_picture() -> None:
    image = photograph(1500, 1100)
    content = encode(image, AUTO, "jpeg")
    assert score(image, content) == pytest.approx(target(1500 * 1100), abs=3)


@pytest.mark.parametrize("size", [(1, 1), (3, 500), (16, 16)])
@pytest.mark.parametrize("output_format", LOSSY)
def test_tiny_pictures_have_a_quality_too(
    size: tuple[int, int], output_format: OutputFormat
) -> None:
    assert decoded(encode(scene(*size), AUTO, output_format)).width == size[0]


def test_what_is_transparent_is_judged_on_dark_and_light() -> None:
    fading = scene(320, 240, alpha=True)[3]
    image = photograph(320, 240).bandjoin(fading).copy_memory()
    content = encode(image, AUTO, "webp")
    made = decoded(content)
    for background in (26, 230):
        flat = image.flatten(background=background).copy_memory()
        assert Reference(flat).score(made.flatten(background=background)) > target(320 * 240) - 0.1


def graphic() -> pyvips.Image:
    image = pyvips.Image.black(400, 300).new_from_image([250, 240, 230])
    image = image.copy(interpretation="srgb")
    return image.draw_rect([10, 60, 160], 50, 60, 200, 3, fill=True).copy_memory()


def test_auto_takes_the_smallest_of_files_that_look_alike() -> None:
    output = Output(format="auto", quality="auto")
    for image in (photograph(320, 240), graphic(), scene(200, 150, alpha=True)):
        ((name, content),) = encoded(image, output, "jpeg")
        others = {
            each: len(encode(image, output, each))
            for each in ("jpeg", "png", "webp")
            if each != "jpeg" or not image.hasalpha()
        }
        assert (len(content), others[name]) == (min(others.values()), len(content))


def test_auto_keeps_what_is_transparent_and_drops_an_alpha_that_says_nothing() -> None:
    output = Output(format="auto", quality="auto")
    ((_, content),) = encoded(scene(200, 150, alpha=True), output, "png")
    assert decoded(content).hasalpha()
    opaque = photograph(320, 240).addalpha()
    ((_, content),) = encoded(opaque, output, "png")
    assert not decoded(content).hasalpha()
    ((_, first),) = encoded(photograph(320, 240), output, "png")
    assert content == first

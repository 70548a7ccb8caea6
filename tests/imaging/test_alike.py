"""quality: auto finds the lowest quality that is enough, with few encodings."""

from collections.abc import Mapping
from typing import Any

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
    choice = Judge(image).least_quality(AUTO, output_format)
    content = encode(image, AUTO, output_format)
    assert (choice.enough, choice.fine) == (True, False)
    assert content == saved(image, AUTO, output_format, choice.quality)
    assert choice.content in (None, content)
    assert score(image, content) >= target(320 * 240) - 0.1
    assert score(image, saved(image, AUTO, output_format, choice.quality - 3)) < target(320 * 240)


def stripes(*colors: list[int], wide: int = 3) -> pyvips.Image:
    """Slanted lines of these colors, each so many pixels wide."""
    image = pyvips.Image.xyz(400, 300)
    number = ((image[0] + image[1] / 4) / wide).floor() % len(colors)
    lines = sum((number == index).ifthenelse(each, [0, 0, 0]) for index, each in enumerate(colors))
    return lines.cast("uchar").copy(interpretation="srgb").copy_memory()


def lettering() -> pyvips.Image:
    """Red letters on blue."""
    letters = pyvips.Image.text("Red on blue, 0123456789\n" * 12, dpi=110, width=380)
    letters = letters.embed(5, 5, 400, 300)
    return letters.ifthenelse([230, 20, 20], [20, 20, 230], blend=True).copy_memory()


def colored() -> Mapping[str, pyvips.Image]:
    """Pictures of which nothing is left where four pixels share a color."""
    return {
        "letters": lettering(),
        "red and blue": stripes([230, 20, 20], [20, 20, 230]),
        "saturated": stripes([255, 0, 0], [0, 160, 0], [0, 0, 255], [255, 0, 255]),
    }


@pytest.mark.parametrize("output_format", LOSSY)
@pytest.mark.parametrize("picture", ["letters", "red and blue", "saturated"])
def test_edges_between_colors_are_kept_where_they_are_seen(
    output_format: OutputFormat, picture: str
) -> None:
    image = colored()[picture]
    choice = Judge(image).least_quality(AUTO, output_format)
    content = encode(image, AUTO, output_format)
    best = max(
        score(image, saved(image, AUTO, output_format, 95, fine=each)) for each in (False, True)
    )
    assert score(image, saved(image, AUTO, output_format, 89)) < target(400 * 300) - 5
    assert choice.fine
    assert content == saved(image, AUTO, output_format, choice.quality, fine=True)
    assert score(image, content) >= min(target(400 * 300) - 0.5, best - 0.01)
    assert choice.enough == (best >= target(400 * 300))


@pytest.mark.parametrize("picture", ["letters", "red and blue", "saturated"])
def test_auto_takes_no_file_that_does_not_look_alike(picture: str) -> None:
    image = colored()[picture]
    ((_, content),) = encoded(image, Output(format="auto", quality="auto"), "png")
    assert score(image, content) >= target(400 * 300) - 0.5


def test_auto_takes_the_larger_file_where_the_smaller_is_not_good_enough() -> None:
    lines = stripes([230, 25, 25], [25, 160, 25], [25, 25, 230], [230, 25, 230])
    noise = [pyvips.Image.gaussnoise(400, 300, mean=0, sigma=5, seed=each) for each in (1, 2, 3)]
    image = (
        (lines + noise[0].bandjoin(noise[1:]))
        .cast("uchar")
        .copy(interpretation="srgb")
        .copy_memory()
    )
    webp = Judge(image).least_quality(AUTO, "webp")
    ((name, content),) = encoded(image, Output(format="auto", quality="auto"), "png")
    assert not webp.enough
    assert name != "webp"
    assert len(encode(image, AUTO, "webp")) < len(content)
    assert score(image, content) >= target(400 * 300) - 0.5


def test_a_limit_goes_before_edges_between_colors() -> None:
    image = lettering()
    least = {fine: len(saved(image, AUTO, "jpeg", 25, fine=fine)) for fine in (False, True)}
    assert least[False] < least[True]
    for most in least.values():
        limited = Output(quality="auto", max_bytes=most)
        assert len(encode(image, limited, "jpeg")) <= most


def test_a_gray_picture_is_looked_at_once_for_each_quality(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    noise = pyvips.Image.gaussnoise(160, 120, mean=128, sigma=60, seed=1)
    image = noise.cast("uchar").copy(interpretation="b-w").copy_memory()
    fine = []

    def counted(*given: Any, **named: Any) -> bytes:
        fine.append(named["fine"])
        return saved(*given, **named)

    monkeypatch.setattr(alike, "saved", counted)
    Judge(image).least_quality(AUTO, "jpeg")
    assert not any(fine)


def test_what_is_hard_to_compress_gets_a_higher_quality_than_what_is_easy() -> None:
    easy = photograph(320, 240).gaussblur(6).copy_memory()
    pictures = (easy, scene(320, 240))
    qualities = [Judge(each).least_quality(AUTO, "webp").quality for each in pictures]
    assert qualities[0] < qualities[1]


@pytest.mark.parametrize("size", [(400, 300), (2200, 1700), (9000, 90)])
def test_a_search_encodes_four_times_at_most_and_never_much_at_once(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    image = photograph(*size)
    sizes = []

    def counted(image: pyvips.Image, *given: Any, **named: Any) -> bytes:
        sizes.append(image.width * image.height)
        return saved(image, *given, **named)

    monkeypatch.setattr(alike, "saved", counted)
    content = Judge(image).least_quality(AUTO, "jpeg").content
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
    choice = Judge(strip).least_quality(AUTO, "webp")
    assert choice.content is None
    made = encode(strip, AUTO, "webp")
    assert made == saved(strip, AUTO, "webp", choice.quality, fine=choice.fine)
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

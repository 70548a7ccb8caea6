"""The collection comes out as another program shows it, file by file.

ImageMagick has other decoders than libvips has, and for HEIF, GIF and animations other code around
them. Where it shows something else than we do, the file stands in a table below with the reason.
"""

import io
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageCms, ImageStat

from tests.imaging import imagemagick
from tests.imaging.imagemagick import ImageMagick
from tests.imaging.pictures import LIMITS, rendered
from tests.imaging.test_animation import as_pillow, kept
from tests.imaging.test_corpus import manifest
from tintype.errors import Rejection
from tintype.imaging.codec import frames_of, timing_of
from tintype.imaging.header import inspect
from tintype.imaging.messages import Output
from tintype.imaging.operations.resize import Resize

pytestmark = [pytest.mark.corpus, pytest.mark.timeout(300)]

TOLERANCE = 6.0
"""How far pixels may be apart on average, of 255: what rounding in converting colors takes."""

NO_PNG_EXIF = "it turns no PNG; those of test_corpus.py are turned by a third library"
NO_GAMMA = "it does not follow the gAMA chunk; test_color.py calculates what that says"
NO_INK = "ink without a profile: ours is common offset printing, its is plain arithmetic"
NO_HEIF_ALPHA = "it shows what HEIF and AVIF hide"
NO_HEIF_PROFILE = "it does not follow the profile of HEIF and AVIF"
BROKEN_PROFILE = "it puts a profile together whose parts contradict each other; ours is ignored"

SHOWN_OTHERWISE = {
    "orientation/imgproxy__orientation-4.png": NO_PNG_EXIF,
    "orientation/imgproxy__orientation-5.png": NO_PNG_EXIF,
    "orientation/imgproxy__orientation-6.png": NO_PNG_EXIF,
    "orientation/imgproxy__orientation-7.png": NO_PNG_EXIF,
    "orientation/aomediacodec__abc_color_irot_alpha_NOirot.avif": NO_HEIF_ALPHA,
    "orientation/python-pillow__transparency.avif": NO_HEIF_ALPHA,
    "orientation/python-pillow__xmp_tags_orientation.avif": NO_HEIF_PROFILE,
    "color/thumbor__Giunchedi%2C_Filippo_January_2015_01-cmyk-orientation-exif.jpg": NO_INK,
    "color/haraldk__cmyk-sample.jpg": NO_INK,
    "color/python-pillow__pil_sample_cmyk.jpg": NO_INK,
    "color/haraldk__invalid-icc-single-chunk-bad-sequence-number.jpg": BROKEN_PROFILE,
    "color/aomediacodec__kodim03_grayscale_gamma1.6.png": NO_GAMMA,
    "color/aomediacodec__ffffcc-gamma1.6.png": NO_GAMMA,
    "formats/link-u__fox.profile0.8bpc.yuv420.monochrome.avif": "it shows limited gray as full",
    "color/aomediacodec__colors_hdr_rec2020.avif": "it does not bring high range down",
    "formats/lunapaint__g03n0g16.png": NO_GAMMA,
    "formats/lunapaint__g05n0g16.png": NO_GAMMA,
    "formats/lunapaint__g07n0g16.png": NO_GAMMA,
    "formats/lunapaint__g25n0g16.png": NO_GAMMA,
    "formats/tigranbs__image4.heic": NO_HEIF_ALPHA,
    "formats/haraldk__flower-separated-planar-16.tif": NO_INK,
    "formats/libjxl__flower_small.cmyk.jpg": NO_INK,
}
READ_AT_LEAST = {"orientation": 34, "color": 30, "formats": 160}


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> ImageMagick:
    srgb = tmp_path_factory.mktemp("profiles") / "srgb.icc"
    srgb.write_bytes(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    return imagemagick.found(srgb)


def over_white(image: Image.Image) -> Image.Image:
    image = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")


def apart(left: Image.Image, right: Image.Image) -> float:
    """How far two pictures are apart, on average over pixels and colors."""
    means = ImageStat.Stat(ImageChops.difference(left, right)).mean
    return sum(means) / len(means)


@pytest.mark.parametrize("folder", READ_AT_LEAST)
def test_pictures_are_what_another_program_shows(
    folder: str, other: ImageMagick, corpus: Path, tmp_path: Path
) -> None:
    differ, seen = {}, 0
    for line in manifest(corpus, folder):
        file = line["file"]
        try:
            _, made = rendered(tmp_path, (corpus / file).read_bytes(), output=Output(format="png"))
        except Rejection:
            continue  # test_corpus.py knows what may be refused
        expected = other.picture(corpus / file)
        if expected is None:
            continue
        seen += 1
        ours = over_white(Image.open(io.BytesIO(made)))
        if ours.size != expected.size:
            differ[file] = f"{ours.size}, not {expected.size}"
        elif (difference := apart(ours, expected)) > TOLERANCE:
            differ[file] = f"{difference:.1f}"
    assert differ.keys() - SHOWN_OTHERWISE.keys() == set(), differ
    assert seen >= READ_AT_LEAST[folder]


# What is shown where a frame was taken away, in a GIF without transparency: nothing, or a color.
NOTHING_THERE = (
    "gnome__dispose-restore-background.gif",
    "google__background-color.gif",
    "google__multiple-loop-counts.gif",
    "python-pillow__dispose_bgnd.gif",
)
OTHER_FRAMES = {
    "discourse__animated.webp": "it lays frames over each other with other rounding, which adds up",
    "google__frame-out-of-bounds.gif": "it leaves frames out that lie outside of the picture",
}
# A frame without a delay of its own: 100 ms, as browsers have it; it has that of the frame before.
NO_DELAY = (
    "gnome__animation-multi-image.gif",
    "gnome__dispose-restore-previous.gif",
    "google__multiple-loop-counts.gif",
    "python-pillow__duplicate_number_of_loops.gif",
    "python-pillow__no_palette.gif",
    "python-pillow__no_palette_with_transparency_after_rgb.gif",
)
# Files that say twice how often they are played: ours takes the last, as browsers do.
SAID_TWICE = ("google__multiple-loop-counts.gif", "python-pillow__duplicate_number_of_loops.gif")


def test_animations_are_what_another_program_shows(
    other: ImageMagick, corpus: Path, tmp_path: Path
) -> None:
    """By frames (first, second, in the middle, last), delays and how often they are played."""
    seen = 0
    for path in sorted((corpus / "animated").iterdir()):
        content = path.read_bytes()
        try:
            facts = inspect(content, LIMITS)
            frames = [as_pillow(each.image) for each in frames_of(content, facts)]
        except Rejection:
            continue
        if len(frames) == 1 or path.name in OTHER_FRAMES:
            continue
        expected, timing = other.animation(path), timing_of(content, facts)
        assert len(frames) == len(expected.frames), path
        if path.name not in NOTHING_THERE:
            for index in {0, 1, len(frames) // 2, len(frames) - 1}:
                difference = apart(over_white(frames[index]), over_white(expected.frames[index]))
                assert difference < 1, (path, index, difference)
        if path.name not in NO_DELAY:
            assert [each // 10 for each in timing.delays] == list(expected.delays), path
        if path.name not in SAID_TWICE:
            assert timing.loop == expected.plays, path
        _, made = kept(tmp_path, content, Resize(width=16), format="gif")
        file = tmp_path / "made.gif"
        file.write_bytes(made)
        again = other.animation(file)
        assert len(again.frames) == len(frames), path
        assert sum(again.delays) * 10 == sum(timing.delays), path
        assert again.plays == timing.loop, path
        seen += 1
    assert seen > 25

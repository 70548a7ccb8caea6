"""One choice of colors does for all frames of an animation, where it is good enough."""

from collections.abc import Sequence

import pyvips

from tests.imaging.pictures import decoded, photograph, psnr, scene
from tintype.imaging.filmstrip import Timing, joined
from tintype.imaging.messages import Output
from tintype.imaging.palette import has_palette, with_common_palette
from tintype.imaging.save import saved


def strip_of(frames: Sequence[pyvips.Image]) -> pyvips.Image:
    return joined(frames, Timing(delays=(100,) * len(frames), loop=0))


def panned(image: pyvips.Image, count: int) -> list[pyvips.Image]:
    """A camera that moves over the picture."""
    return [image.crop(8 * number, 6 * number, 160, 120) for number in range(count)]


def scenes() -> list[pyvips.Image]:
    """Frames with nothing in common."""
    hues = photograph(320, 240).crop(0, 0, 160, 120).colourspace("lch")
    turned = [
        hues.linear([1, 1, 1], [0, 0, angle]).colourspace("srgb") for angle in range(0, 360, 40)
    ]
    noise = pyvips.Image.gaussnoise(160, 120, sigma=40, mean=0, seed=1)
    return [(each + noise).cast("uchar").copy(interpretation="srgb") for each in turned]


def gif(strip: pyvips.Image, colors: int = 256) -> pyvips.Image:
    return pyvips.Image.gifload_buffer(saved(strip, Output(format="gif"), "gif", colors), n=-1)


def test_frames_of_a_scene_share_their_colors_and_lose_little() -> None:
    strip = strip_of(panned(photograph(320, 240), 6))
    made = gif(strip)
    assert has_palette(made)
    assert made.height == strip.height
    apart = saved_apart(strip)
    assert psnr(made[:3], strip) > psnr(apart[:3], strip) - 3


def saved_apart(strip: pyvips.Image) -> pyvips.Image:
    """What each frame becomes with colors of its own."""
    height = strip.get("page-height")
    frames = [
        decoded(strip.crop(0, top, strip.width, height).gifsave_buffer(keep="none"))
        for top in range(0, strip.height, height)
    ]
    return pyvips.Image.arrayjoin(frames, across=1)


def test_transparency_is_kept() -> None:
    frames = panned(scene(320, 240, alpha=True), 5)
    strip = strip_of(frames)
    made = gif(strip)
    assert has_palette(made)
    solid = strip[3] >= 128
    assert ((made[3] == 255) == solid).min() == 255


def test_different_scenes_have_colors_of_their_own() -> None:
    strip = strip_of(scenes())
    assert not has_palette(with_common_palette(strip, 8))
    assert psnr(gif(strip)[:3], strip) > 24


def test_with_few_frames_or_colors_each_frame_chooses() -> None:
    few = strip_of(panned(photograph(320, 240), 3))
    assert not has_palette(with_common_palette(few, 8))
    many = strip_of(panned(photograph(320, 240), 6))
    assert not has_palette(with_common_palette(many, 3))

"""From a file's bytes to an upright sRGB picture in memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from tintype.imaging import heic, svg
from tintype.imaging.alpha import premultiplied
from tintype.imaging.color import Space, in_space
from tintype.imaging.filmstrip import Timing
from tintype.imaging.geometry import Axis, Size
from tintype.imaging.gray import in_full_range
from tintype.imaging.jpeg import with_true_transform, with_whole_blocks
from tintype.imaging.raster import Raster
from tintype.imaging.scale import reduced
from tintype.imaging.signaling import signal
from tintype.imaging.vips import check_last_lines, damage, load
from tintype.model import Facts

if TYPE_CHECKING:
    import pyvips

_FACTORS = (8, 4, 2)
"""By how much a picture may be reduced while it is decoded: what JPEG decoders can do."""


def decode(content: bytes, facts: Facts, scale: float, space: Space = "srgb") -> Raster:
    """The upright picture, 8-bit gray or RGB, with straight alpha or without.

    The colors are sRGB, or the original's where `space` is `keep` and one can work in them; the
    raster has their profile then.

    `scale` (0-1, for SVG above 1 too) is the largest scale at which the picture will be used; it is
    decoded at the lowest resolution that is enough for it. Every pixel is decoded before this
    returns, and the first damage that the decoder notices raises CorruptError.
    """
    factor = reduction(facts, scale)
    with damage(), _opened(content, facts, factor) as image:
        converted, profile = in_space(image, signal(facts.format, content), space)
        decoded = converted.copy_memory()
    if facts.format == "jpeg":
        check_last_lines()  # at once: the next operation forgets what this one complained of
    decoded = _in_memory(decoded)
    if facts.format == "jpeg":
        # Only what the picture fills: the rest of the last blocks may be anything.
        decoded = decoded.crop(0, 0, int(facts.width // factor), int(facts.height // factor))
    return replace(_upright(decoded, facts, factor), profile=profile)


def frames_of(content: bytes, facts: Facts, space: Space = "srgb") -> Iterator[Raster]:
    """Every frame of an animation as a picture, upright: what is shown, not what the file has.

    They are decoded one by one, and only the present one is in memory. Damage raises CorruptError.
    """
    with damage():
        strip = load(facts.format, content, n=-1)
        strip, profile = in_space(strip, signal(facts.format, content), space)
    for number in range(facts.frames):
        with damage():
            frame = strip.crop(0, number * facts.height, facts.width, facts.height).copy_memory()
        yield replace(_upright(_alone(frame), facts, 1), profile=profile)


def timing_of(content: bytes, facts: Facts) -> Timing:
    """How long the frames of an animation are shown, and how often; raises CorruptError."""
    with damage():
        strip = load(facts.format, content, n=-1)
    return Timing(tuple(strip.get("delay"))[: facts.frames], strip.get("loop"))


def _in_memory(image: "pyvips.Image") -> "pyvips.Image":
    """An image in memory that says so: operations then buffer no lines for it."""
    image = image.copy()
    if image.get_typeof(_SEQUENTIAL):
        image.remove(_SEQUENTIAL)
    return image


_SEQUENTIAL = "vips-sequential"


def _alone(frame: "pyvips.Image") -> "pyvips.Image":
    """A frame of a strip that no longer knows where it comes from."""
    frame = frame.copy()
    for name in ("page-height", "n-pages", "delay", "loop"):
        frame.remove(name)
    return frame


def reduction(facts: Facts, scale: float) -> float:
    """By how much to reduce a picture that is used at `scale` and less: 1, 2, 4 or 8.

    An SVG is drawn at just that scale, be it below 1 or above; then this is any number.

    Measured against a full decode with the same resize, at 800 x 600: a JPEG decoder's own scaling
    saves most of its work and stays above 40 dB even where nothing is left to the final resize. The
    plain averages that the other formats are reduced by save little but memory, and stay above
    40 dB where the final resize keeps a factor of two.
    """
    kept = 2.0 if facts.format not in ("jpeg", "svg") else 1.0
    used = max(scale * kept, 1 / min(facts.width, facts.height))  # a pixel has to be left
    if facts.format == "svg":
        return 1 / used
    return next((factor for factor in _FACTORS if used <= 1 / factor), 1)


@contextmanager
def _opened(content: bytes, facts: Facts, factor: float) -> Iterator["pyvips.Image"]:
    """The reduced picture, to be read once from top to bottom."""
    if facts.format == "jpeg":
        # Under no name of its own: what is declared otherwise is a copy, of which libvips has one.
        yield load(
            "jpeg",
            with_whole_blocks(with_true_transform(content), int(factor)),
            shrink=int(factor),
        )
    elif facts.format == "svg":
        frame = reduced(Size(facts.width, facts.height), factor)
        yield svg.drawn(content, 1 / factor, frame)
    elif _scaled_to_the_edge(facts):
        yield load("webp", content, scale=1 / factor)
    elif facts.format == "heic":
        with heic.opened(content) as image:
            yield _shrunk(image, int(factor))
    elif facts.format == "avif":
        yield _shrunk(in_full_range(load("avif", content), content), int(factor))
    else:
        yield _shrunk(load(facts.format, content), int(factor))


def _scaled_to_the_edge(facts: Facts) -> bool:
    """True where the decoder stretches the picture to whole columns instead of dropping a part.

    So is an SVG drawn. libwebp does, in about three quarters of the time of a full decode. The
    frames of an animation may be parts of the picture, so they are not scaled one by one.
    """
    return facts.format == "svg" or (facts.format == "webp" and facts.frames == 1)


def _shrunk(image: "pyvips.Image", factor: int) -> "pyvips.Image":
    """The averaged picture; lines that make no whole line are averaged too, and so all are read."""
    if factor == 1:
        return image
    return premultiplied(image, lambda each: each.shrink(factor, factor, ceil=True))


def _upright(image: "pyvips.Image", facts: Facts, factor: float) -> Raster:
    """The decoded picture turned upright: what it lacks at an end may then be at the start."""
    import pyvips

    columns, rows = Axis(image.width, facts.width, factor), Axis(image.height, facts.height, factor)
    if _scaled_to_the_edge(facts):
        columns, rows = columns.stretched(), rows.stretched()
    mirrored_columns, mirrored_rows = _MIRRORED[facts.orientation]
    columns = columns.mirrored() if mirrored_columns else columns
    rows = rows.mirrored() if mirrored_rows else rows
    if facts.orientation == 1:
        return Raster(image, columns, rows)
    across, down = (rows, columns) if facts.orientation >= 5 else (columns, rows)
    image = image.copy()
    image.set_type(pyvips.GValue.gint_type, "orientation", facts.orientation)
    return Raster(image.autorot(), across, down)


_MIRRORED = MappingProxyType(
    {
        1: (False, False),
        2: (True, False),
        3: (True, True),
        4: (False, True),
        5: (False, False),
        6: (False, True),
        7: (True, True),
        8: (True, False),
    }
)
"""For each EXIF orientation, whether the stored columns and rows run backward when upright."""

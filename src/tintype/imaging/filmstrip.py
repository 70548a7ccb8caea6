"""Filmstrips: the frames of an animation in one image, one below the other, and their times.

This is how libvips writes animations. An image is a strip where its `page-height` says so.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tintype.imaging.geometry import Size

if TYPE_CHECKING:
    import pyvips

ANIMATED: frozenset[str] = frozenset({"gif", "webp"})
"""The formats, of originals and of variants, that can have an animation."""

_PAGE = "page-height"
_SHOWN_AS_IS = 10  # ms: browsers show a frame of so much, or less, for 100 ms
_LONGEST_IN_GIF = 65535  # hundredths of a second
_LONGEST_IN_WEBP = 2**24 - 1  # ms
_ALPHA = 0x10  # among the flags of VP8X
_TICK = 100  # ms


@dataclass(frozen=True, slots=True)
class Timing:
    """When the frames of an animation are shown."""

    delays: tuple[int, ...]
    """For how many milliseconds each frame is shown; browsers take 0-10 for 100."""

    loop: int
    """How often the animation is played; 0 means without end."""


def joined(frames: Sequence["pyvips.Image"], timing: Timing) -> "pyvips.Image":
    """The strip of frames, all of one size, more than one."""
    import pyvips

    strip = pyvips.Image.arrayjoin(list(frames), across=1).copy()
    strip.set_type(pyvips.GValue.gint_type, _PAGE, frames[0].height)
    strip.set_type(pyvips.GValue.gint_type, "loop", timing.loop)
    return _with_delays(strip, timing.delays)


def is_strip(image: "pyvips.Image") -> bool:
    """Whether an image has the frames of an animation."""
    return bool(image.get_typeof(_PAGE))


def size_of(image: "pyvips.Image") -> Size:
    """The size of a picture, or of each frame of a strip."""
    return Size(image.width, image.get(_PAGE) if is_strip(image) else image.height)


def first_of(strip: "pyvips.Image") -> "pyvips.Image":
    """The first frame, as a picture in memory."""
    first: pyvips.Image = strip.crop(0, 0, strip.width, strip.get(_PAGE)).copy_memory().copy()
    first.remove(_PAGE)
    return first


def still(image: "pyvips.Image") -> "pyvips.Image":
    """The same pixels as one picture, be they those of a strip or not."""
    plain = image.copy()
    if is_strip(plain):
        plain.remove(_PAGE)
    return plain


def delays_of(strip: "pyvips.Image") -> tuple[int, ...]:
    """For how many milliseconds each frame is shown."""
    return tuple(strip.get("delay"))


def for_gif(strip: "pyvips.Image") -> "pyvips.Image":
    """The strip with delays that GIF has: hundredths of a second."""
    return _with_delays(strip, [10 * delay for delay in hundredths(delays_of(strip))])


def for_webp(strip: "pyvips.Image") -> "pyvips.Image":
    """The strip with the same delay everywhere; `corrected` puts the right ones in.

    libvips makes 100 ms of 0-10, and libwebp makes one of frames that are alike, so that nobody
    could tell which was which.
    """
    return _with_delays(strip, [_TICK] * (strip.height // size_of(strip).height))


def corrected(content: bytes, strip: "pyvips.Image") -> bytes:
    """The WebP file made of a strip `for_webp`, with the delays of the frames that went in.

    Where the frames have transparency, the file says so: libwebp leaves that out where every piece
    that it stores is opaque and together they do not fill the picture, and some decoders then show
    black. Places in chunks: https://developers.google.com/speed/webp/docs/riff_container.
    """
    delays = delays_of(strip)
    result, position = bytearray(content), 0
    for name, at in _chunks(content):
        if name == b"ANMF":
            shown = int.from_bytes(content[at + 12 : at + 15], "little") // _TICK
            total = min(sum(delays[position : position + shown]), _LONGEST_IN_WEBP)
            result[at + 12 : at + 15] = total.to_bytes(3, "little")
            position += shown
        elif name == b"VP8X" and strip.hasalpha():
            result[at] |= _ALPHA
        elif name == b"ANIM" and strip.hasalpha():
            result[at : at + 4] = bytes(4)  # the color behind the frames
    return bytes(result)


def hundredths(delays: Sequence[int]) -> list[int]:
    """Milliseconds as hundredths of a second whose sum is right as soon as it can be.

    What rounding takes from a frame the next ones give back. A frame that browsers show as long as
    it says, more than 10 ms, keeps at least 20: of less they would make 100.
    """
    rounded, owed = [], 0
    for delay in delays:
        if delay <= _SHOWN_AS_IS:
            rounded.append(-(-delay // 10))
            continue
        count = min(max(2, (delay + owed + 5) // 10), _LONGEST_IN_GIF)
        owed += delay - 10 * count
        rounded.append(count)
    return rounded


def _chunks(content: bytes) -> Iterator[tuple[bytes, int]]:
    """The names of a WebP file's chunks, and where the content of each begins."""
    at = 12
    while at + 8 <= len(content):
        yield content[at : at + 4], at + 8
        length = int.from_bytes(content[at + 4 : at + 8], "little")
        at += 8 + length + length % 2


def _with_delays(strip: "pyvips.Image", delays: Sequence[int]) -> "pyvips.Image":
    import pyvips

    strip = strip.copy()
    strip.set_type(pyvips.GValue.array_int_type, "delay", list(delays))
    return strip

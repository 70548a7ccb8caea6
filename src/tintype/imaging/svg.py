"""SVG: drawn by librsvg from memory, at the scale that is asked for.

Nothing but the file itself is drawn: without an address of its own it can name no other, and a
child could read none. What it may be is decided by `sniff`, before a parser sees it.
"""

import math
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tintype.imaging import fonts
from tintype.imaging.geometry import Size
from tintype.imaging.vips import damage, load

if TYPE_CHECKING:
    import pyvips

CPU_SECONDS = 2
"""The processor time that reading or drawing may take; then the kernel ends the process. A few
lines of SVG can ask for any amount of work."""

_DPI = 96  # CSS: so many pixels to an inch
_UNIT = 72 / _DPI  # libvips takes the resolution for an enlargement too


def measure(content: bytes) -> Size:
    """The size in CSS pixels, from the root's width and height or else its viewBox.

    Raises CorruptError.
    """
    with damage(), _limited():
        image = _load(content, 1.0)
    return Size(image.width, image.height)


def drawn(content: bytes, scale: float, frame: Size) -> "pyvips.Image":
    """What of the picture at a multiple of its size is in the frame, RGB with alpha.

    Raises CorruptError.
    """
    with damage(), _limited():
        image = _load(content, scale)
        width, height = min(frame.width, image.width), min(frame.height, image.height)
        return image.crop(0, 0, width, height).copy_memory()


def elements(content: bytes) -> int:
    """How many elements there are at most, without parsing."""
    return content.count(b"<") - content.count(b"</")


def _load(content: bytes, scale: float) -> "pyvips.Image":
    fonts.load()  # always, so that what was drawn before makes no difference
    return load("svg", content, dpi=_DPI, scale=scale * _UNIT)


@contextmanager
def _limited() -> Iterator[None]:
    """At most CPU_SECONDS of processor time from now on, or what is left of it if that is less."""
    soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
    limit = math.ceil(time.process_time()) + CPU_SECONDS
    if soft != resource.RLIM_INFINITY:
        limit = min(limit, soft)
    resource.setrlimit(resource.RLIMIT_CPU, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))

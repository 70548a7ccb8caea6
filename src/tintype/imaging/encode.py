"""From a picture to a variant's bytes."""

import math
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

from tintype.errors import OutputTooLargeError, TooManyPixelsError
from tintype.imaging.alike import Judge
from tintype.imaging.color import profiled_to_srgb
from tintype.imaging.filmstrip import ANIMATED, size_of
from tintype.imaging.messages import LONGEST_SIDE, InputFormat, Output, OutputFormat
from tintype.imaging.save import COLORS, saved

if TYPE_CHECKING:
    import pyvips

_SAME: Mapping[InputFormat, OutputFormat] = MappingProxyType(
    {
        "jpeg": "jpeg",
        "png": "png",
        "webp": "webp",
        "avif": "avif",
        "heic": "jpeg",
        "tiff": "jpeg",
        "gif": "gif",
        "svg": "png",
    }
)

_CANDIDATES: tuple[OutputFormat, ...] = ("jpeg", "png", "webp")
"""What `auto` chooses from: what everything reads that shows pictures today, AVIF not yet."""

_LOWEST_QUALITY = 25
"""How far max_bytes may lower the quality; below, pictures fall apart and hardly get smaller."""


def chosen_formats(output: Output, original: str) -> tuple[OutputFormat, ...]:
    """The formats that an output has for an original of this format, in its order, each once.

    Where `same` is a format that is listed besides, the last place counts: whoever cannot say what
    they take is given the last one. For `auto` these are all that it may become.
    """
    if output.format == "auto":
        return _CANDIDATES
    same = _SAME[cast("InputFormat", original)]
    wanted = [same if each == "same" else cast("OutputFormat", each) for each in output.listed]
    return tuple(reversed(dict.fromkeys(reversed(wanted))))


def encoded(
    image: "pyvips.Image", output: Output, original: str, strip: "pyvips.Image | None" = None
) -> Iterator[tuple[OutputFormat, bytes]]:
    """The picture's files, in the order of their formats: one for each, and one alone for `auto`.

    `strip` has the frames of an animation, for the formats that can have one. For `auto` it becomes
    WebP. Raises what `encode` raises.
    """
    formats = chosen_formats(output, original)
    if strip is not None and output.format == "auto":
        yield "webp", encode(strip, output, "webp")
        return
    if len(formats) > 1 or output.quality == "auto" or output.max_bytes is not None:
        image = image.copy_memory()  # else each encoder would run the operations once more
    if output.format == "auto":
        yield _smallest(image, output)
        return
    judge = Judge(image)
    for output_format in formats:
        if strip is not None and output_format in ANIMATED:
            yield output_format, encode(strip, output, output_format)
        else:
            yield output_format, encode(image, output, output_format, judge)


def encode(
    image: "pyvips.Image",
    output: Output,
    output_format: OutputFormat,
    judge: Judge | None = None,
) -> bytes:
    """The picture's bytes, with the metadata put into it; the same picture gives the same bytes.

    `judge` is one of this picture, where there are other files of it to be made.
    Raises TooManyPixelsError where a side is longer than the format can hold, and
    OutputTooLargeError where not even the lowest quality fits the output's max_bytes.
    """
    return _encode(image, output, output_format, judge)[1]


def _encode(
    image: "pyvips.Image", output: Output, output_format: OutputFormat, judge: Judge | None
) -> tuple[bool, bytes]:
    """Whether the file looks as good as it has to and fits too, and the file."""
    longest, size = LONGEST_SIDE[output_format], size_of(image)
    if max(size.width, size.height) > longest:
        raise TooManyPixelsError(
            f"A {size.width} x {size.height} picture is too large for {output_format.upper()},"
            f" which holds {longest:,} pixels a side."
        )
    if output_format == "jpeg" and image.hasalpha():
        image, judge = image.flatten(background=255), None
    if output_format == "gif":
        image = profiled_to_srgb(image)  # GIF has no profiles
    if output_format in COLORS:
        return _with_fewer_colors(image, output, output_format)
    content, quality, fine, enough = None, output.quality, False, True
    if quality == "auto":
        choice = (judge or Judge(image)).least_quality(output, output_format)
        content, quality, fine, enough = choice.content, choice.quality, choice.fine, choice.enough
    content = content or saved(image, output, output_format, quality, fine=fine)
    if output.max_bytes is None or len(content) <= output.max_bytes:
        return enough, content
    return False, _with_less_quality(image, output, output_format, quality, fine=fine)


def _with_less_quality(
    image: "pyvips.Image", output: Output, output_format: OutputFormat, quality: int, *, fine: bool
) -> bytes:
    """The file of the highest quality below this one that fits, found by halving: 7 at most.

    The edges between colors are given up where they keep every quality from fitting.
    """
    most = cast("int", output.max_bytes)
    too_low, too_high = min(_LOWEST_QUALITY, quality) - 1, quality
    best = b""
    while too_high - too_low > 1:
        middle = (too_low + too_high) // 2
        content = saved(image, output, output_format, middle, fine=fine)
        if len(content) <= most:
            too_low, best = middle, content
        else:
            too_high = middle
    if best:
        return best
    if fine:
        return _with_less_quality(image, output, output_format, quality, fine=False)
    least = len(saved(image, output, output_format, too_high))
    raise _too_large(output_format, least, f"quality {too_high}", most)


def _with_fewer_colors(
    image: "pyvips.Image", output: Output, output_format: OutputFormat
) -> tuple[bool, bytes]:
    """The file with the most colors that fits; all of them where there is no limit.

    Only with the first number of COLORS it is as good as it can be.
    """
    most = math.inf if output.max_bytes is None else output.max_bytes
    for colors in COLORS[output_format]:
        content = saved(image, output, output_format, colors)
        if len(content) <= most:
            return colors == COLORS[output_format][0], content
    raise _too_large(output_format, len(content), f"{colors} colors", most)


def _too_large(
    output_format: OutputFormat, least: int, reached: str, most: float
) -> OutputTooLargeError:
    return OutputTooLargeError(
        f"The {output_format.upper()} has {least:,} bytes even with {reached},"
        f" more than max_bytes allows: {most:,}."
    )


def _smallest(image: "pyvips.Image", output: Output) -> tuple[OutputFormat, bytes]:
    """The smallest of the files that look alike; of equal ones the first of _CANDIDATES.

    Where none does, as max_bytes may have it, it is the smallest of all.
    JPEG has no transparency, so it is none of them where the picture has some.
    """
    opaque = not image.hasalpha() or image[image.bands - 1].min() == 255
    if opaque and image.hasalpha():
        image = image.extract_band(0, n=image.bands - 1)
    judge = Judge(image)
    found: list[tuple[OutputFormat, bool, bytes]] = []
    refused: TooManyPixelsError | OutputTooLargeError | None = None
    for output_format in _CANDIDATES:
        if opaque or output_format != "jpeg":
            try:
                found.append((output_format, *_encode(image, output, output_format, judge)))
            except (TooManyPixelsError, OutputTooLargeError) as error:
                refused = error
    if not found and refused:
        raise refused
    name, _, content = min(found, key=lambda each: (not each[1], len(each[2])))
    return name, content

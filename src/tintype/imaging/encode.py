"""From a picture to a variant's bytes."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from tintype.errors import TooManyPixelsError
from tintype.imaging.messages import InputFormat, Output, OutputFormat

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
        "gif": "png",
    }
)

_LONGEST_SIDE: Mapping[OutputFormat, int] = MappingProxyType(
    {"jpeg": 65535, "png": 2**31 - 1, "webp": 16383, "avif": 16384}
)


def chosen_format(output: Output, original: str) -> OutputFormat:
    """The format that an output has for an original of this format."""
    return _SAME[cast("InputFormat", original)] if output.format == "same" else output.format


def encode(image: "pyvips.Image", output: Output, output_format: OutputFormat) -> bytes:
    """The picture's bytes, without any metadata; the same picture always gives the same bytes.

    Raises TooManyPixelsError where a side is longer than the format can hold.
    """
    longest = _LONGEST_SIDE[output_format]
    if max(image.width, image.height) > longest:
        raise TooManyPixelsError(
            f"A {image.width} x {image.height} picture is too large for {output_format.upper()},"
            f" which holds {longest:,} pixels a side."
        )
    if output_format == "jpeg" and image.hasalpha():
        image = image.flatten(background=255)
    save = {
        "jpeg": image.jpegsave_buffer,
        "png": image.pngsave_buffer,
        "webp": image.webpsave_buffer,
        "avif": image.heifsave_buffer,
    }[output_format]
    return bytes(save(keep="none", **_options(output, output_format)))


# Measured on 800 x 600 photographs: optimized Huffman tables make a baseline JPEG 2 % smaller and
# take twice the time (a progressive one has them anyway); WebP's effort 4 saves 3 % and doubles the
# time of effort 2; AVIF's effort 1 takes 0.2 s, is up to a quarter smaller than effort 0, and
# effort 3 takes three times as long for 4-13 %; PNG's filters help photographs and hurt graphics.
_WEBP_EFFORT = 2
_AVIF_EFFORT = 1


def _options(output: Output, output_format: OutputFormat) -> dict[str, Any]:
    if output_format == "jpeg":
        return {"Q": output.quality, "interlace": output.progressive}
    if output_format == "png":
        return {"interlace": output.progressive}
    if output_format == "webp":
        return {"Q": output.quality, "effort": _WEBP_EFFORT}
    return {"Q": output.quality, "compression": "av1", "effort": _AVIF_EFFORT}

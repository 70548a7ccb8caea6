"""One file of a picture, at a given quality or number of colors."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from tintype.imaging.filmstrip import corrected, for_gif, for_webp, is_strip, size_of
from tintype.imaging.messages import Output, OutputFormat
from tintype.imaging.metadata import flags
from tintype.imaging.palette import has_palette, with_common_palette

if TYPE_CHECKING:
    import pyvips

COLORS: Mapping[OutputFormat, tuple[int, ...]] = MappingProxyType(
    {"png": (0, 256, 16), "gif": (256, 128, 64, 32, 16, 8)}
)
"""For the formats without quality, how many colors they may have, 0 for all; the most first."""

FULL_COLOR: Mapping[OutputFormat, int] = MappingProxyType({"jpeg": 90, "avif": 90})
"""From which quality on each pixel has a color of its own, as libvips has it."""

# Measured on 800 x 600 photographs: optimized Huffman tables make a baseline JPEG 2 % smaller and
# take twice the time (a progressive one has them anyway); PNG's filters help photographs and hurt
# graphics. For the efforts see docs/encoding.md.
WEBP_EFFORT = 2
AVIF_EFFORT = 1

# How hard colors are looked for. Eight photographs of 800 x 600 take 0.2 s each with effort 2, and
# 1.2 s with libvips' own 7, for 7 % less and 0.3 dB more; frames of 400 x 300 take four times as
# long, for 2 dB.
_GIF_EFFORT = 2


_FINE: Mapping[OutputFormat, Mapping[str, Any]] = MappingProxyType(
    {
        "jpeg": {"subsample_mode": "off"},
        "webp": {"smart_subsample": True},
        "avif": {"subsample_mode": "off"},
    }
)
"""How a format is told to keep the edges between colors. WebP always has one color for four pixels,
but may choose it by what they will look like."""


def saved(
    image: "pyvips.Image",
    output: Output,
    output_format: OutputFormat,
    level: int,
    *,
    fine: bool = False,
) -> bytes:
    """The picture's bytes, with the metadata put into it; `level` is a quality or one of COLORS.

    `fine` keeps the edges between colors, as far as a format with qualities can: else four pixels
    share a color, in JPEG and AVIF below FULL_COLOR. A filmstrip becomes an animation, in a format
    that can have one.
    """
    more = _FINE[output_format] if fine else {}
    if not is_strip(image):
        return _saved(image, output, output_format, level, more)
    page: dict[str, Any] = {"page_height": size_of(image).height, **more}
    if output_format == "gif":
        # Frames that are alike stay several, as they were.
        page |= {"keep_duplicate_frames": True}
        strip = with_common_palette(for_gif(image), level.bit_length() - 1)
        return _saved(strip, output, output_format, level, page | {"reuse": has_palette(strip)})
    return corrected(_saved(for_webp(image), output, output_format, level, page), image)


def _saved(
    image: "pyvips.Image",
    output: Output,
    output_format: OutputFormat,
    level: int,
    more: Mapping[str, Any],
) -> bytes:
    save = {
        "jpeg": image.jpegsave_buffer,
        "png": image.pngsave_buffer,
        "webp": image.webpsave_buffer,
        "avif": image.heifsave_buffer,
        "gif": image.gifsave_buffer,
    }[output_format]
    return bytes(save(keep=flags(image), **{**_options(output, output_format, level), **more}))


def _options(output: Output, output_format: OutputFormat, level: int) -> dict[str, Any]:
    if output_format == "jpeg":
        return {"Q": level, "interlace": output.progressive}
    if output_format == "png":
        palette = {"palette": True, "bitdepth": level.bit_length() - 1} if level else {}
        return {"interlace": output.progressive, **palette}
    if output_format == "gif":
        return {"bitdepth": level.bit_length() - 1, "effort": _GIF_EFFORT}
    if output_format == "webp":
        return {"Q": level, "effort": WEBP_EFFORT}
    return {"Q": level, "compression": "av1", "effort": AVIF_EFFORT}

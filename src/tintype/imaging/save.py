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

# Measured on 800 x 600 photographs: optimized Huffman tables make a baseline JPEG 2 % smaller and
# take twice the time (a progressive one has them anyway); PNG's filters help photographs and hurt
# graphics. For the efforts see docs/encoding.md.
WEBP_EFFORT = 2
AVIF_EFFORT = 1

# Where each of an animation's frames has colors of its own to choose: for photographs of 400 x 300
# libvips' own effort 7 takes four times as long as effort 2, for 2 dB.
_GIF_FRAME_EFFORT = 2


def saved(image: "pyvips.Image", output: Output, output_format: OutputFormat, level: int) -> bytes:
    """The picture's bytes, with the metadata put into it; `level` is a quality or one of COLORS.

    A filmstrip becomes an animation, in a format that can have one.
    """
    if not is_strip(image):
        return _saved(image, output, output_format, level, {})
    page: dict[str, Any] = {"page_height": size_of(image).height}
    if output_format == "gif":
        # Frames that are alike stay several, as they were.
        page |= {"keep_duplicate_frames": True, "effort": _GIF_FRAME_EFFORT}
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
        return {"bitdepth": level.bit_length() - 1}
    if output_format == "webp":
        return {"Q": level, "effort": WEBP_EFFORT}
    return {"Q": level, "compression": "av1", "effort": AVIF_EFFORT}

"""The colors of an animation in GIF: the same for all of its frames where they are enough."""

from typing import TYPE_CHECKING

from tintype.imaging.filmstrip import size_of, still

if TYPE_CHECKING:
    import pyvips

# From so many pixels, taken evenly from all frames, the colors are chosen. More take longer and
# find none better.
_SAMPLE = 60_000
_EFFORT = 4

# The mean square of how far colors may be from those chosen, in 8-bit levels: 36 dB. Frames of
# different scenes need more colors than there are.
_WORST = 16.0

# For fewer frames, to choose the colors once costs as much as to choose them for each.
_FRAMES = 4

_CHOSEN = "gif-palette"


def with_common_palette(strip: "pyvips.Image", bits: int) -> "pyvips.Image":
    """The filmstrip with 2 ** `bits` colors for all frames, or as it is where those are too few.

    Whether they are there tells `has_palette`, of any image. To choose colors for each frame is
    most of what an animation costs, and makes its file larger.
    """
    import pyvips

    if strip.height // size_of(strip).height < _FRAMES:
        return strip
    step = max(1, round((strip.width * strip.height / _SAMPLE) ** 0.5))
    sample = still(strip.subsample(step, step)).copy_memory()
    made = pyvips.Image.gifload_buffer(
        sample.gifsave_buffer(effort=_EFFORT, bitdepth=bits, dither=0, keep="none")
    )
    if _apart(sample, made) > _WORST:
        return strip
    chosen = strip.copy()
    chosen.set_type(pyvips.GValue.array_int_type, _CHOSEN, made.get(_CHOSEN))
    return chosen


def has_palette(image: "pyvips.Image") -> bool:
    """Whether an image says which colors its GIF has."""
    return bool(image.get_typeof(_CHOSEN))


def _apart(sample: "pyvips.Image", made: "pyvips.Image") -> float:
    """The mean square of the difference of colors, where they are seen."""
    squares = sample.colourspace("srgb")[:3].cast("float") - made.colourspace("srgb")[:3]
    squares *= squares
    if sample.hasalpha():
        squares *= sample[sample.bands - 1] >= 128  # which is 255 where it is true
        squares /= 255
    return float(squares.avg())

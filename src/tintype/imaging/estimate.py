"""How much memory a task will need, from what the header says: arithmetic, before any work.

The estimate is an upper bound. Its numbers were measured: each format, with and without
transparency, in 8 and 16 bits, plain and layered, of smooth content and of noise, and each
operation and encoder, as the growth of a decoder child's resident memory.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from tintype.imaging.animation import HELD, is_kept
from tintype.imaging.codec import reduction
from tintype.imaging.coding import Coding
from tintype.imaging.encode import chosen_formats
from tintype.imaging.geometry import Size
from tintype.imaging.header import upright
from tintype.imaging.messages import Estimate, Output, OutputFormat, RenderTask, VariantTask
from tintype.imaging.operations import Holding, Operation, Phase, Sizing, in_phases
from tintype.imaging.operations.redact import Redact
from tintype.imaging.scale import largest_scale, reduced
from tintype.model import Facts

_MB = 10**6

# What any task takes: the libraries' tables and buffers, however small the picture.
_ANY = 14 * _MB

# A few hundred lines of the picture are under way in the operations at any time.
_LINES = 400

# Bytes for each pixel of the file, beside the decoded picture and the file itself.
_DECODERS: Mapping[str, float] = MappingProxyType(
    {
        "jpeg": 0.2,
        "png": 0.4,
        "webp": 0.3,
        "avif": 18.0,
        "heic": 6.0,
        "gif": 6.0,
        "tiff": 0.4,
        "svg": 16.0,
    }
)
# For an SVG, bytes for each that is drawn, for each byte of the file, and for each element.
_TEXT, _ELEMENT = 48, 2_500
# Of these, all samples are there at once before they become the picture.
_WHOLE = ("avif", "tiff")
_COEFFICIENT = 2  # bytes for each sample of a progressive JPEG

# Bytes for each pixel of the variant, its file included.
_ENCODERS: Mapping[OutputFormat, float] = MappingProxyType(
    {"jpeg": 2.0, "png": 9.0, "webp": 8.0, "avif": 28.0, "gif": 12.0}
)
_PROGRESSIVE: Mapping[OutputFormat, float] = MappingProxyType({"jpeg": 6.0, "png": 4.0})

# At the highest qualities the files are large, and the colors in them as fine as the light.
_HIGH = 90
_FACTOR_OF_HIGH: Mapping[OutputFormat, float] = MappingProxyType(
    {"jpeg": 2.5, "png": 1.0, "webp": 1.5, "avif": 2.0, "gif": 1.0}
)
_FACTOR_OF_ALPHA: Mapping[OutputFormat, float] = MappingProxyType(
    {"jpeg": 1.0, "png": 1.0, "webp": 3.2, "avif": 1.6, "gif": 1.0}
)
# `quality: auto` compares tiles of the picture, as light in floats, or all of a small one.
_COMPARING = 65.0
_COMPARING_ALPHA = 90.0  # on two backgrounds
_COMPARED = 128 * 128 * 32  # pixels at most
_COMPARER = 6 * _MB  # what it takes besides

# Bytes for each pixel of an animation's frames, beside its samples: as they are encoded, and what
# decoding them leaves behind.
_STRIP = 3.0
_DECODED: Mapping[str, float] = MappingProxyType({"webp": 2.3})


def estimate(facts: Facts, coding: Coding, task: RenderTask) -> Estimate:
    """The memory (bytes beyond an idle child's) that a task needs at most, and for what."""
    stills = [each for each in task.variants if not is_kept(each.output, facts)]
    moving = [each for each in task.variants if is_kept(each.output, facts)]
    size = upright(facts)
    factor = reduction(facts, largest_scale(stills, size, task.limits.max_pixels)) if stills else 1
    picture = reduced(size, factor)
    kept = facts.bytes
    kept += _spaces(stills) * _pixels(picture) * coding.bands
    frame = _pixels(size) * coding.bands
    held = facts.frames if _pixels(size) * facts.frames * 4 <= HELD else 1
    kept += _spaces(moving) * frame * held
    decoding = _decoding(facts, coding, factor)
    return Estimate(
        factor=factor,
        decoding=_ANY + kept + decoding,
        variants={
            each.name: _ANY + kept + _making(each, facts, picture, coding.bands) for each in stills
        }
        | {
            # Its frames may be decoded while it is made, and are encoded together.
            each.name: _ANY
            + kept
            + decoding
            + _making(each, facts, size, coding.bands)
            + _filmstrip(each, facts, coding.bands)
            for each in moving
        },
    )


def _spaces(variants: Sequence[VariantTask]) -> int:
    """In how many color spaces the picture is decoded for the variants."""
    return len({each.output.color for each in variants})


def _decoding(facts: Facts, coding: Coding, factor: float) -> int:
    """What the decoder itself takes, beside the file and the picture that it makes."""
    if facts.format == "svg":
        drawn = facts.width * facts.height / factor**2
        return round(drawn * _DECODERS["svg"] + facts.bytes * _TEXT + coding.elements * _ELEMENT)
    stored = facts.width * facts.height
    samples = stored * coding.bands
    taken = stored * _DECODERS[facts.format]
    taken += _LINES * facts.width * coding.bands * coding.sample_bytes
    if facts.format == "jpeg":
        taken += facts.bytes  # a copy, where its last blocks are not whole
        if coding.whole:
            taken += stored * (coding.bands - coding.subsampled) * _COEFFICIENT
    elif facts.format == "webp":
        # A lossy picture is reduced line by line; any other is there as a whole first.
        taken += stored / factor**2 * 7.5
        taken += stored * 4.7 if coding.whole or facts.frames > 1 else 0
        taken += stored if coding.bands == 4 else 0
    elif coding.whole or facts.format in _WHOLE:
        taken += samples * coding.sample_bytes * (1.2 if coding.sample_bytes > 1 else 1)
    if coding.bands == 4 and factor > 1 and facts.format not in ("jpeg", "webp"):
        taken += stored * 4
    return round(taken)


def _making(variant: VariantTask, facts: Facts, picture: Size, bands: int) -> int:
    """What a variant takes beside the file and the decoded picture."""
    taken = 0.0
    size = upright(facts)
    for operation in in_phases(variant.operations):
        taken += _operating(operation, picture, bands)
        size = operation.frame(size) if isinstance(operation, Sizing) else size
        if not isinstance(operation, Redact):  # which alone leaves a reduced picture as it is
            picture = size
        bands = _bands_after(operation, bands)
    pixels = _pixels(picture)
    if variant.output.quality == "auto":
        each = _COMPARING_ALPHA if bands == 4 else _COMPARING
        taken += _COMPARER + min(pixels, _COMPARED) * each
    return round(taken + pixels * _encoding(variant.output, facts.format, bands))


def _filmstrip(variant: VariantTask, facts: Facts, bands: int) -> int:
    """What all frames of a variant take, with the file that they become."""
    size = upright(facts)
    for operation in in_phases(variant.operations):
        size = operation.frame(size) if isinstance(operation, Sizing) else size
        bands = _bands_after(operation, bands)
    decoded = _pixels(upright(facts)) * _DECODED.get(facts.format, 0)
    return round(facts.frames * (_pixels(size) * (bands + _STRIP) + decoded))


def _encoding(output: Output, original: str, bands: int) -> float:
    """Bytes for each pixel of the variant."""
    formats = chosen_formats(output, original)
    compared = output.quality == "auto"
    copied = bands if len(formats) > 1 or compared or output.max_bytes is not None else 0
    high = compared or int(output.quality) >= _HIGH
    encoders = [
        (_ENCODERS[each] + (_PROGRESSIVE.get(each, 0) if output.progressive else 0))
        * (_FACTOR_OF_HIGH[each] if high else 1)
        * (_FACTOR_OF_ALPHA[each] if bands == 4 else 1)
        for each in formats
    ]
    return copied + max(encoders)


def _operating(operation: Operation, size: Size, bands: int) -> float:
    """What an operation takes for a picture of this size that it is given."""
    lines = _LINES * size.width * bands
    return lines + (operation.held(size, bands) if isinstance(operation, Holding) else 0)


def _bands_after(operation: Operation, bands: int) -> int:
    background = str(getattr(operation, "background", ""))
    if operation.phase is Phase.FINISH or len(background) == len("#rrggbbaa"):
        return 4
    return bands if bands % 2 == 0 or bands == 3 else 3


def _pixels(size: Size) -> int:
    return size.width * size.height

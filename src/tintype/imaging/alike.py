"""The lowest quality at which an encoded picture looks as good as the one it was made from."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from tintype.imaging.filmstrip import is_strip, still
from tintype.imaging.messages import Output, OutputFormat
from tintype.imaging.save import saved
from tintype.imaging.ssimulacra2 import Reference
from tintype.imaging.vips import load

if TYPE_CHECKING:
    import pyvips

TARGET = 74.0
"""The SSIMULACRA 2 score that is enough; docs/encoding.md says how it was calibrated."""

_NEAR = 0.6
"""By how much more than enough a score may be for the search to end."""

_MARGIN = 1.0
"""How much better tiles must look than a whole picture: they score a point or so beside it."""

_PROBES = 5
"""The most encodings of a search. One more follows where it was done on a sample."""

_LOWEST, _HIGHEST = 30, 95

_FIRST: Mapping[OutputFormat, int] = MappingProxyType({"jpeg": 75, "webp": 78, "avif": 63})
"""The quality that is tried first: what photographs need in the median."""

_SLOPE = 0.6
"""How much the score grows with each point of quality, as far as nothing better is known."""

_TILE = 128
_TILES = 32
"""A picture with more pixels than these tiles have is judged by them, cut out all over it."""

_BACKGROUNDS = (26, 230)
"""What is put behind transparent pictures: dark and light gray, of which the worse counts."""


def least_quality(
    image: "pyvips.Image", output: Output, output_format: OutputFormat
) -> tuple[int, bytes | None]:
    """The lowest quality found that is enough, and the file where it is made already.

    Encodes 5 times at most. Where nothing is enough, it is the highest quality that is tried. The
    same picture always gives the same answer. Needs a picture in memory.
    """
    sample = _sample(image)
    target = TARGET if sample is image else TARGET + _MARGIN
    judge = _Judge(sample, output_format)
    low, high = _LOWEST - 1, _HIGHEST
    scores: dict[int, float] = {}
    best = None
    quality = _FIRST[output_format]
    for _ in range(_PROBES):
        content = saved(sample, output, output_format, quality)
        scores[quality] = judge.score(content)
        if scores[quality] < target:
            low = quality
        else:
            high, best = quality, content
        if high - low == 1 or 0 <= scores[quality] - target <= _NEAR:
            break
        slope = _SLOPE
        if low in scores and high in scores:
            slope = max((scores[high] - scores[low]) / (high - low), 0.1)
        guess = quality + round((target + _NEAR / 2 - scores[quality]) / slope)
        quality = min(max(guess, low + 1), high - 1)
    return high, best if sample is image else None


class _Judge:
    """Compares files with the picture they were made from."""

    def __init__(self, image: "pyvips.Image", output_format: OutputFormat) -> None:
        self._format = output_format
        self._backgrounds = _BACKGROUNDS if image.hasalpha() else _BACKGROUNDS[:1]
        self._references = [Reference(each) for each in self._opaque(image)]

    def score(self, content: bytes) -> float:
        """How good the file looks, on the background where it looks worse."""
        made = load(self._format, content).copy_memory()
        return min(
            reference.score(each)
            for reference, each in zip(self._references, self._opaque(made), strict=True)
        )

    def _opaque(self, image: "pyvips.Image") -> list["pyvips.Image"]:
        if not image.hasalpha():
            return [image for _ in self._backgrounds]
        return [image.flatten(background=each).copy_memory() for each in self._backgrounds]


def _sample(image: "pyvips.Image") -> "pyvips.Image":
    """The picture; tiles from all over it, side by side, where it is larger or has several frames.

    They begin where JPEG blocks do, so that what is between them costs a JPEG nothing.
    """
    import pyvips

    width, height = image.width, image.height
    if width * height <= _TILES * _TILE**2 and not is_strip(image):
        return image
    columns = max(1, min(round((_TILES * width / height) ** 0.5), _TILES, width // _TILE))
    rows = max(1, min(_TILES // columns, height // _TILE))
    wide, high = min(_TILE, width), min(_TILE, height)
    tiles = [
        image.crop(
            _start(column, columns, width - wide), _start(row, rows, height - high), wide, high
        )
        for row in range(rows)
        for column in range(columns)
    ]
    return still(pyvips.Image.arrayjoin(tiles, across=columns)).copy_memory()


def _start(index: int, count: int, room: int) -> int:
    """Where a tile begins: they are spread evenly from edge to edge."""
    return room * index // max(1, count - 1) // 16 * 16

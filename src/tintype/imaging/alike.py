"""The lowest quality at which an encoded picture looks as good as the one it was made from."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from tintype.imaging.filmstrip import is_strip, size_of, still
from tintype.imaging.messages import Output, OutputFormat
from tintype.imaging.save import FULL_COLOR, saved
from tintype.imaging.ssimulacra2 import Reference
from tintype.imaging.vips import load

if TYPE_CHECKING:
    import pyvips

TARGET = 74.4
"""The SSIMULACRA 2 score that is enough for a picture of 800 x 600; see `target`."""

_PIXELS = 800 * 600
_GROWTH = 0.4
_LEAST_TARGET, _MOST_TARGET = 72.0, 76.0

_NEAR = 0.6
"""By how much more than enough a score may be for the search to end."""

_SAFE = 0.2
"""How much more than enough a quality must promise that is not looked at."""

_STEP = 2
"""How far from a quality that was looked at the line through two of them is believed."""

_MARGIN, _MOST_MARGIN = 1.2, 4.0
"""How much better tiles must look than a whole picture with each doubling of its pixels: the less
of it they are, the more they may score above it."""

_PROBES = 4
"""After how many encodings a search asks the line for the last time."""

_LOWEST, _HIGHEST = 30, 95

_FIRST: Mapping[OutputFormat, int] = MappingProxyType({"jpeg": 76, "webp": 78, "avif": 62})
"""The quality that is tried first: what photographs need in the median."""

_SLOPES: Mapping[OutputFormat, tuple[float, float]] = MappingProxyType(
    {"jpeg": (0.5, 0.75), "webp": (0.4, 0.75), "avif": (0.9, 0.8)}
)
"""How much a point of quality changes the score below and above the first one, in the mean."""

_TILE = 128
_TILES = 32
_JUDGED = _TILES * _TILE**2
"""A picture with more pixels than these tiles have is judged by them, cut out all over it."""

_BACKGROUNDS = (26, 230)
"""What is put behind transparent pictures: dark and light gray, of which the worse counts."""


def target(pixels: int) -> float:
    """The score that is enough for a picture of so many pixels.

    It is what JPEG of quality 80 reaches with nine of ten photographs, which grows with their size:
    docs/encoding.md has the figures.
    """
    grown = TARGET + _GROWTH * math.log2(pixels / _PIXELS)
    return min(max(grown, _LEAST_TARGET), _MOST_TARGET)


@dataclass(frozen=True, slots=True)
class Choice:
    """How a picture is to be encoded in a format."""

    quality: int
    fine: bool
    """Whether the edges between colors are kept, as `saved` has it."""
    score: float
    """How good that looks, or what a line through scores promises."""
    enough: bool
    """Whether that is as good as it has to be."""
    content: bytes | None
    """The file, where it is made already."""


class Judge:
    """Finds out which quality a picture needs in which format.

    What depends on the picture alone is computed once for all formats, when it is needed first.
    """

    def __init__(self, image: "pyvips.Image") -> None:
        """`image` is a picture in memory, or a filmstrip."""
        self._image = image
        self._backgrounds = _BACKGROUNDS if image.hasalpha() else _BACKGROUNDS[:1]

    def least_quality(self, output: Output, output_format: OutputFormat) -> Choice:
        """The lowest quality found that is enough; the best that was found where nothing is.

        It is looked for among the files whose pixels share colors, and only if none of them is
        enough among those that keep the edges between colors: scores leap from the one to the
        other. Encodes mostly twice. The same picture always gives the same answer.
        """
        if self._image.bands < 3:  # there are no colors
            return self._search(output, output_format, _HIGHEST, fine=False)
        highest = min(_HIGHEST, FULL_COLOR.get(output_format, _HIGHEST + 1) - 1)
        shared = self._search(output, output_format, highest, fine=False)
        if shared.enough:
            return shared
        fine = self._search(output, output_format, _HIGHEST, fine=True)
        return max(shared, fine, key=lambda each: (each.enough, each.score))

    def _search(
        self, output: Output, output_format: OutputFormat, highest: int, *, fine: bool
    ) -> Choice:
        """The lowest quality found that is enough, or the highest one; six encodings at most.

        Only what shares colors, as photographs do, is regular enough to believe in a line.
        """
        wanted = self._wanted()
        line = _Line(wanted, _SLOPES[output_format], highest)
        quality = _FIRST[output_format]
        files: dict[int, bytes] = {}
        while quality not in files and (fine or not line.promises(quality)):
            files[quality] = saved(self._sample, output, output_format, quality, fine=fine)
            line.scores[quality] = self._score(output_format, files[quality])
            if 0 <= line.scores[quality] - wanted <= _NEAR:
                break
            quality = line.guess() if len(files) <= _PROBES else line.least()
        score = line.scores.get(quality, wanted)
        content = files.get(quality) if self._sample is self._image else None
        return Choice(quality, fine, score, score >= wanted, content)

    def _wanted(self) -> float:
        """The score that is enough for the sample."""
        size, pixels = size_of(self._image), self._image.width * self._image.height
        margin = _MARGIN * math.log2(max(pixels / _JUDGED, 1.0))
        return target(size.width * size.height) + min(margin, _MOST_MARGIN)

    @cached_property
    def _sample(self) -> "pyvips.Image":
        return _sample(self._image)

    @cached_property
    def _references(self) -> Sequence[Reference]:
        return [Reference(each) for each in self._opaque(self._sample)]

    def _score(self, output_format: OutputFormat, content: bytes) -> float:
        """How good the file looks, on the background where it looks worse."""
        made = load(output_format, content).copy_memory()
        return min(
            reference.score(each)
            for reference, each in zip(self._references, self._opaque(made), strict=True)
        )

    def _opaque(self, image: "pyvips.Image") -> list["pyvips.Image"]:
        if not image.hasalpha():
            return [image for _ in self._backgrounds]
        return [image.flatten(background=each).copy_memory() for each in self._backgrounds]


class _Line:
    """What the scores of some qualities promise of others."""

    def __init__(self, wanted: float, slopes: tuple[float, float], highest: int) -> None:
        self.scores: dict[int, float] = {}
        self._wanted = wanted
        self._slopes = slopes
        self._highest = highest

    def guess(self) -> int:
        """The lowest quality that should be enough, or the highest one."""
        low = max((each for each in self.scores if self._missing(each) > 0), default=_LOWEST - 1)
        return min(max(self._crossing(), low + 1), self.least())

    def promises(self, quality: int) -> bool:
        """Whether the quality guessed is near enough to those known that nobody need look."""
        away = min((abs(quality - each) for each in self.scores), default=math.inf)
        return away <= _STEP and len(self.scores) > 1 and self._crossing() <= self._highest

    def least(self) -> int:
        """The lowest quality that is known to be enough, or the highest one."""
        known = (each for each in self.scores if self._missing(each) <= 0)
        return min(known, default=self._highest)

    def _crossing(self) -> int:
        """Where the line is as high as it has to be, by the nearest two scores if there are two."""
        nearest, *others = sorted(self.scores, key=lambda each: abs(self._missing(each)))
        missing = self._missing(nearest)
        slope = self._slopes[missing > 0]
        if others:
            rise = self.scores[nearest] - self.scores[others[0]]
            slope = max(rise / (nearest - others[0]), 0.1)
        return nearest + math.ceil((missing + _SAFE) / slope)

    def _missing(self, quality: int) -> float:
        return self._wanted - self.scores[quality]


def _sample(image: "pyvips.Image") -> "pyvips.Image":
    """The picture; tiles from all over it, side by side, where it is larger or has several frames.

    They begin where JPEG blocks do, so that what is between them costs a JPEG nothing.
    """
    import pyvips

    width, height = image.width, image.height
    if width * height <= _JUDGED and not is_strip(image):
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

"""Normalize: stretch the picture's tones from black to white."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Annotated, ClassVar

from annotated_types import Ge, Le

from tintype.imaging.geometry import Size
from tintype.imaging.operations.base import Holding, Operation, Phase, Settling
from tintype.imaging.raster import Raster
from tintype.imaging.strict import STRICT
from tintype.imaging.tone import curved

if TYPE_CHECKING:
    import pyvips


@dataclass(frozen=True, slots=True, kw_only=True)
class Normalize(Settling, Holding):
    """Stretch the picture's tones so that its darkest become black and its lightest white.

    How dark and light pixels are is their luminance, and a transparent pixel counts as much as it
    shows. Red, green and blue are stretched alike, so that no color cast comes or goes.
    """

    __pydantic_config__ = STRICT
    name: ClassVar[str] = "normalize"
    phase: ClassVar[Phase] = Phase.FILTERS

    lower: Annotated[float, Ge(0), Le(99)] = 1.0
    """The percentile of the tones that becomes black, and all below it."""

    upper: Annotated[float, Ge(1), Le(100)] = 99.0
    """The percentile of the tones that becomes white, and all above it."""

    def __post_init__(self) -> None:
        """Refuse percentiles in the wrong order."""
        if self.lower >= self.upper:
            raise ValueError("'lower' must be less than 'upper'")

    def apply(self, image: "pyvips.Image") -> "pyvips.Image":
        """The stretched picture; one that has a single tone is left as it is."""
        image = image.copy_memory()  # or whatever comes before would be done twice
        return self._stretch(_histogram(image)).apply(image)

    def settled(self, frames: Iterable[Raster]) -> Operation:
        """Stretch all frames alike, by the tones of all of them: a fade from black stays one."""
        histograms = (_histogram(each.image) for each in frames)
        return self._stretch([sum(counts) for counts in zip(*histograms, strict=True)])

    def held(self, picture: Size, bands: int) -> float:
        """The whole picture, which is looked at before it is changed."""
        return picture.width * picture.height * bands

    def _stretch(self, counts: list[float]) -> "_Stretch":
        total = sum(counts)
        black = _level(counts, total * self.lower / 100)
        white = 255 - _level(counts[::-1], total * (100 - self.upper) / 100)
        return _Stretch(black, white)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Stretch the tones between two levels; nothing happens where they are not two."""

    name: ClassVar[str] = Normalize.name
    phase: ClassVar[Phase] = Normalize.phase

    black: int
    white: int

    def apply(self, image: "pyvips.Image") -> "pyvips.Image":
        """The stretched picture."""
        if self.white <= self.black:
            return image
        range_ = self.white - self.black
        return curved(image, lambda level: (level - self.black) * 255 / range_)


def _histogram(image: "pyvips.Image") -> list[float]:
    """How many pixels have each luminance; in a picture with alpha, the sum of their alpha."""
    colors = image.bands - image.hasalpha()
    gray = image.extract_band(0, n=colors).colourspace("b-w")
    counts = image[colors].hist_find_indexed(gray) if image.hasalpha() else gray.hist_find()
    (row,) = counts.tolist()
    return [float(count) for count in row]


def _level(counts: list[float], most: float) -> int:
    """The first level that has more than so many pixels up to it; the last where none has."""
    reached = (level for level, count in enumerate(accumulate(counts)) if count > most)
    return next(reached, len(counts) - 1)

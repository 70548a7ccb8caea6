"""Pixelate: show the picture in blocks."""

from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, ClassVar

from annotated_types import Ge, Le

from tintype.imaging.alpha import premultiplied
from tintype.imaging.geometry import Size
from tintype.imaging.operations.base import Holding, Phase
from tintype.imaging.strict import STRICT

if TYPE_CHECKING:
    import pyvips


@dataclass(frozen=True, slots=True, kw_only=True)
class Pixelate(Holding):
    """Show the picture in square blocks, each in the average of its pixels.

    The blocks begin at the top left; the last ones of a row and a column may be cut.
    """

    __pydantic_config__ = STRICT
    name: ClassVar[str] = "pixelate"
    phase: ClassVar[Phase] = Phase.FILTERS

    # A picture of the usual size is a single block at 1000.
    block: Annotated[int, Ge(1), Le(1000)] = 10
    """The side of a block in pixels of the variant; 1 changes nothing."""

    def apply(self, image: "pyvips.Image") -> "pyvips.Image":
        """The picture in blocks."""
        if self.block == 1:
            return image
        # Each block is averaged once, not again for every few lines that are drawn of it.
        averages = premultiplied(image, self._averages).copy_memory()
        return averages.zoom(self.block, self.block).crop(0, 0, image.width, image.height)

    def held(self, picture: Size, bands: int) -> float:
        """The blocks, a pixel each."""
        return picture.width * picture.height / self.block**2 * bands * 2

    def _averages(self, image: "pyvips.Image") -> "pyvips.Image":
        """One pixel a block. A block that is cut is the average of what there is of it."""
        rows = [
            [
                image.crop(left, top, right - left, bottom - top).shrink(
                    min(self.block, right - left), min(self.block, bottom - top)
                )
                for left, right in pairwise(_cuts(image.width, self.block))
            ]
            for top, bottom in pairwise(_cuts(image.height, self.block))
        ]
        joined = [reduce(lambda left, right: left.join(right, "horizontal"), row) for row in rows]
        return reduce(lambda top, bottom: top.join(bottom, "vertical"), joined)


def _cuts(length: int, block: int) -> list[int]:
    """Where whole blocks begin, where they end, and where a cut one ends."""
    return sorted({0, length // block * block, length})

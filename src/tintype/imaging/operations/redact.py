"""Redact: make faces unrecognizable."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from annotated_types import Ge, Le

from tintype.imaging.alpha import premultiplied
from tintype.imaging.boxes import covered
from tintype.imaging.geometry import Area, Size
from tintype.imaging.operations.base import Holding, Phase, Shaping
from tintype.imaging.raster import Raster
from tintype.imaging.strict import STRICT

if TYPE_CHECKING:
    import pyvips

_DEPTH = 32
"""How many patches are laid over each other in one pipeline; a deep one takes much stack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redact(Shaping, Holding):
    """Make faces unrecognizable; it comes before everything else, so nothing brings them back.

    Whatever the style and the size, all that is left of a face is the average colors of a few
    cells: a Gaussian blur could be undone in part.
    """

    __pydantic_config__ = STRICT
    name: ClassVar[str] = "redact"
    phase: ClassVar[Phase] = Phase.REDACTION

    style: Literal["blur", "pixelate"] = "blur"
    """How it looks: `blur` blends the cells into each other, `pixelate` shows them as blocks."""

    # With more, programs that know a person's photographs begin to recognize the person again.
    cells: Annotated[int, Ge(1), Le(10)] = 6
    """How many cells there are along the longer side of a face."""

    margin: Annotated[float, Ge(0), Le(1)] = 0.2
    """How much more than the face is covered on each side, as a fraction of its size."""

    def draw(self, raster: Raster) -> Raster:
        """The picture without its faces."""
        image = raster.image
        for number, box in enumerate(raster.faces, start=1):
            area = covered(box, self.margin, raster.across, raster.down)
            if area is not None:
                image = image.insert(self._patch(raster.image, area), area.left, area.top)
            if number % _DEPTH == 0:
                image = image.copy_memory()
        return replace(raster, image=image)

    def held(self, picture: Size, bands: int) -> float:
        """The whole picture, in which patches are laid over each other."""
        return picture.width * picture.height * bands

    def _patch(self, image: "pyvips.Image", area: Area) -> "pyvips.Image":
        """What is shown in place of an area: a function of its cells' averages alone."""
        cell = max(area.width, area.height) / self.cells
        columns, rows = (
            min(side, max(1, round(side / cell))) for side in (area.width, area.height)
        )
        kernel = "nearest" if self.style == "pixelate" else "linear"

        def draw(face: "pyvips.Image") -> "pyvips.Image":
            averages = face.resize(
                columns / area.width, vscale=rows / area.height, kernel="linear"
            ).copy_memory()
            return averages.resize(area.width / columns, vscale=area.height / rows, kernel=kernel)

        return premultiplied(image.crop(area.left, area.top, area.width, area.height), draw)

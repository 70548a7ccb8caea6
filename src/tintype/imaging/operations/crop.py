"""Crop: keep a part of the picture."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from annotated_types import Ge, Le

from tintype.imaging.geometry import Gravity, Size, offset
from tintype.imaging.operations.base import Phase
from tintype.imaging.strict import STRICT

if TYPE_CHECKING:
    import pyvips

# The longest side that any accepted format can declare within JPEG's and PNG's common use.
Pixels = Annotated[int, Le(65535)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Crop:
    """Keep a part of the picture; what reaches beyond its edges is left out."""

    __pydantic_config__ = STRICT
    name: ClassVar[str] = "crop"
    phase: ClassVar[Phase] = Phase.GEOMETRY

    width: Annotated[Pixels, Ge(1)]
    """The part's width in pixels."""

    height: Annotated[Pixels, Ge(1)]
    """The part's height in pixels."""

    gravity: Gravity = "center"
    """Which part is kept: `center`, a compass point, a focal point, or the part that draws
    `attention` or has the most `entropy`."""

    def apply(self, image: "pyvips.Image") -> "pyvips.Image":
        """The part of the picture."""
        outer = Size(image.width, image.height)
        inner = Size(min(self.width, outer.width), min(self.height, outer.height))
        if self.gravity in ("attention", "entropy"):
            return image.smartcrop(inner.width, inner.height, interesting=self.gravity)
        left, top = offset(outer, inner, self.gravity)
        return image.crop(left, top, inner.width, inner.height)

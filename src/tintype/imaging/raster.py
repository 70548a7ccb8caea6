"""A picture in memory."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tintype.imaging.geometry import Axis, Size

if TYPE_CHECKING:
    import pyvips


@dataclass(frozen=True, slots=True)
class Raster:
    """A picture, and an image that holds it, maybe at a reduced scale."""

    image: "pyvips.Image"
    across: Axis
    down: Axis

    @classmethod
    def whole(cls, image: "pyvips.Image") -> "Raster":
        """The picture that an image holds pixel by pixel."""
        return cls(image, Axis(image.width, image.width), Axis(image.height, image.height))

    @property
    def size(self) -> Size:
        """The picture's size, not the image's."""
        return Size(self.across.whole, self.down.whole)

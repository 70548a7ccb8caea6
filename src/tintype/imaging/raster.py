"""A picture in memory."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tintype.imaging.alpha import premultiplied
from tintype.imaging.boxes import Box, middle, seen
from tintype.imaging.geometry import Axis, FocalPoint, Gravity, Size, offset

if TYPE_CHECKING:
    import pyvips


@dataclass(frozen=True, slots=True)
class Raster:
    """A picture, and an image that holds it, maybe at a reduced scale."""

    image: "pyvips.Image"
    across: Axis
    down: Axis

    faces: tuple[Box, ...] = ()
    """Where the faces are in the picture."""

    profile: bytes = b""
    """The ICC profile of a picture just decoded; empty for sRGB. Operations do not pass it on."""

    @classmethod
    def whole(cls, image: "pyvips.Image", faces: tuple[Box, ...] = ()) -> "Raster":
        """The picture that an image holds pixel by pixel."""
        across, down = Axis(image.width, image.width), Axis(image.height, image.height)
        return cls(image, across, down, faces)

    @property
    def size(self) -> Size:
        """The picture's size, not the image's."""
        return Size(self.across.whole, self.down.whole)

    @property
    def enlarged(self) -> bool:
        """Whether the image has more pixels than the picture."""
        larger = self.image.width > self.across.whole or self.image.height > self.down.whole
        return bool(larger)

    def in_full(self) -> "Raster":
        """The picture in an image that holds it pixel by pixel."""
        across = self.across.whole / self.image.width
        down = self.down.whole / self.image.height
        image = premultiplied(self.image, lambda each: each.resize(across, vscale=down))
        return Raster.whole(image, self.faces)

    def settled(self, gravity: Gravity, picture: Size, frame: Size) -> Gravity:
        """The gravity, with a point for `faces`, or `attention` where there are none.

        `picture` is the size at which the picture is placed, `frame` what is kept of it.
        """
        if gravity != "faces":
            return gravity
        return middle(self.faces, picture, frame) if self.faces else "attention"

    def part(self, frame: Size, gravity: Gravity) -> "Raster":
        """The part of a picture in full scale that gravity chooses; it is not larger."""
        gravity = self.settled(gravity, self.size, frame)
        if gravity in ("attention", "entropy"):
            image = self.image.smartcrop(frame.width, frame.height, interesting=gravity)
            return self.now(image, -image.xoffset, -image.yoffset)
        return self.cut(*offset(self.size, frame, gravity), frame)

    def point(self, frame: Size, gravity: Gravity) -> Gravity:
        """A gravity that chooses the same part of this picture, and of others without a look."""
        gravity = self.settled(gravity, self.size, frame)
        if gravity not in ("attention", "entropy"):
            return gravity
        image = self.image.smartcrop(frame.width, frame.height, interesting=gravity)
        return FocalPoint(
            x=(frame.width / 2 - image.xoffset) / self.size.width,
            y=(frame.height / 2 - image.yoffset) / self.size.height,
        )

    def cut(self, left: int, top: int, frame: Size) -> "Raster":
        """The part of a picture in full scale whose corner lies at (left, top)."""
        if frame == self.size:
            return self
        return self.now(self.image.crop(left, top, frame.width, frame.height), left, top)

    def now(self, image: "pyvips.Image", left: int, top: int) -> "Raster":
        """The image as the picture; its corner lies at (left, top) of this one in full scale."""
        frame = Size(image.width, image.height)
        return Raster.whole(image, seen(self.faces, self.size, left, top, frame))

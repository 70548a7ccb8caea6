"""Round corners: make the corners transparent."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from tintype.imaging.lengths import Radius, share
from tintype.imaging.operations.base import Phase
from tintype.imaging.strict import STRICT

if TYPE_CHECKING:
    import pyvips


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundCorners:
    """Make the corners transparent, as quarters of circles with smooth edges."""

    __pydantic_config__ = STRICT
    name: ClassVar[str] = "round_corners"
    phase: ClassVar[Phase] = Phase.FINISH

    radius: Radius = "max"
    """How large the circles are: pixels, a percentage of the shorter side such as `10%`, or `max`,
    half the shorter side, which is also the most: a square becomes a circle. In formats without
    transparency, such as JPEG, the corners are white."""

    def apply(self, image: "pyvips.Image") -> "pyvips.Image":
        """The picture with round corners; it has transparency."""
        mask = self._mask(image.width, image.height)
        if not image.hasalpha():
            return image.bandjoin(mask)
        last = image.bands - 1
        opacity = (image[last] * mask / 255).rint().cast("uchar")
        return image.extract_band(0, n=last).bandjoin(opacity)

    def _mask(self, width: int, height: int) -> "pyvips.Image":
        """How opaque each pixel is: as much of it as lies inside, taking the edge for straight."""
        import pyvips

        shorter = min(width, height)
        most = shorter / 2
        radius = most if self.radius == "max" else min(most, share(self.radius, shorter))
        # Distances are measured at the middles of pixels, and are negative inside.
        distance = pyvips.Image.sdf(
            width,
            height,
            "rounded-box",
            a=[-0.5, -0.5],
            b=[width - 0.5, height - 0.5],
            corners=[radius] * 4,
        )
        return (distance * -255 + 127.5).rint().cast("uchar")

"""Vignette: let the picture fade toward its corners."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from annotated_types import Ge, Le

from tintype.imaging.color import OpaqueColor, bands
from tintype.imaging.operations.base import Phase
from tintype.imaging.strict import STRICT
from tintype.imaging.tone import on_colors

if TYPE_CHECKING:
    import pyvips


@dataclass(frozen=True, slots=True, kw_only=True)
class Vignette:
    """Let the picture fade to a color toward its corners.

    With the distance from the center as 1 at the corners, measured along ellipses of the picture's
    proportions, the color's share is `amount * ((distance**2 - size**2) / (1 - size**2)) ** 2`.
    """

    __pydantic_config__ = STRICT
    name: ClassVar[str] = "vignette"
    phase: ClassVar[Phase] = Phase.FILTERS

    amount: Annotated[float, Ge(0), Le(1)] = 0.6
    """How much of the color there is in the very corners: 0 changes nothing, 1 hides the
    picture there."""

    # Closer to 1 the fading would be a hard edge that cuts the corners off.
    size: Annotated[float, Ge(0), Le(0.9)] = 0.3
    """Where the fading begins, as a part of the way from the center to a corner."""

    color: OpaqueColor = "#000000"
    """What the picture fades to, `#rrggbb`."""

    def apply(self, image: "pyvips.Image") -> "pyvips.Image":
        """The picture with its fading; a gray one stays gray where the color is a gray."""
        color = bands(self.color)[:3]
        if image.interpretation == "b-w" and len(set(color)) == 1:
            color = color[:1]
        else:
            image = image.colourspace("srgb")
        share = self._share(image.width, image.height)
        return on_colors(image, lambda each: share.ifthenelse(color, each, blend=True))

    def _share(self, width: int, height: int) -> "pyvips.Image":
        """The color's share in each pixel, 0-255."""
        import pyvips

        # From -1 to 1 across the picture, for the middle of each pixel.
        offset = pyvips.Image.xyz(width, height).linear(
            [2 / width, 2 / height], [1 / width - 1, 1 / height - 1]
        )
        distance_squared = (offset * offset).bandmean()
        begin, range_ = self.size**2, 1 - self.size**2
        fading = distance_squared.linear(1 / range_, -begin / range_).clamp()
        return (fading * fading).linear(255 * self.amount, 0.5, uchar=True)

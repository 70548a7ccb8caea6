"""Tint: show the picture in shades of one color."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from annotated_types import Ge, Le

from tintype.imaging.color import OpaqueColor, bands
from tintype.imaging.operations.base import Phase
from tintype.imaging.strict import STRICT
from tintype.imaging.tone import clipped, looked_up, on_colors

if TYPE_CHECKING:
    import pyvips

# How much of the light of sRGB's red, green and blue the eye counts; IEC 61966-2-1.
_WEIGHTS = (0.2126, 0.7152, 0.0722)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tint:
    """Show the picture in shades of one color; every pixel stays as light as it was.

    Luminance, the light that the eye counts, is kept. A pixel as light as the color becomes the
    color, darker ones go from there straight to black and lighter ones to white, in linear light.
    """

    __pydantic_config__ = STRICT
    name: ClassVar[str] = "tint"
    phase: ClassVar[Phase] = Phase.FILTERS

    color: OpaqueColor = "#c08040"
    """The color, `#rrggbb`."""

    amount: Annotated[float, Ge(0), Le(1)] = 1.0
    """How much: 0 changes nothing, 1 leaves no other color."""

    def apply(self, image: "pyvips.Image") -> "pyvips.Image":
        """The tinted picture, in color also where it was gray."""
        return on_colors(image, self._tinted)

    def _tinted(self, image: "pyvips.Image") -> "pyvips.Image":
        shades = looked_up(image.colourspace("b-w"), _shades(self.color))
        shades = shades.copy(interpretation="srgb")
        if self.amount == 1:
            return shades
        light = image.colourspace("scrgb") * (1 - self.amount)
        return (light + shades.colourspace("scrgb") * self.amount).colourspace("srgb")


def _shades(color: str) -> list[list[int]]:
    """Red, green and blue of the shade that is as light as each of the grays."""
    full = [_light(level) for level in bands(color)[:3]]
    luminance = sum(weight * light for weight, light in zip(_WEIGHTS, full, strict=True))
    return [
        [_level(light) for light in _shade(full, luminance, _light(gray))] for gray in range(256)
    ]


def _shade(full: list[float], luminance: float, wanted: float) -> list[float]:
    """The color of the wanted luminance on the way from black over the full color to white."""
    if wanted < luminance:
        return [light * wanted / luminance for light in full]
    whiteness = (wanted - luminance) / (1 - luminance) if luminance < 1 else 0.0
    return [light + (1 - light) * whiteness for light in full]


def _light(level: int) -> float:
    """The light, 0-1, of an sRGB level."""
    value = level / 255
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def _level(light: float) -> int:
    """The sRGB level of a light, 0-1."""
    value = light * 12.92 if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055
    return clipped(value * 255)

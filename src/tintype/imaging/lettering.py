"""Texts as pictures: letters in a color, with an outline and a shadow."""

import html
import math
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field

from tintype.imaging import fonts
from tintype.imaging.color import bands
from tintype.imaging.gaussian import blurred
from tintype.imaging.geometry import Size, round_half_up

if TYPE_CHECKING:
    import pyvips

# Marks and isolates are what mixed text is written with; these would let a part of it, which may
# come from elsewhere, turn the order of the rest.
_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e")
# Control characters, halves of surrogate pairs, ends of lines and of paragraphs.
_REFUSED = ("Cc", "Cs", "Zl", "Zp")
# What may stand in a text and leaves no mark alone.
_INVISIBLE = ("Cf", "Zs")


_LONGEST = 200


def _check_text(text: str) -> str:
    if not 1 <= len(text) <= _LONGEST:
        raise ValueError(f"must have 1 to {_LONGEST} characters")
    for character in text:
        if unicodedata.category(character) in _REFUSED or character in _OVERRIDES:
            raise ValueError(
                "must be one line without control characters and without the characters that"
                f" change the direction of others; it has U+{ord(character):04X}"
            )
    if all(unicodedata.category(character) in _INVISIBLE for character in text):
        raise ValueError("must have something to see")
    return text


Text = Annotated[
    str,
    AfterValidator(_check_text),
    Field(json_schema_extra={"minLength": 1, "maxLength": _LONGEST}),
]
"""A line of text in any script and direction."""

_REFERENCE = 48.0
_OUTLINE = 1 / 20
_SHADOW = 1 / 14


@dataclass(frozen=True, slots=True)
class Lettering:
    """A text in colors (`#rrggbb`, `#rrggbbaa`)."""

    text: str
    color: str
    outline: str | None
    shadow: str | None

    @property
    def gray(self) -> bool:
        """Whether none of the colors has a hue."""
        colors = [bands(color) for color in (self.color, self.outline, self.shadow) if color]
        return all(red == green == blue for red, green, blue, _ in colors)

    def proportions(self) -> tuple[Size, float] | None:
        """The picture's size at some font size (pixels), and that; None if there is nothing to see.

        Letters grow in proportion to the font size but for a pixel or so.
        """
        mask = self._mask(_REFERENCE)
        if mask is None:
            return None
        near, far = self._margins(_REFERENCE)
        return Size(near + mask.width + far, near + mask.height + far), _REFERENCE

    def draw(self, pixels: float) -> "pyvips.Image | None":
        """The text at a font size in pixels, sRGB or gray with alpha; None as for proportions."""
        mask = self._mask(pixels)
        if mask is None:
            return None
        near, far = self._margins(pixels)
        wide, high = near + mask.width + far, near + mask.height + far
        mask = mask.embed(near, near, wide, high)
        edge = mask
        layers = []
        if self.outline:
            span = 2 * _outline(pixels) + 1
            edge = mask.rank(span, 1, span - 1).rank(1, span, span - 1)
            layers.append(_filled(edge, self.outline))
        layers.append(_filled(mask, self.color))
        if self.shadow:
            away = _shadow(pixels)
            cast = blurred(edge.embed(away, away, wide, high), away / 2)
            layers.insert(0, _filled(cast, self.shadow))
        image = layers[0]
        if layers[1:]:
            image = image.composite(layers[1:], ["over"] * len(layers[1:]))
        image = image.rint().cast("uchar")
        return image[0].bandjoin(image[3]).copy(interpretation="b-w") if self.gray else image

    def _mask(self, pixels: float) -> "pyvips.Image | None":
        """How much of each pixel the letters cover, 0-255; as large as they are."""
        import pyvips

        fonts.load()
        try:
            return pyvips.Image.text(
                html.escape(self.text, quote=False),  # Pango takes a text for markup
                font=f"{fonts.FAMILIES} {max(1.0, pixels):.2f}px",
                dpi=72,
            )
        except pyvips.Error as error:
            if "no text to render" in str(error.detail):
                return None
            raise

    def _margins(self, pixels: float) -> tuple[int, int]:
        """How far outline and shadow reach beyond the letters: left and above, right and below."""
        near = _outline(pixels) if self.outline else 0
        return near, near + (math.ceil(2.5 * _shadow(pixels)) if self.shadow else 0)


def _outline(pixels: float) -> int:
    return max(1, round_half_up(pixels * _OUTLINE))


def _shadow(pixels: float) -> int:
    return max(1, round_half_up(pixels * _SHADOW))


def _filled(mask: "pyvips.Image", color: str) -> "pyvips.Image":
    """The color, as opaque as the mask says."""
    *flat, opacity = bands(color)
    area = mask.new_from_image(flat).copy(interpretation="srgb")
    return area.bandjoin((mask * (opacity / 255)).rint().cast("uchar"))

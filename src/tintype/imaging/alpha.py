"""Transparency around operations that mix neighboring pixels."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyvips


PREMULTIPLYING = 6.0
"""How many bytes of each pixel are held where a picture with transparency is scaled or turned."""


def premultiplied(
    image: "pyvips.Image", transform: Callable[["pyvips.Image"], "pyvips.Image"]
) -> "pyvips.Image":
    """Transform a picture so that the color of transparent pixels does not bleed into others."""
    if not image.hasalpha():
        return transform(image)
    return transform(image.premultiply()).unpremultiply().rint().cast(image.format)

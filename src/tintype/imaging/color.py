"""Colors as people write them, and as bands of a picture."""

from typing import TYPE_CHECKING, Annotated

from pydantic import StringConstraints

from tintype.imaging.icc import is_srgb

if TYPE_CHECKING:
    import pyvips

Color = Annotated[str, StringConstraints(pattern=r"^#(?:[0-9a-fA-F]{6}|[0-9a-fA-F]{8})$")]
"""An sRGB color, `#rrggbb`, or `#rrggbbaa` with an opacity."""


def bands(color: str) -> list[int]:
    """Red, green, blue and opacity, 0-255 each."""
    return list(bytes.fromhex(color.removeprefix("#").ljust(8, "f")))


def with_background(image: "pyvips.Image", color: str) -> tuple["pyvips.Image", list[int]]:
    """The picture in as many bands as the background needs, and the background in those bands.

    A gray picture becomes RGB; one without transparency gets it where the background is not opaque.
    """
    background = bands(color)
    image = image.colourspace("srgb")
    if background[3] < 255 and not image.hasalpha():
        image = image.addalpha()
    return image, background[: image.bands]


def to_srgb(image: "pyvips.Image") -> "pyvips.Image":
    """A decoded picture as 8-bit sRGB, or as 8-bit gray where it has no color, alpha kept.

    An embedded ICC profile is followed; one that cannot be used is ignored. Pictures without a
    profile are taken for sRGB, or for common offset printing where they are CMYK.
    """
    import pyvips

    if image.get_typeof("icc-profile-data") and not _needs_no_profile(image):
        try:
            image = image.icc_transform("srgb", embedded=True, intent="perceptual", depth=8)
        except pyvips.Error:
            image = image.copy()
            image.remove("icc-profile-data")
    gray = image.interpretation in ("b-w", "grey16") and image.bands < 3
    image = image.colourspace("b-w" if gray else "srgb")
    bands_of_a_picture = 2 if gray else 4
    if image.bands > bands_of_a_picture:
        image = image.extract_band(0, n=bands_of_a_picture)
    return image.cast("uchar")


def _needs_no_profile(image: "pyvips.Image") -> bool:
    return image.interpretation == "srgb" and is_srgb(image.get("icc-profile-data"))

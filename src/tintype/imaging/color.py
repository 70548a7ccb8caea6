"""Colors as people write them, and as bands of a picture."""

import contextlib
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import StringConstraints

from tintype.imaging.icc import is_plain_rgb, is_srgb
from tintype.imaging.profile import profile as built
from tintype.imaging.signaling import Signal

if TYPE_CHECKING:
    import pyvips

Color = Annotated[str, StringConstraints(pattern=r"^#(?:[0-9a-fA-F]{6}|[0-9a-fA-F]{8})$")]
"""An sRGB color, `#rrggbb`, or `#rrggbbaa` with an opacity."""

OpaqueColor = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")]
"""An sRGB color without an opacity of its own, `#rrggbb`."""


Space = Literal["srgb", "keep"]
"""What a picture's colors become: sRGB, or what they are where one can work in that."""


def bands(color: str) -> list[int]:
    """Red, green, blue and opacity, 0-255 each."""
    return list(bytes.fromhex(color.removeprefix("#").ljust(8, "f")))


def with_background(image: "pyvips.Image", color: str) -> tuple["pyvips.Image", list[int]]:
    """The picture in as many bands as the background needs, and the background in those bands.

    A gray picture becomes RGB where the background has a color; one without transparency gets it
    where the background is not opaque.
    """
    *color_of, opacity = bands(color)
    if image.interpretation == "b-w" and len(set(color_of)) == 1:
        color_of = color_of[:1]
    else:
        image = image.colourspace("srgb")
    if opacity < 255 and not image.hasalpha():
        image = image.addalpha()
    return image, [*color_of, opacity][: image.bands]


def in_space(
    image: "pyvips.Image", declared: Signal | None, space: Space
) -> tuple["pyvips.Image", bytes]:
    """A decoded picture as 8-bit RGB, or as 8-bit gray where it has no color, and its profile.

    Alpha is kept. Colors are those of the embedded ICC profile, or what the file declares without
    one; a profile that cannot be used is ignored. Pictures without either are taken for sRGB, or
    for common offset printing where they are CMYK. `keep` converts nothing of an RGB picture with
    primaries and curves. All others become sRGB: gray, ink, Lab, lookup tables, and high range,
    which eight bits are too few for. So does linear light in floats, whose profile is ignored.
    The profile is empty for sRGB.
    """
    profile = _profile(image, declared)
    image = _without(image)
    if image.format == "float" and _holds_light(image):
        return _from_light(image), b""
    if image.format == "uint":
        image = _sixteen_bits(image)
    if space == "keep" and _stays(image, profile, declared):
        return _eight_bits(image), profile
    return to_srgb(image, profile), b""


def to_srgb(image: "pyvips.Image", profile: bytes) -> "pyvips.Image":
    """A picture of the profile's space, or of no special one, as 8-bit sRGB or gray.

    The perceptual intent is followed: where a profile has no table for it, which is most often, it
    means the relative colorimetric one. Black point compensation is off, as libvips and browsers
    have it with this intent; on CMYK photographs it changes nothing.
    """
    import pyvips

    if profile and not (image.interpretation == "srgb" and is_srgb(profile)):
        tagged = image.copy()
        tagged.set_type(pyvips.GValue.blob_type, _PROFILE, profile)
        with contextlib.suppress(pyvips.Error):
            converted = tagged.icc_transform("srgb", embedded=True, intent="perceptual", depth=8)
            # Neutral in, neutral out: one of the three is all of it.
            return _without(_one_band(converted) if _is_gray(image) else converted)
    if image.interpretation in ("lab", "labs", "labq"):
        # Lab in files is relative to D50, like in profiles; libvips' own conversion takes D65.
        return _without(image.icc_export(output_profile="srgb", intent="perceptual", depth=8))
    return _without(_eight_bits(image))


def profiled_to_srgb(image: "pyvips.Image") -> "pyvips.Image":
    """An 8-bit picture as sRGB where a profile says that it is not."""
    return to_srgb(image, _embedded(image))


_PROFILE = "icc-profile-data"


def _embedded(image: "pyvips.Image") -> bytes:
    return bytes(image.get(_PROFILE)) if image.get_typeof(_PROFILE) else b""


def _profile(image: "pyvips.Image", declared: Signal | None) -> bytes:
    embedded = _embedded(image)
    if declared is None or declared.srgb or (embedded and not declared.outranks_profile):
        outranked = declared is not None and declared.outranks_profile
        return b"" if outranked else embedded
    return built(declared, gray=_is_gray(image))


def _stays(image: "pyvips.Image", profile: bytes, declared: Signal | None) -> bool:
    high_range = declared is not None and declared.high_range
    colors = image.interpretation in ("srgb", "rgb16") and not _is_gray(image)
    return colors and is_plain_rgb(profile) and not high_range


def _is_gray(image: "pyvips.Image") -> bool:
    return image.interpretation in ("b-w", "grey16") and image.bands < 3


def _one_band(image: "pyvips.Image") -> "pyvips.Image":
    green = image.extract_band(1)
    gray = green.bandjoin(image.extract_band(image.bands - 1)) if image.hasalpha() else green
    return gray.cast("uchar").copy(interpretation="b-w")


def _holds_light(image: "pyvips.Image") -> bool:
    return image.interpretation in ("scrgb", "b-w")


def _from_light(image: "pyvips.Image") -> "pyvips.Image":
    """Linear light, 1 for white, with the primaries of sRGB or gray, as 8-bit sRGB or gray."""
    gray = _is_gray(image)
    if gray:
        light = image[0]
        opacity = image.extract_band(1, n=image.bands - 1) if image.bands > 1 else []
        image = light.bandjoin([light, light]).bandjoin(opacity)
    made = image.copy(interpretation="scrgb").colourspace("srgb")
    return _without(_one_band(made) if gray else made)


def _sixteen_bits(image: "pyvips.Image") -> "pyvips.Image":
    """A picture of 32 bits a sample without those that nobody sees."""
    wide = {"srgb": "rgb16", "b-w": "grey16"}.get(image.interpretation, image.interpretation)
    return (image >> 16).cast("ushort").copy(interpretation=wide)


def _eight_bits(image: "pyvips.Image") -> "pyvips.Image":
    gray = _is_gray(image)
    image = image.colourspace("b-w" if gray else "srgb")
    bands_of_a_picture = 2 if gray else 4
    if image.bands > bands_of_a_picture:
        image = image.extract_band(0, n=bands_of_a_picture)
    return image.cast("uchar")


def _without(image: "pyvips.Image") -> "pyvips.Image":
    """The picture without a profile, which would go with it through all operations."""
    if image.get_typeof(_PROFILE):
        image = image.copy()
        image.remove(_PROFILE)
    return image

"""HEIC: what the libvips wheel has no decoder for, by way of libheif."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tintype.errors import CorruptError, UnsupportedFormatError
from tintype.imaging.geometry import Size

if TYPE_CHECKING:
    import pyvips

# What pi_heif raises for files that it cannot read.
_UNREADABLE = (ValueError, EOFError, SyntaxError, RuntimeError, OSError, IndexError)


def measure(content: bytes) -> Size:
    """The size of the picture, turned as its container says; no pixel is decoded.

    Raises UnsupportedFormatError where no HEVC decoder is installed, and CorruptError.
    """
    return Size(*_open(content).size)


@contextmanager
def opened(content: bytes) -> Iterator["pyvips.Image"]:
    """The decoded picture, turned as its container says, with its ICC profile; raises as `measure`.

    The pixels belong to libheif and are gone after the `with`.
    """
    import pyvips

    file = _open(content)
    try:
        pixels = file.data
    except _UNREADABLE as error:
        raise CorruptError("The image is damaged: its HEIC content cannot be decoded.") from error
    width, height = file.size
    image = pyvips.Image.new_from_memory(pixels, width, height, len(file.mode), "uchar")
    image = image.copy(interpretation="b-w" if file.mode.startswith("L") else "srgb")
    if file.premultiplied_alpha:
        image = image.unpremultiply().rint().cast("uchar")
    if profile := file.info.get("icc_profile"):
        image = image.copy()
        image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
    yield image
    del file  # which held the pixels


def metadata(content: bytes) -> dict[str, bytes]:
    """The EXIF, XMP and ICC data, by the names that libvips has for them; raises as `measure`."""
    names = {"exif": "exif-data", "xmp": "xmp-data", "icc_profile": "icc-profile-data"}
    told = _open(content).info
    return {field: bytes(told[name]) for name, field in names.items() if told.get(name)}


def _open(content: bytes) -> Any:
    try:
        import pi_heif
    except ImportError:
        raise UnsupportedFormatError(
            "HEIC images need an HEVC decoder, which is not installed: install tintype[heic]."
        ) from None
    pi_heif.options.DECODE_THREADS = 1  # a child has one core to itself, like libvips in it
    try:
        return pi_heif.open_heif(content)
    except _UNREADABLE as error:
        raise CorruptError("The image is damaged: its HEIC header cannot be read.") from error

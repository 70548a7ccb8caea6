"""What a file's header says of its image, before any pixel is decoded."""

from typing import TYPE_CHECKING

from tintype.errors import TooManyPixelsError, TooSmallError, UnsupportedFormatError
from tintype.imaging import heic, svg
from tintype.imaging.coding import HEIC, Coding, coding
from tintype.imaging.exif import orientation, raw_profile
from tintype.imaging.formats import sniff
from tintype.imaging.geometry import Size
from tintype.imaging.messages import InputFormat, Limits
from tintype.imaging.structure import check_complete
from tintype.imaging.vips import damage, load
from tintype.model import Facts

if TYPE_CHECKING:
    import pyvips

_SAMPLES = ("uchar", "ushort", "uint", "float")
"""What pixels are made of: bits to count with, and light. Only TIFF may have anything else."""


def inspect(content: bytes, limits: Limits) -> Facts:
    """What the header says of an image, if the recipe allows such an image.

    No pixel is decoded. Raises NotAnImageError, UnsupportedFormatError, CorruptError,
    TooManyPixelsError or TooSmallError. Frames are not counted: that is for those who keep
    more of them than the first.
    """
    return examine(content, limits)[0]


def examine(content: bytes, limits: Limits) -> tuple[Facts, Coding]:
    """What `inspect` says, and how the file is coded; the header is read once."""
    input_format = sniff(content)
    if input_format not in limits.accept:
        raise UnsupportedFormatError(f"{input_format.upper()} images are not accepted.")
    facts, coded = _told(input_format, content)
    _check_size(facts, limits)
    check_complete(input_format, content)
    return facts, coded


def _told(input_format: InputFormat, content: bytes) -> tuple[Facts, Coding]:
    if input_format == "heic":
        return _still(input_format, content, heic.measure(content)), HEIC
    if input_format == "svg":
        facts = _still(input_format, content, svg.measure(content))
        elements = svg.elements(content)
        return facts, Coding(bands=4, sample_bytes=1, whole=True, elements=elements)
    with damage():
        header = load(input_format, content)
    if header.format not in _SAMPLES and header.interpretation != "labs":
        raise UnsupportedFormatError(
            f"{input_format.upper()} images with signed samples are not accepted."
        )
    facts = Facts(
        format=input_format,
        width=header.width,
        height=header.height,
        bytes=len(content),
        orientation=_orientation(input_format, header),
        frames=_number(header, "n-pages", 1),
    )
    return facts, coding(input_format, content, header)


def _still(input_format: InputFormat, content: bytes, size: Size) -> Facts:
    """The facts of a format whose pictures are upright and alone."""
    return Facts(input_format, size.width, size.height, len(content), orientation=1, frames=1)


def _orientation(input_format: InputFormat, header: "pyvips.Image") -> int:
    """The EXIF orientation, 1-8.

    AVIF and HEIC say in their container how the picture is turned, and their decoders turn it. EXIF
    is only informative there (ISO/IEC 23008-12 section 6.5.10), so it is not followed.
    """
    if input_format in ("avif", "heic"):
        return 1
    found = _number(header, "orientation", 1)
    for name in header.get_fields() if input_format == "png" else ():
        if name.endswith("Raw profile type exif"):
            found = orientation(raw_profile(header.get(name)))
    return found if 1 <= found <= 8 else 1


def _number(header: "pyvips.Image", name: str, default: int) -> int:
    return int(header.get(name)) if header.get_typeof(name) else default


def upright(facts: Facts) -> Size:
    """The picture's size when it is shown the right way up."""
    size = Size(facts.width, facts.height)
    return size.turned if facts.orientation >= 5 else size


def _check_size(facts: Facts, limits: Limits) -> None:
    size = upright(facts)
    if size.width * size.height > limits.max_pixels:
        raise TooManyPixelsError(
            f"The image has {size.width} x {size.height} pixels, more than {limits.max_pixels:,}."
        )
    if size.width < limits.min_width or size.height < limits.min_height:
        raise TooSmallError(
            f"The image has {size.width} x {size.height} pixels, less than"
            f" {limits.min_width} x {limits.min_height}."
        )

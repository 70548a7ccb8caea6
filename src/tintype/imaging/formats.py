"""Which format a file is in, told by its content: names and declared types are never believed."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from tintype.errors import NotAnImageError, UnsupportedFormatError
from tintype.imaging.messages import InputFormat
from tintype.imaging.prolog import begins_svg


class _Signature(NamedTuple):
    format: str
    magic: bytes
    offset: int = 0


_ACCEPTED: tuple[tuple[InputFormat, bytes], ...] = (
    ("jpeg", b"\xff\xd8"),
    ("png", b"\x89PNG\r\n\x1a\n"),
    ("gif", b"GIF87a"),
    ("gif", b"GIF89a"),
    ("tiff", b"II*\0"),
    ("tiff", b"MM\0*"),
    ("tiff", b"II+\0"),
    ("tiff", b"MM\0+"),
)

_REFUSED = (
    _Signature("JPEG XL", b"\xff\x0a"),
    _Signature("JPEG XL", b"\0\0\0\x0cJXL \r\n\x87\n"),
    _Signature("JPEG 2000", b"\0\0\0\x0cjP  \r\n\x87\n"),
    _Signature("JPEG 2000", b"\xff\x4f\xff\x51"),
    _Signature("JPEG XR", b"II\xbc"),
    _Signature("PDF", b"%PDF-"),
    _Signature("PostScript", b"%!PS"),
    _Signature("PSD", b"8BPS"),
    _Signature("BMP", b"BM"),
    _Signature("ICO", b"\0\0\1\0"),
    _Signature("CUR", b"\0\0\2\0"),
    _Signature("ICNS", b"icns"),
    _Signature("QOI", b"qoif"),
    _Signature("OpenEXR", b"v/1\x01"),
    _Signature("Radiance HDR", b"#?R"),
    _Signature("DICOM", b"DICM", 128),
    _Signature("DDS", b"DDS "),
    _Signature("BLP", b"BLP1"),
    _Signature("BLP", b"BLP2"),
    _Signature("SGI", b"\x01\xda"),
    _Signature("Sun raster", b"\x59\xa6\x6a\x95"),
    _Signature("FLI", b"\x11\xaf", 4),
    _Signature("FLI", b"\x12\xaf", 4),
    _Signature("DCX", b"\xb1\x68\xde\x3a"),
    _Signature("XCF", b"gimp xcf"),
    _Signature("FITS", b"SIMPLE  ="),
    _Signature("DjVu", b"AT&TFORM"),
    _Signature("MNG", b"\x8aMNG"),
    _Signature("JNG", b"\x8bJNG"),
    _Signature("RAF", b"FUJIFILMCCD-RAW"),
    _Signature("RW2", b"IIU\0"),
    _Signature("ORF", b"IIRO"),
    _Signature("XBM", b"#define "),
    _Signature("XPM", b"/* XPM */"),
)

# ISO/IEC 23000-12 (MIAF) and 23008-12 (HEIF): the brands of still pictures.
_BRANDS: Mapping[bytes, InputFormat] = MappingProxyType(
    {b"avif": "avif", b"heic": "heic", b"heix": "heic"}
)
_GENERIC_BRANDS = (b"mif1", b"mif2", b"miaf")
_SEQUENCE_BRANDS = (b"avis", b"hevc", b"hevx", b"msf1", b"heim", b"heis")

_NETPBM = re.compile(rb"^P[1-7Ff]\s")

HEAD = 4096
"""How many bytes from the start of a file `sniff` looks at."""


def sniff(content: bytes) -> InputFormat:
    """The format that the content starts like.

    Raises UnsupportedFormatError for what is recognized but not accepted, and NotAnImageError for
    everything else.
    """
    head = content[:HEAD]
    for accepted, magic in _ACCEPTED:
        if head.startswith(magic):
            return accepted
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[4:8] == b"ftyp":
        return _iso_media(head)
    if begins_svg(head):
        return "svg"
    if name := _refused(head):
        raise UnsupportedFormatError(f"{name} images are not accepted.")
    raise NotAnImageError


def _iso_media(head: bytes) -> InputFormat:
    end = min(int.from_bytes(head[:4], "big"), len(head))
    major, compatible = head[8:12], [head[at : at + 4] for at in range(16, end - 3, 4)]
    if major in _SEQUENCE_BRANDS:
        raise UnsupportedFormatError("HEIF and AVIF image sequences are not accepted.")
    for brand in (major, *compatible):
        if brand in _BRANDS and (brand == major or major in _GENERIC_BRANDS):
            return _BRANDS[brand]
    raise UnsupportedFormatError("This kind of ISO media file (HEIF, MP4) is not accepted.")


def _refused(head: bytes) -> str | None:
    for signature in _REFUSED:
        if head.startswith(signature.magic, signature.offset):
            return signature.format
    return "Netpbm" if _NETPBM.match(head) else None

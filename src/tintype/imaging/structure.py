"""Whether a file is all there, told by its container alone.

Decoders are lenient at the very end of a file, and the HEVC decoder is anywhere: it paints what is
missing. A container that must end with a mark, or that says how long it is, settles the question
without a decoder. What else may be wrong with the content is left to the decoder.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from tintype.errors import CorruptError
from tintype.imaging.jpeg import first_scan
from tintype.imaging.messages import InputFormat


def check_complete(input_format: InputFormat, content: bytes) -> None:
    """Raise CorruptError where the end of the file is missing."""
    complete = _COMPLETE.get(input_format)
    if complete is not None and not complete(content):
        raise CorruptError("The image is damaged: the file ends too early.")


def _jpeg(content: bytes) -> bool:
    """ITU-T T.81 B.1: an end-of-image marker follows the first scan."""
    return content.rfind(b"\xff\xd9") > first_scan(content)


def _png(content: bytes) -> bool:
    """PNG specification 5.3: chunks follow each other up to an IEND."""
    at = 8
    while at + 12 <= len(content):
        if content[at + 4 : at + 8] == b"IEND":
            return True
        at += 12 + int.from_bytes(content[at : at + 4], "big")
    return False


def _gif(content: bytes) -> bool:
    """GIF89a appendix B: blocks of sub-blocks follow each other up to a trailer.

    A file that ends with a whole block lacks only the trailer, and nothing of the picture.
    """
    at = 13 + _color_table(content[10:11])
    while at < len(content):
        kind = content[at]
        if kind == 0x3B:
            return True
        if kind == 0x2C:
            at = _after_sub_blocks(content, at + 11 + _color_table(content[at + 9 : at + 10]))
        elif kind == 0x21:
            at = _after_sub_blocks(content, at + 2)
        else:
            at += 1
    return at == len(content)


def _color_table(flags: bytes) -> int:
    return 3 << ((flags[0] & 7) + 1) if flags and flags[0] & 0x80 else 0


def _after_sub_blocks(content: bytes, at: int) -> int:
    while at < len(content) and content[at]:
        at += 1 + content[at]
    return at + 1


def _webp(content: bytes) -> bool:
    """RIFF: the header says how many bytes follow it."""
    return int.from_bytes(content[4:8], "little") + 8 <= len(content)


def _iso_media(content: bytes) -> bool:
    """ISO/IEC 14496-12 4.2: boxes, each with its size, fill the file."""
    at = 0
    while at + 8 <= len(content):
        size = int.from_bytes(content[at : at + 4], "big")
        if size == 1:
            size = int.from_bytes(content[at + 8 : at + 16], "big")
        if size == 0:  # up to the end of the file
            return True
        if size < 8:
            return False
        at += size
    return at <= len(content)


_COMPLETE: Mapping[InputFormat, Callable[[bytes], bool]] = MappingProxyType(
    {
        "jpeg": _jpeg,
        "png": _png,
        "gif": _gif,
        "webp": _webp,
        "avif": _iso_media,
        "heic": _iso_media,
    }
)

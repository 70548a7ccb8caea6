"""AVIF pictures without color, whose levels libheif passes on as they are coded.

Video keeps black at 16 and white at 235 of 255; still pictures may do so, too. libheif expands that
for pictures with color, and takes light alone for the full range.
"""

from typing import TYPE_CHECKING

from tintype.imaging.signaling import properties

if TYPE_CHECKING:
    import pyvips

_BLACK, _WHITE = 16, 235  # of 8 bits

_MONOCHROME = 0x10  # in the third byte of av1C
_SEQUENCE_HEADER = 1  # a kind of AV1's units


def in_full_range(image: "pyvips.Image", content: bytes) -> "pyvips.Image":
    """The decoded AVIF file with levels from black to white, where it has none for color.

    Alpha has the full range always (AVIF section 4.1). Tiled pictures are left alone:
    what they are made of says how it is coded, and not they themselves.
    """
    if not _is_limited(content):
        return image
    unit = 256 if image.format == "ushort" else 1
    most = 65535 if image.format == "ushort" else 255
    gain = most / ((_WHITE - _BLACK) * unit)
    light = image[0].linear(gain, -_BLACK * unit * gain).rint().cast(image.format)
    opacity = [image[image.bands - 1]] if image.hasalpha() else []
    return light.bandjoin([light, light, *opacity]).copy(interpretation=image.interpretation)


def _is_limited(content: bytes) -> bool:
    """Whether the primary item is monochrome and has the range of video.

    The container goes before the bit stream. What says nothing is taken for the full range.
    """
    found: dict[bytes, bytes] = {}
    for kind, body in properties(content):
        if kind != b"colr" or body[:4] == b"nclx":  # an item may have a profile, too
            found.setdefault(kind, body)
    coded, color = found.get(b"av1C", b""), found.get(b"colr", b"")
    if len(coded) < 4 or not coded[2] & _MONOCHROME:
        return False
    return not color[10] & 0x80 if len(color) > 10 else _says_limited(coded[4:])


def _says_limited(units: bytes) -> bool:
    """Whether a still picture's sequence header comes first and says so (AV1 section 5.5)."""
    if len(units) < 3 or units[0] >> 3 & 15 != _SEQUENCE_HEADER or units[0] & 6 != 2:
        return False  # another unit, or one with an extension or without a size
    header = _Bits(units[2:])
    profile = header.take(3)
    header.take(1)  # it is a still picture
    if not header.take(1):  # one with the long header of films
        return False
    header.take(5)  # level
    across, down = header.take(4) + 1, header.take(4) + 1
    header.take(across + down + 6)  # the size, and six tools
    deep = header.take(1)
    if profile == 2 and deep:
        header.take(1)
    monochrome = profile != 1 and header.take(1)
    if header.take(1):
        header.take(24)  # primaries, transfer and matrix
    return bool(monochrome) and header.left > 0 and not header.take(1)


class _Bits:
    """Takes bits from the start of bytes; zeros where none are left."""

    def __init__(self, content: bytes) -> None:
        self._number, self.left = int.from_bytes(content, "big"), 8 * len(content)

    def take(self, count: int) -> int:
        self.left -= count
        shifted = self._number >> self.left if self.left >= 0 else 0
        return shifted & ((1 << count) - 1)

"""Which characters a font file has: its `cmap` table, ISO/IEC 14496-22 section 5.3.1."""

import struct
from collections.abc import Iterable
from pathlib import Path

_Range = tuple[int, int]


def characters(font: Path) -> tuple[_Range, ...]:
    """The first and last character of each range of them that the font has, in order.

    Raises OSError, and ValueError for a file that is no font with a table for Unicode.
    """
    table = _table(font, b"cmap")
    (count,) = struct.unpack_from(">H", table, 2)
    offsets = [struct.unpack_from(">HHI", table, 4 + 8 * number)[2] for number in range(count)]
    subtables = {struct.unpack_from(">H", table, offset)[0]: table[offset:] for offset in offsets}
    if 12 in subtables:
        return tuple(_whole_unicode(subtables[12]))
    if 4 in subtables:
        return tuple(_first_plane(subtables[4]))
    raise ValueError(f"{font.name} has no table for Unicode")


def _table(font: Path, wanted: bytes) -> bytes:
    with font.open("rb") as file:
        (count,) = struct.unpack_from(">H", file.read(12), 4)
        for tag, _, offset, length in struct.iter_unpack(">4sIII", file.read(16 * count)):
            if tag == wanted:
                file.seek(offset)
                return file.read(length)
    raise ValueError(f"{font.name} has no table {wanted.decode()}")


def _whole_unicode(table: bytes) -> Iterable[_Range]:
    """Format 12: groups of characters with glyphs that follow each other."""
    (count,) = struct.unpack_from(">I", table, 12)
    for first, last, glyph in struct.iter_unpack(">III", table[16 : 16 + 12 * count]):
        yield (first if glyph else first + 1), last


def _first_plane(table: bytes) -> Iterable[_Range]:
    """Format 4: segments of characters; glyph 0 stands for a character that is not there."""
    segments = struct.unpack_from(">H", table, 6)[0] // 2

    def column(number: int) -> tuple[int, ...]:
        start = 14 + 2 * segments * number + (2 if number else 0)
        return struct.unpack_from(f">{segments}H", table, start)

    places = 16 + 6 * segments
    for number, (last, first, delta, offset) in enumerate(
        zip(column(0), column(1), column(2), column(3), strict=True)
    ):
        for character in range(first, min(last, 0xFFFE) + 1):
            glyph = character + delta
            if offset:
                at = places + 2 * number + offset + 2 * (character - first)
                (place,) = struct.unpack_from(">H", table, at)
                glyph = place + delta if place else 0
            if glyph & 0xFFFF:
                yield character, character

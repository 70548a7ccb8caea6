"""EXIF data: the orientation where libvips leaves it alone, and what variants keep of the rest.

EXIF data is a small TIFF file (TIFF 6.0 section 2, CIPA DC-008): directories of numbered entries.
It comes from outside, so every offset and length is checked against what there is.

Before PNG had a chunk of its own for EXIF (2017), ImageMagick put it into a text chunk, as the word
`exif`, its length and its bytes in hexadecimal; such files are still about.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Literal, NamedTuple

Order = Literal["little", "big"]

_ORIENTATION = 0x0112
_ARTIST = 0x013B
_COPYRIGHT = 0x8298
_COLOR_SPACE = 0xA001
_EXIF = 0x8769
_GPS = 0x8825

_ASCII = 2
_SHORT = 3
_LONG = 4
_SIZES: Mapping[int, int] = MappingProxyType(
    {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
)
"""How many bytes a value of each type has."""

LARGEST = 60_000
"""The most bytes of a directory's values; what does not fit is left out."""

_MOST_ENTRIES = 500  # of a directory; cameras write some forty

# Of the first directory, what describes the picture and how it was made. The rest says how the
# original's pixels are stored, or where (in TIFF files), or is the orientation.
_DESCRIPTIVE = frozenset(
    {0x010E, 0x010F, 0x0110, 0x0131, 0x0132, _ARTIST, 0x013C, 0x4746, 0x4749, _COPYRIGHT}
    | set(range(0x9C9B, 0x9CA0))
)

# Of the EXIF directory, what is not true of a variant or may hold a picture: the maker's note,
# where the subject is in the original's pixels, the color space, sizes, and further directories.
_UNTRUE = frozenset({0x927C, 0x9214, _COLOR_SPACE, 0xA002, 0xA003, 0xA005, 0xA214})


class Entry(NamedTuple):
    """An entry of a directory; its value is in the byte order of its file."""

    tag: int
    kind: int
    value: bytes


def raw_profile(text: str) -> bytes:
    """The bytes in an ImageMagick text profile; none where it is not one."""
    words = text.split()
    try:
        return bytes.fromhex("".join(words[2:]))
    except ValueError:
        return b""


def orientation(exif: bytes) -> int:
    """The orientation tag of the first directory; 1 where there is none."""
    tiff, order = _opened(exif)
    for tag, _, _, field in _entries(tiff, order, _number(tiff, 4, 4, order)):
        if tag == _ORIENTATION:
            return int.from_bytes(field[:2], order)
    return 1


def owner(exif: bytes) -> tuple[bytes, bytes]:
    """The artist and the copyright notice; empty where there are none."""
    tiff, order = _opened(exif)
    texts = {
        entry.tag: entry.value
        for entry in _directory(tiff, order, _number(tiff, 4, 4, order))
        if entry.kind == _ASCII
    }
    return texts.get(_ARTIST, b""), texts.get(_COPYRIGHT, b"")


def of_owner(artist: bytes, notice: bytes, *, srgb: bool) -> bytes:
    """EXIF data that has an artist, a copyright notice and a color space; empty without texts."""
    texts = ((_ARTIST, artist), (_COPYRIGHT, notice))
    entries = [Entry(tag, _ASCII, text + b"\0") for tag, text in texts if text]
    return _file("big", entries, [_color_space("big", srgb)], []) if entries else b""


def without_original(exif: bytes, *, srgb: bool) -> bytes:
    """The same EXIF data without what is only true of the original's file, or shows its picture.

    That is without orientation, embedded pictures, maker's notes and sizes. Places are kept. The
    color space is the variant's: sRGB or another. The outcome is well formed whatever comes in, and
    empty where nothing is left.
    """
    tiff, order = _opened(exif)
    first = _directory(tiff, order, _number(tiff, 4, 4, order))
    inside = {entry.tag: entry.value for entry in first}
    shooting, place = (
        _directory(tiff, order, int.from_bytes(inside.get(tag, b"")[:4], order))
        for tag in (_EXIF, _GPS)
    )
    first = [entry for entry in first if entry.tag in _DESCRIPTIVE]
    shooting = [entry for entry in shooting if entry.tag not in _UNTRUE]
    if not (first or shooting or place):
        return b""
    return _file(order, first, [*shooting, _color_space(order, srgb)], place)


def _color_space(order: Order, srgb: bool) -> Entry:
    """That it is sRGB, or "uncalibrated", which libexif would write wherever nothing is said."""
    return Entry(_COLOR_SPACE, _SHORT, (1 if srgb else 0xFFFF).to_bytes(2, order))


def _opened(exif: bytes) -> tuple[bytes, Order]:
    tiff = exif.removeprefix(b"Exif\0\0")
    return tiff, "little" if tiff[:2] == b"II" else "big"


def _number(tiff: bytes, at: int, size: int, order: Order) -> int:
    return int.from_bytes(tiff[at : at + size], order)


def _entries(tiff: bytes, order: Order, at: int) -> Iterator[tuple[int, int, int, bytes]]:
    """Tag, type, count and value field of the entries of the directory at an offset."""
    if at < 8:  # the file's header, where no directory is
        return
    count = min(_number(tiff, at, 2, order), _MOST_ENTRIES)
    for entry in range(at + 2, min(at + 2 + 12 * count, len(tiff) - 11), 12):
        yield (
            _number(tiff, entry, 2, order),
            _number(tiff, entry + 2, 2, order),
            _number(tiff, entry + 4, 4, order),
            tiff[entry + 8 : entry + 12],
        )


def _directory(tiff: bytes, order: Order, at: int) -> list[Entry]:
    """The entries with a value that is all there and fits, each tag once."""
    found: dict[int, Entry] = {}
    room = LARGEST
    for tag, kind, count, field in _entries(tiff, order, at):
        length = _SIZES.get(kind, 0) * count
        start = int.from_bytes(field, order)
        value = field[:length] if length <= 4 else tiff[start : start + min(length, room + 1)]
        if 0 < length == len(value) <= room and tag not in found:
            found[tag] = Entry(tag, kind, value)
            room -= length
    return list(found.values())


def _file(
    order: Order, first: Sequence[Entry], shooting: Sequence[Entry], place: Sequence[Entry]
) -> bytes:
    start = (b"II*\0" if order == "little" else b"MM\0*") + (8).to_bytes(4, order)
    pointers = [tag for tag, entries in ((_EXIF, shooting), (_GPS, place)) if entries]
    after = 8 + len(_block(order, [*first, *(Entry(tag, _LONG, bytes(4)) for tag in pointers)], 8))
    blocks, places = [], []
    for entries in (shooting, place):
        if entries:
            places.append(after)
            blocks.append(_block(order, entries, after))
            after += len(blocks[-1])
    pointing = [
        Entry(tag, _LONG, at.to_bytes(4, order)) for tag, at in zip(pointers, places, strict=True)
    ]
    return b"".join((b"Exif\0\0", start, _block(order, [*first, *pointing], 8), *blocks))


def _block(order: Order, entries: Sequence[Entry], at: int) -> bytes:
    """A directory that lies at an offset, and the values that do not fit in it."""
    table, values = len(entries).to_bytes(2, order), b""
    after = at + 2 + 12 * len(entries) + 4
    for tag, kind, value in sorted(entries):
        count = len(value) // _SIZES[kind]
        table += tag.to_bytes(2, order) + kind.to_bytes(2, order) + count.to_bytes(4, order)
        if len(value) <= 4:
            table += value.ljust(4, b"\0")
        else:
            table += (after + len(values)).to_bytes(4, order)
            values += value + b"\0" * (len(value) % 2)
    return table + bytes(4) + values

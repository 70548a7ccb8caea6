"""The few things that have to be known of a JPEG file's own structure (ITU-T T.81)."""

from collections.abc import Iterator
from typing import NamedTuple

_BLOCK = 8  # lines of samples in a block
_START_OF_SCAN = 0xDA
_ADOBE = 0xEE
_TRANSFORM = 15  # where Adobe's segment says how colors are coded, from its marker
_YCC, _YCCK = 1, 2
_FRAMES = frozenset({0xC0, 0xC1, 0xC2, 0xC9, 0xCA})  # those that are coded in blocks


class Segment(NamedTuple):
    """A marker segment of the header: its marker's second byte, and where it starts."""

    marker: int
    at: int


def segments(content: bytes) -> Iterator[Segment]:
    """The marker segments up to and with the start of the first scan (T.81 B.1.1)."""
    at = 2
    while at + 4 <= len(content):
        if content[at] != 0xFF or content[at + 1] == 0xFF:
            at += 1
            continue
        yield Segment(content[at + 1], at)
        if content[at + 1] == _START_OF_SCAN:
            return
        at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")


def first_scan(content: bytes) -> int:
    """Where the first scan starts; the length of the file where none does."""
    return next(
        (each.at for each in segments(content) if each.marker == _START_OF_SCAN), len(content)
    )


def with_true_transform(content: bytes) -> bytes:
    """The same picture, declared to be YCC where it is said to be YCCK and has no fourth ink.

    Some writers leave that number when they drop the ink. Decoders take such pictures for YCC, but
    warn, as they do of damage.
    """
    found = list(segments(content))
    frames = [at for marker, at in found if marker in _FRAMES]
    if not frames or content[frames[0] + 9 : frames[0] + 10] != b"\3":  # components
        return content
    for marker, at in found:
        said = content[at + 4 : at + _TRANSFORM + 1]
        if marker == _ADOBE and said.startswith(b"Adobe") and said[-1] == _YCCK and len(said) == 12:
            after = at + _TRANSFORM
            content = content[:after] + bytes((_YCC,)) + content[after + 1 :]
    return content


def with_whole_blocks(content: bytes, factor: int) -> bytes | bytearray:
    """The same picture, declared to be as high as its last blocks are where a decoder needs it.

    A decoder that reduces the picture by `factor` drops the lines at the end that make no whole
    line. Where those are all that the last blocks show, it would never read these blocks, nor
    notice that the data before them is damaged. Lines that are only declared are in the data
    anyway: blocks are always coded whole.
    """
    for marker, at in segments(content):
        if marker in _FRAMES:
            frame = content[at : at + 22]  # with up to four components
            height = int.from_bytes(frame[5:7], "big")
            if len(frame) == 22 and 0 < height % _BLOCK < factor and _blocks_stay(frame):
                whole = min(-(-height // _BLOCK) * _BLOCK, 0xFFFF)
                declared = bytearray(content)
                declared[at + 5 : at + 7] = whole.to_bytes(2, "big")
                return declared
            break
    return content


def _blocks_stay(frame: bytes) -> bool:
    """Whether the number of blocks is the same for all heights that fill the same last blocks.

    It is where every component's lines are a whole fraction of the picture's (T.81 A.1.1).
    """
    vertical = [factors & 15 for factors in frame[11 : 10 + 3 * frame[9] : 3]]
    return all(each and max(vertical) % each == 0 for each in vertical)

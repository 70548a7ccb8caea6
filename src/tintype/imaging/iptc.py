"""IPTC data (IIM 4.2): records of datasets, in a block of Photoshop's resources."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

BYLINE = 80
CREDIT = 110
COPYRIGHT = 116

_SIGNATURE = b"Photoshop 3.0\0"
_IIM = 0x0404
_MARK = 0x1C
_APPLICATION = 2
_PREVIEW = range(200, 203)  # a picture of the original
_OBJECT = range(7, 10)  # records that hold the original itself
_MOST = 500  # datasets

_UTF8 = b"\x1b%G"


class Dataset(NamedTuple):
    """A numbered value of a record."""

    record: int
    number: int
    value: bytes


def datasets(content: bytes) -> list[Dataset]:
    """The datasets of a block of resources or of bare IIM, up to the first that is not whole."""
    return [each for each, _ in zip(_datasets(_iim(content)), range(_MOST), strict=False)]


def _datasets(iim: bytes) -> Iterator[Dataset]:
    at = 0
    while at + 5 <= len(iim) and iim[at] == _MARK:
        length = int.from_bytes(iim[at + 3 : at + 5], "big")
        value = iim[at + 5 : at + 5 + length]
        if len(value) < length or length >= 0x8000:  # which would be the length of a length
            return
        yield Dataset(iim[at + 1], iim[at + 2], value)
        at += 5 + length


def _iim(content: bytes) -> bytes:
    """The IIM among the resources; bare IIM, as TIFF has it, is taken as it is."""
    if not content.startswith(_SIGNATURE):
        return content
    at = len(_SIGNATURE)
    while content[at : at + 4] == b"8BIM":
        name = content[at + 6 : at + 7] or b"\0"
        start = at + 6 + (name[0] + 2) // 2 * 2
        length = int.from_bytes(content[start : start + 4], "big")
        if int.from_bytes(content[at + 4 : at + 6], "big") == _IIM:
            return content[start + 4 : start + 4 + length]
        at = start + 4 + length + length % 2
    return b""


def texts(content: Sequence[Dataset], number: int) -> list[bytes]:
    """The values of a dataset that may be repeated."""
    return [each.value for each in content if each.record == _APPLICATION and each.number == number]


def without_original(content: Sequence[Dataset]) -> list[Dataset]:
    """The datasets but for those that show the original."""
    return [
        each
        for each in content
        if each.record not in _OBJECT
        and (each.record != _APPLICATION or each.number not in _PREVIEW)
    ]


def in_utf8(values: Sequence[tuple[int, bytes]]) -> list[Dataset]:
    """Datasets of texts, marked as UTF-8."""
    return [
        Dataset(1, 90, _UTF8),
        *(Dataset(_APPLICATION, number, value) for number, value in values),
    ]


def block(content: Sequence[Dataset]) -> bytes:
    """The datasets as a block of resources, without anything else; empty where there are none."""
    if not content:
        return b""
    iim = b"".join(
        bytes((_MARK, each.record, each.number)) + len(each.value).to_bytes(2, "big") + each.value
        for each in content
    )
    resource = b"8BIM" + _IIM.to_bytes(2, "big") + b"\0\0" + len(iim).to_bytes(4, "big") + iim
    return _SIGNATURE + resource + b"\0" * (len(iim) % 2)

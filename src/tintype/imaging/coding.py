"""How a file is coded, as far as it decides what decoding takes."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tintype.imaging.vips import damage, load
from tintype.model import Facts


@dataclass(frozen=True, slots=True)
class Coding:
    """What there is to decode, besides the facts."""

    bands: int
    """How many samples a pixel has."""

    sample_bytes: int
    """How many bytes a sample has once it is decoded."""

    whole: bool
    """Whether the decoder keeps the whole picture until its end, as it does for progressive JPEG,
    interlaced PNG and lossless WebP."""


_SAMPLE_BYTES: Mapping[str, int] = MappingProxyType(
    {"uchar": 1, "char": 1, "ushort": 2, "short": 2, "uint": 4, "int": 4, "float": 4}
)
_LARGEST_SAMPLE = 16  # a complex number of two doubles
_HEIC = Coding(bands=4, sample_bytes=1, whole=False)  # as it is decoded at most


def coding(content: bytes, facts: Facts) -> Coding:
    """How the file is coded; no pixel is decoded. Raises CorruptError."""
    if facts.format == "heic":
        return _HEIC
    with damage():
        header = load(facts.format, content)
    return Coding(
        bands=header.bands,
        sample_bytes=_SAMPLE_BYTES.get(header.format, _LARGEST_SAMPLE),
        whole=header.get_typeof("interlaced") != 0 or b"VP8L" in _chunks(facts.format, content),
    )


def _chunks(input_format: str, content: bytes) -> set[bytes]:
    """The names of a WebP file's chunks (RFC 9649 section 2.3)."""
    names, at = set(), 12
    while input_format == "webp" and at + 8 <= len(content):
        names.add(content[at : at + 4])
        size = int.from_bytes(content[at + 4 : at + 8], "little")
        at += 8 + size + size % 2
    return names

"""How a file is coded, as far as it decides what decoding takes."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyvips


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

    subsampled: bool = False
    """Whether a JPEG has fewer samples of color than of light."""

    elements: int = 0
    """How many elements an SVG has."""


_SAMPLE_BYTES: Mapping[str, int] = MappingProxyType(
    {"uchar": 1, "char": 1, "ushort": 2, "short": 2, "uint": 4, "int": 4, "float": 4}
)
_SAMPLING = "jpeg-chroma-subsample"
_LARGEST_SAMPLE = 16  # a complex number of two doubles
HEIC = Coding(bands=4, sample_bytes=1, whole=False)
"""As it is decoded at most."""


def coding(input_format: str, content: bytes, header: "pyvips.Image") -> Coding:
    """How the file is coded, by its header as libvips has read it; no pixel is decoded."""
    return Coding(
        bands=header.bands,
        sample_bytes=_SAMPLE_BYTES.get(header.format, _LARGEST_SAMPLE),
        whole=header.get_typeof("interlaced") != 0 or b"VP8L" in _chunks(input_format, content),
        subsampled=header.get_typeof(_SAMPLING) != 0 and header.get(_SAMPLING) != "4:4:4",
    )


def _chunks(input_format: str, content: bytes) -> set[bytes]:
    """The names of a WebP file's chunks (RFC 9649 section 2.3)."""
    names, at = set(), 12
    while input_format == "webp" and at + 8 <= len(content):
        names.add(content[at : at + 4])
        size = int.from_bytes(content[at + 4 : at + 8], "little")
        at += 8 + size + size % 2
    return names

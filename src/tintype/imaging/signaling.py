"""Colors that a file declares outside an ICC profile: PNG chunks, and code points (ITU-T H.273).

H.273 numbers primaries and transfer functions; PNG's cICP and the `nclx` box of AVIF and HEIC hold
these numbers. PNG's older gAMA and cHRM chunks have the values themselves.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Point = tuple[float, float]
"""A chromaticity, CIE 1931 x and y."""

Transfer = float | Literal["srgb", "pq", "hlg"]
"""How values are encoded: a power, or a curve by its name."""

_D65 = (0.3127, 0.329)
_C = (0.31, 0.316)


@dataclass(frozen=True, slots=True)
class Primaries:
    """The chromaticities of red, green, blue and white."""

    red: Point
    green: Point
    blue: Point
    white: Point = _D65


BT_709 = Primaries((0.64, 0.33), (0.3, 0.6), (0.15, 0.06))
"""The primaries of sRGB."""

_PRIMARIES: Mapping[int, Primaries] = MappingProxyType(
    {
        1: BT_709,
        2: BT_709,  # unspecified
        4: Primaries((0.67, 0.33), (0.21, 0.71), (0.14, 0.08), _C),
        5: Primaries((0.64, 0.33), (0.29, 0.6), (0.15, 0.06)),
        6: Primaries((0.63, 0.34), (0.31, 0.595), (0.155, 0.07)),
        7: Primaries((0.63, 0.34), (0.31, 0.595), (0.155, 0.07)),
        9: Primaries((0.708, 0.292), (0.17, 0.797), (0.131, 0.046)),
        11: Primaries((0.68, 0.32), (0.265, 0.69), (0.15, 0.06), (0.314, 0.351)),
        12: Primaries((0.68, 0.32), (0.265, 0.69), (0.15, 0.06)),
        22: Primaries((0.63, 0.34), (0.295, 0.605), (0.155, 0.077)),
    }
)

# The curves of video for standard range are taken for sRGB's, as browsers do: nobody encodes still
# pictures for the dim rooms that they were made for.
_TRANSFERS: Mapping[int, Transfer] = MappingProxyType(
    {
        **dict.fromkeys((1, 2, 6, 7, 11, 12, 13, 14, 15), "srgb"),
        4: 2.2,
        5: 2.8,
        8: 1.0,
        16: "pq",
        17: 2.6,
        18: "hlg",
    }
)

_NEAR = 0.002  # differences of chromaticities that are rounding
_SRGB_GAMMA = range(45_000, 46_000)  # what writers of sRGB pictures put in gAMA
_GAMMAS = range(10_000, 1_000_001)


@dataclass(frozen=True, slots=True)
class Signal:
    """What a file declares of its colors."""

    primaries: Primaries
    transfer: Transfer

    outranks_profile: bool = False
    """Whether it holds where there is an ICC profile, too (PNG specification 4.3)."""

    @property
    def srgb(self) -> bool:
        """Whether the colors are sRGB anyway."""
        return self.transfer == "srgb" and _alike(self.primaries, BT_709)

    @property
    def high_range(self) -> bool:
        """Whether the picture has more range than a screen's white: PQ or HLG."""
        return self.transfer in ("pq", "hlg")


SRGB = Signal(BT_709, "srgb")
"""The colors of sRGB."""


def signal(input_format: str, content: bytes) -> Signal | None:
    """What the file declares; None where it declares nothing, or nothing that makes sense."""
    if input_format == "png":
        return _of_png(content)
    if input_format in ("avif", "heic"):
        return _of_iso_media(content)
    return None


def _coded(primaries: int, transfer: int, *, outranks_profile: bool) -> Signal | None:
    if primaries in _PRIMARIES and transfer in _TRANSFERS:
        return Signal(_PRIMARIES[primaries], _TRANSFERS[transfer], outranks_profile)
    return None


def _of_png(content: bytes) -> Signal | None:
    """By the rank of the chunks: cICP, iCCP (which is not looked at here), sRGB, gAMA and cHRM."""
    chunks = _png_chunks(content)
    cicp = chunks.get(b"cICP", b"")
    if len(cicp) == 4 and (coded := _coded(cicp[0], cicp[1], outranks_profile=True)):
        return coded
    if b"sRGB" in chunks or not chunks:
        return None
    return Signal(_chromaticities(chunks.get(b"cHRM", b"")), _gamma(chunks.get(b"gAMA", b"")))


def _png_chunks(content: bytes) -> dict[bytes, bytes]:
    """The chunks on color before the pixels, each kind's first."""
    found: dict[bytes, bytes] = {}
    at = 8
    while at + 12 <= len(content):
        name = content[at + 4 : at + 8]
        if name in (b"IDAT", b"IEND"):
            break
        length = int.from_bytes(content[at : at + 4], "big")
        if name in (b"cICP", b"sRGB", b"gAMA", b"cHRM"):
            found.setdefault(name, content[at + 8 : at + 8 + min(length, 64)])
        at += 12 + length
    return found


def _chromaticities(chunk: bytes) -> Primaries:
    """What cHRM says; sRGB's where it is missing or no three colors around a white."""
    if len(chunk) != 32:
        return BT_709
    x_white, y_white, *others = (
        int.from_bytes(chunk[at : at + 4], "big") / 100_000 for at in range(0, 32, 4)
    )
    points = ((x_white, y_white), *zip(others[::2], others[1::2], strict=True))
    if not all(0 <= x <= 1 and 0.001 <= y <= 1 for x, y in points):
        return BT_709
    white, red, green, blue = points
    if not _around(white, red, green, blue):
        return BT_709
    return Primaries(red, green, blue, white)


def _around(white: Point, *corners: Point) -> bool:
    """Whether white is well inside of the triangle."""
    pairs = zip(corners, (*corners[1:], corners[0]), strict=True)
    areas = [
        (left[0] - white[0]) * (right[1] - white[1]) - (left[1] - white[1]) * (right[0] - white[0])
        for left, right in pairs
    ]
    return min(areas) > 0.001 or max(areas) < -0.001


def _gamma(chunk: bytes) -> Transfer:
    """The power that gAMA says; sRGB's curve where it is missing, senseless or close to sRGB's."""
    value = int.from_bytes(chunk, "big") if len(chunk) == 4 else 0
    return "srgb" if value in _SRGB_GAMMA or value not in _GAMMAS else 100_000 / value


def _alike(left: Primaries, right: Primaries) -> bool:
    return all(
        abs(a - b) <= _NEAR
        for one, other in (
            (left.red, right.red),
            (left.green, right.green),
            (left.blue, right.blue),
            (left.white, right.white),
        )
        for a, b in zip(one, other, strict=True)
    )


def _of_iso_media(content: bytes) -> Signal | None:
    """The `nclx` color of the primary item (ISO/IEC 23008-12 and 14496-12, sections on `colr`)."""
    for kind, code in properties(content):
        if kind == b"colr" and code[:4] == b"nclx" and len(code) >= 8:
            primaries, transfer = (int.from_bytes(code[at : at + 2], "big") for at in (4, 6))
            return _coded(primaries, transfer, outranks_profile=False)
    return None


def properties(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The properties of an AVIF or HEIC file's primary item: boxes, each with its content."""
    meta = _first(content, b"meta")[4:]
    shared = list(_boxes_of(_first(_first(meta, b"iprp"), b"ipco")))
    primary = _primary(_first(meta, b"pitm"))
    for index in _associated(_first(_first(meta, b"iprp"), b"ipma"), primary):
        if 0 <= index < len(shared):
            yield shared[index]


def _boxes_of(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The boxes in a row, each with its content."""
    at = 0
    while at + 8 <= len(content):
        size, header = int.from_bytes(content[at : at + 4], "big"), 8
        if size == 1:
            size, header = int.from_bytes(content[at + 8 : at + 16], "big"), 16
        size = size or len(content) - at
        if size < header:
            return
        yield content[at + 4 : at + 8], content[at + header : at + size]
        at += size


def _first(content: bytes, kind: bytes) -> bytes:
    return next((body for name, body in _boxes_of(content) if name == kind), b"")


def _primary(pitm: bytes) -> int:
    return int.from_bytes(pitm[4 : 6 if pitm[:1] == b"\0" else 8], "big")


def _associated(ipma: bytes, item: int) -> Iterator[int]:
    """The item's properties, counted from 0."""
    wide_item, wide_index = ipma[:1] > b"\0", bool(ipma[3:4] and ipma[3] & 1)
    id_size, index_size = (4 if wide_item else 2), (2 if wide_index else 1)
    mask = 0x7FFF if wide_index else 0x7F
    at = 8
    while at + id_size < len(ipma):
        found, count = int.from_bytes(ipma[at : at + id_size], "big"), ipma[at + id_size]
        at += id_size + 1
        for _ in range(count):
            if found == item:
                yield (int.from_bytes(ipma[at : at + index_size], "big") & mask) - 1
            at += index_size

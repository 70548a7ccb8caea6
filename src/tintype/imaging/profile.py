"""ICC profiles for colors that a file declares without one (ICC.1:2022)."""

import struct
from collections.abc import Sequence

from tintype.imaging.signaling import Point, Primaries, Signal, Transfer

Matrix = tuple[tuple[float, ...], ...]

_D50 = (0.9642, 1.0, 0.8249)
_BRADFORD: Matrix = (
    (0.8951, 0.2664, -0.1614),
    (-0.7502, 1.7135, 0.0367),
    (0.0389, -0.0685, 1.0296),
)

_ENTRIES = 4096  # of a table
_PEAK = 1000.0
"""The luminance in cd/m2 that a picture of high range is taken to reach."""

_WHITE = 203.0
"""The luminance in cd/m2 of a white sheet in pictures of high range (ITU-R BT.2408)."""


def profile(signal: Signal, *, gray: bool) -> bytes:
    """A version 4 profile of an RGB or a gray space; the same signal gives the same bytes.

    Pictures of high range are brought down to a screen's by their curve: ITU-R BT.2390's knee from
    1000 to 203 cd/m2, on red, green and blue each, so that paper stays light gray and lights white.
    """
    adaptation = _adaptation(signal.primaries.white)
    curve = _curve(signal.transfer)
    tags = {
        b"desc": _text("Declared colors"),
        b"cprt": _text("No copyright, use freely"),
        b"wtpt": _xyz(_D50),
        b"chad": b"sf32\0\0\0\0" + _fixed([value for row in adaptation for value in row]),
    }
    if gray:
        tags[b"kTRC"] = curve
    else:
        columns = zip(*_times(adaptation, _to_xyz(signal.primaries)), strict=True)
        names = (b"rXYZ", b"gXYZ", b"bXYZ")
        tags |= {name: _xyz(column) for name, column in zip(names, columns, strict=True)}
        tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    return _file(b"GRAY" if gray else b"RGB ", tags)


def _file(space: bytes, tags: dict[bytes, bytes]) -> bytes:
    at = 132 + 12 * len(tags)
    places: dict[bytes, int] = {}
    for content in tags.values():  # curves are stored once
        if content not in places:
            places[content] = at
            at += len(content)
    table = b"".join(
        struct.pack(">4sII", name, places[content], len(content)) for name, content in tags.items()
    )
    header = struct.pack(
        ">I4sI4s4s4s6H4s4sI4sIQI12s4s44x",
        *(at, b"", 0x04300000, b"mntr", space, b"XYZ ", 2026, 1, 1, 0, 0, 0),
        *(b"acsp", b"", 0, b"", 0, 0, 0, _fixed(_D50), b""),
    )
    return header + struct.pack(">I", len(tags)) + table + b"".join(places)


def _fixed(values: Sequence[float]) -> bytes:
    return struct.pack(f">{len(values)}i", *(round(value * 65536) for value in values))


def _xyz(values: Sequence[float]) -> bytes:
    return b"XYZ \0\0\0\0" + _fixed(values)


def _text(words: str) -> bytes:
    text = words.encode("utf-16-be")
    content = struct.pack(">4sIII2s2sII", b"mluc", 0, 1, 12, b"en", b"US", len(text), 28) + text
    return content + b"\0" * (-len(content) % 4)


def _to_xyz(primaries: Primaries) -> Matrix:
    """From linear RGB to CIE XYZ where white has Y = 1."""
    colors = tuple(zip(*map(_stimulus, _rgb(primaries)), strict=True))
    shares = [sum(map(float.__mul__, row, _stimulus(primaries.white))) for row in _inverse(colors)]
    return tuple(
        tuple(value * share for value, share in zip(row, shares, strict=True)) for row in colors
    )


def _rgb(primaries: Primaries) -> tuple[Point, Point, Point]:
    return primaries.red, primaries.green, primaries.blue


def _stimulus(point: Point) -> tuple[float, float, float]:
    x, y = point
    return x / y, 1.0, (1 - x - y) / y


def _adaptation(white: Point) -> Matrix:
    """Bradford's adaptation from a white to D50 (ICC.1:2022 annex E)."""
    (sources,) = zip(*_times(_BRADFORD, tuple((value,) for value in _stimulus(white))), strict=True)
    (targets,) = zip(*_times(_BRADFORD, tuple((value,) for value in _D50)), strict=True)
    scaled = tuple(
        tuple(target / source * value for value in row)
        for source, target, row in zip(sources, targets, _BRADFORD, strict=True)
    )
    return _times(_inverse(_BRADFORD), scaled)


def _times(left: Matrix, right: Matrix) -> Matrix:
    columns = tuple(zip(*right, strict=True))
    return tuple(
        tuple(sum(a * b for a, b in zip(row, column, strict=True)) for column in columns)
        for row in left
    )


def _inverse(matrix: Matrix) -> Matrix:
    (a, b, c), (d, e, f), (g, h, i) = matrix
    cofactors = (
        (e * i - f * h, c * h - b * i, b * f - c * e),
        (f * g - d * i, a * i - c * g, c * d - a * f),
        (d * h - e * g, b * g - a * h, a * e - b * d),
    )
    determinant = a * cofactors[0][0] + b * cofactors[1][0] + c * cofactors[2][0]
    return tuple(tuple(value / determinant for value in row) for row in cofactors)


def _curve(transfer: Transfer) -> bytes:
    if transfer == "srgb":
        parameters = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
        return b"para\0\0\0\0\0\3\0\0" + _fixed(parameters)
    if isinstance(transfer, float):
        return b"para\0\0\0\0\0\0\0\0" + _fixed([transfer])
    luminance = _pq if transfer == "pq" else _hlg
    levels = [_shown(luminance(index / (_ENTRIES - 1))) for index in range(_ENTRIES)]
    return struct.pack(f">4sII{_ENTRIES}H", b"curv", 0, _ENTRIES, *levels)


def _shown(luminance: float) -> int:
    """What a screen shows of a luminance in cd/m2, 0-65535 for black to white (BT.2390 5.4.1)."""
    top, white = _to_pq(_PEAK), _to_pq(_WHITE) / _to_pq(_PEAK)
    level = min(_to_pq(luminance) / top, 1.0)
    knee = 1.5 * white - 0.5
    if level > knee:
        t = (level - knee) / (1 - knee)
        level = (
            (2 * t**3 - 3 * t**2 + 1) * knee
            + (t**3 - 2 * t**2 + t) * (1 - knee)
            + (3 * t**2 - 2 * t**3) * white
        )
    return min(round(_pq(level * top) / _WHITE * 65535), 65535)


# SMPTE ST 2084
_M1, _M2 = 2610 / 16384, 2523 / 4096 * 128
_C1, _C2, _C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32


def _pq(value: float) -> float:
    """The luminance in cd/m2 of an encoded value, 0-1."""
    root = float(value ** (1 / _M2))
    return 10_000 * float((max(root - _C1, 0) / (_C2 - _C3 * root)) ** (1 / _M1))


def _to_pq(luminance: float) -> float:
    power = (luminance / 10_000) ** _M1
    return float(((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2)


def _hlg(value: float) -> float:
    """The luminance in cd/m2 of an encoded value, 0-1, on a screen of 1000 cd/m2 (BT.2100)."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = value**2 / 3 if value <= 0.5 else (2.718281828459045 ** ((value - c) / a) + b) / 12
    return float(_PEAK * min(scene, 1.0) ** 1.2)

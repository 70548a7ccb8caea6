"""What an embedded ICC profile says, as far as it saves work or decides whether it stays."""

import struct
from collections.abc import Mapping

# The primaries of IEC 61966-2-1 (sRGB), adapted to the D50 white of ICC profiles.
_SRGB_PRIMARIES = (
    (b"rXYZ", (0.4361, 0.2225, 0.0139)),
    (b"gXYZ", (0.3851, 0.7169, 0.0971)),
    (b"bXYZ", (0.1431, 0.0606, 0.7141)),
)
_PRIMARY_TOLERANCE = 0.001
_CURVE_TOLERANCE = 1 / 255  # no 8-bit value changes by more than one step
_SAMPLES = 64

LARGEST = 60_000
"""The largest profile, in bytes, that is ever handed on; those of usual spaces have some 500."""


def is_srgb(profile: bytes) -> bool:
    """True where a profile surely describes sRGB, so that converting to sRGB would change nothing.

    Only matrix profiles are looked at (ICC.1:2022 sections 7.2, 9.2, 10.6, 10.18 and 10.31); one
    with lookup tables or with anything out of the ordinary is not sRGB by this judgment.
    """
    try:
        tags = _tags(profile)
        return (
            profile[16:24] == b"RGB XYZ "
            and not any(name.startswith(b"A2B") for name in tags)
            and all(_near(_xyz(tags[name]), primary) for name, primary in _SRGB_PRIMARIES)
            and all(map(_is_srgb_curve, {tags[b"rTRC"], tags[b"gTRC"], tags[b"bTRC"]}))
        )
    except (struct.error, KeyError, ValueError, OverflowError, ZeroDivisionError):
        return False


def is_plain_rgb(profile: bytes) -> bool:
    """True for a space with three primaries and their curves: its neutral colors are R = G = B.

    Such is a space that one can work in. Profiles with lookup tables may be of anything, such as
    the XYB of some JPEG files, where red is no red.
    """
    try:
        tags = _tags(profile)
        return (
            len(profile) <= LARGEST
            and profile[16:24] == b"RGB XYZ "
            and not any(name.startswith((b"A2B", b"D2B")) for name in tags)
            and all(len(_xyz(tags[name])) == 3 for name, _ in _SRGB_PRIMARIES)
            and all(tags[name][:4] in (b"curv", b"para") for name in (b"rTRC", b"gTRC", b"bTRC"))
        )
    except (struct.error, KeyError, ValueError):
        return False


def _tags(profile: bytes) -> Mapping[bytes, bytes]:
    (count,) = struct.unpack_from(">I", profile, 128)
    if count > 100:
        raise ValueError("more tags than any profile has")
    entries = (struct.unpack_from(">4sII", profile, 132 + 12 * index) for index in range(count))
    return {name: profile[start : start + size] for name, start, size in entries}


def _fixed(content: bytes, at: int, count: int) -> tuple[float, ...]:
    """Numbers in s15Fixed16, ICC's signed fixed point with 16 bits after the point."""
    return tuple(value / 65536 for value in struct.unpack_from(f">{count}i", content, at))


def _xyz(tag: bytes) -> tuple[float, ...]:
    return _fixed(tag, 8, 3)


def _near(values: tuple[float, ...], expected: tuple[float, ...]) -> bool:
    pairs = zip(values, expected, strict=True)
    return all(abs(value - wanted) <= _PRIMARY_TOLERANCE for value, wanted in pairs)


def _is_srgb_curve(tag: bytes) -> bool:
    points = [index / _SAMPLES for index in range(_SAMPLES + 1)]
    return all(abs(_encoded(_linear(tag, point)) - point) <= _CURVE_TOLERANCE for point in points)


def _linear(tag: bytes, value: float) -> float:
    """What a curve tag (`curv` or `para`) makes of an encoded value."""
    kind = tag[:4]
    if kind == b"curv":
        return _table(tag, value)
    if kind == b"para" and tag[8:10] == b"\0\3":
        gamma, scale, shift, slope, knee = _fixed(tag, 12, 5)
        return max(0.0, scale * value + shift) ** gamma if value >= knee else slope * value
    raise ValueError("not a curve of the kind that sRGB has")


def _table(tag: bytes, value: float) -> float:
    (count,) = struct.unpack_from(">I", tag, 8)
    if not 2 <= count <= 4096:
        raise ValueError("not a table of the size that sRGB profiles have")
    position = value * (count - 1)
    left = min(int(position), count - 2)
    low, high = struct.unpack_from(">2H", tag, 12 + 2 * left)
    return float(low + (high - low) * (position - left)) / 65535


def _encoded(linear: float) -> float:
    """IEC 61966-2-1's encoding of a linear value."""
    return 12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055

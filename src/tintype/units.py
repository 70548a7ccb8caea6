"""Quantities as recipes write them: sizes in bytes, pixel counts and durations."""

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field, PlainSerializer, ValidationInfo, WithJsonSchema

_BYTES = {
    "B": 1,
    "kB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
}
_PIXELS = {"MP": 10**6}
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}

_MOST = 10**15  # bytes or pixels: far beyond any image

_NUMBER = r"[0-9]{1,15}(\.[0-9]{1,9})?"
_QUANTITY = re.compile(rf"(?P<number>{_NUMBER}) ?(?P<unit>[A-Za-z]+)")


def _read(value: object, units: Mapping[str, float], expected: str) -> float:
    match = _QUANTITY.fullmatch(value) if isinstance(value, str) else None
    if not match or match["unit"] not in units:
        raise ValueError(f"must be {expected}")
    return float(match["number"]) * units[match["unit"]]


def _whole(units: Mapping[str, float], expected: str) -> BeforeValidator:
    def read(value: object) -> int:
        if isinstance(value, int) and not isinstance(value, bool):
            number: float = value
        else:
            number = _read(value, units, expected)
        if number != int(number):
            raise ValueError(f"must be {expected}; this is no whole number")
        if not 1 <= number <= _MOST:
            raise ValueError(f"must be from 1 to {_MOST:,}")
        return int(number)

    return BeforeValidator(read)


def _read_seconds(value: object, info: ValidationInfo) -> float:
    if isinstance(value, float) and info.mode == "python":
        return value  # from our own code, where seconds are the unit
    seconds = _read(value, _SECONDS, "a time with its unit: ms, s, m, h or d, such as 3s")
    return round(seconds, 9)  # what _write_seconds keeps


def _write_seconds(seconds: float) -> str:
    return f"{seconds:.9f}".rstrip("0").rstrip(".") + "s"


def _described(units: Mapping[str, float], *, bare: bool) -> WithJsonSchema:
    text = {"type": "string", "pattern": rf"^{_NUMBER} ?({'|'.join(units)})$"}
    number = {"type": "integer", "minimum": 1, "maximum": _MOST}
    return WithJsonSchema({"anyOf": [number, text]} if bare else text)


Bytes = Annotated[
    int,
    _whole(_BYTES, "a size: a whole number of bytes, or with kB, MB, GB, KiB, MiB or GiB"),
    _described(_BYTES, bare=True),
]
"""A number of bytes: plain, with kB, MB or GB (powers of ten), or with KiB, MiB or GiB (of two)."""

Pixels = Annotated[
    int,
    _whole(_PIXELS, "a number of pixels: a whole number, or with MP for millions"),
    _described(_PIXELS, bare=True),
]
"""A number of pixels: plain, or with MP (millions)."""

Seconds = Annotated[
    float,
    Field(ge=0, le=86400),
    BeforeValidator(_read_seconds),
    PlainSerializer(_write_seconds, when_used="json"),
    _described(_SECONDS, bare=False),
]
"""A duration of at most a day, in seconds; written with its unit: ms, s, m, h or d."""

"""Sizes, pixel counts and durations."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from tintype.units import Bytes, Pixels, Seconds

sizes, pixels, seconds = TypeAdapter(Bytes), TypeAdapter(Pixels), TypeAdapter(Seconds)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("50MB", 50_000_000),
        ("50 MB", 50_000_000),
        ("1kB", 1000),
        ("1GB", 10**9),
        ("1KiB", 1024),
        ("2MiB", 2 * 1024**2),
        ("1GiB", 1024**3),
        ("1.5MB", 1_500_000),
        ("7B", 7),
        (7, 7),
    ],
)
def test_sizes_are_powers_of_ten_or_of_two_as_their_unit_says(text: str | int, count: int) -> None:
    assert sizes.validate_json(json.dumps(text), strict=True) == count


@pytest.mark.parametrize(
    "text", ["50", "50mb", "50 Mb", "50KB", "-1MB", "1.5B", "MB", "", "5e3MB", True, 1.5, 0, None]
)
def test_anything_else_is_no_size(text: object) -> None:
    with pytest.raises(ValidationError):
        sizes.validate_json(json.dumps(text), strict=True)


@pytest.mark.parametrize(("text", "count"), [("100MP", 10**8), ("0.5MP", 500_000), (640, 640)])
def test_pixels_are_counted_in_millions_or_plainly(text: str | int, count: int) -> None:
    assert pixels.validate_json(json.dumps(text), strict=True) == count


@pytest.mark.parametrize(
    ("text", "count"),
    [("3s", 3.0), ("250ms", 0.25), ("1.5m", 90.0), ("2h", 7200.0), ("1d", 86400.0), ("0s", 0.0)],
)
def test_durations_have_a_unit(text: str, count: float) -> None:
    assert seconds.validate_json(json.dumps(text), strict=True) == count


@pytest.mark.parametrize("text", [3, 3.5, "3", "3 sec", "3S", "-3s", "2d", None, True])
def test_anything_else_is_no_duration(text: object) -> None:
    with pytest.raises(ValidationError):
        seconds.validate_json(json.dumps(text), strict=True)


@given(st.integers(0, 86_400_000), st.sampled_from(["ms", "s", "m", "h"]))
def test_a_duration_that_is_written_reads_back_the_same(number: int, unit: str) -> None:
    try:
        value = seconds.validate_json(json.dumps(f"{number / 1000:.3f}{unit}"), strict=True)
    except ValidationError:
        assert number / 1000 * {"ms": 0.001, "s": 1, "m": 60, "h": 3600}[unit] > 86400
        return
    assert seconds.validate_json(seconds.dump_json(value), strict=True) == value

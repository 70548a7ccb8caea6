"""Times for people, and times that people give."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
import typer

from tintype.entrypoints.cli import times


@pytest.fixture
def vienna(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Vienna")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("vienna")
def test_moments_are_told_in_local_time_with_its_zone() -> None:
    assert times.local("2026-01-31T12:00:00.5Z") == "2026-01-31 13:00:00 CET"
    assert times.local("2026-07-31T12:00:00+00:00") == "2026-07-31 14:00:00 CEST"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (-5, "0 s"),
        (0.9, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (47 * 3600, "47 h"),
        (48 * 3600, "2 d"),
        (400 * 86400, "400 d"),
    ],
)
def test_durations_have_the_unit_that_says_most(seconds: float, told: str) -> None:
    assert times.duration(seconds) == told


@pytest.mark.parametrize(
    ("ended", "told"),
    [
        ("2026-01-01T00:00:00.0421Z", "0.042 s"),
        ("2026-01-01T00:00:12Z", "12 s"),
        ("2025-12-31T23:59:59Z", "0.000 s"),
    ],
)
def test_what_something_took_is_told_to_the_millisecond_while_that_matters(
    ended: str, told: str
) -> None:
    assert times.between("2026-01-01T00:00:00Z", ended) == told


@pytest.mark.usefixtures("vienna")
@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-31", "2026-01-31T00:00:00+01:00"),
        ("2026-07-31T12:30", "2026-07-31T12:30:00+02:00"),
        ("2026-01-31T12:00:00Z", "2026-01-31T13:00:00+01:00"),
    ],
)
def test_a_moment_without_a_zone_is_meant_here(text: str, moment: str) -> None:
    assert times.moment(text) == moment


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("30min", 1800), ("30 m", 1800), ("2h", 7200), ("7d", 604800)],
)
def test_an_age_is_counted_from_now(text: str, seconds: int) -> None:
    then = datetime.fromisoformat(times.moment(text))
    assert abs(datetime.now(UTC) - then - timedelta(seconds=seconds)) < timedelta(seconds=30)


@pytest.mark.parametrize("text", ["", "soon", "2 weeks", "2026-13-01", "9999999d", "0001-01-01"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        times.moment(text)


def test_just_after_is_later_by_the_smallest_step() -> None:
    assert times.just_after("2026-01-01T00:00:00.999999Z") == "2026-01-01T00:00:01+00:00"


def test_a_moment_for_programs_is_in_utc_with_a_z() -> None:
    vienna = datetime(2026, 1, 31, 13, tzinfo=timezone(timedelta(hours=1)))
    assert times.universal(vienna) == "2026-01-31T12:00:00Z"
    assert times.universal(datetime(2026, 1, 31, 0, 0, 0, 5, UTC)) == "2026-01-31T00:00:00.000005Z"


@pytest.mark.parametrize(
    ("text", "days"), [("1s", 1 / 86400), ("2h", 1 / 12), ("3650d", 3650), ("87600h", 3650)]
)
def test_a_length_of_time_is_understood(text: str, days: float) -> None:
    assert times.span(text) == timedelta(days=days)


@pytest.mark.parametrize("text", ["", "0s", "0d", "3651d", "87601h", "999999d", "-1s", "1.5h"])
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        times.span(text)

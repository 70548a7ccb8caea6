"""What a Retry-After says."""

import pytest

from tintype.entrypoints.cli.put import _patience
from tintype.entrypoints.cli.retrying import retry_after

DATE = "Sun, 01 Mar 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "5"}, 5),
        ({"retry-after": " 120 "}, 120),
        ({"retry-after": "0"}, 0),
        # By the clock of whoever answered, be this machine's what it may.
        ({"retry-after": "Sun, 01 Mar 2026 12:00:30 GMT", "date": DATE}, 30),
        ({"retry-after": "Sun, 01 Mar 2026 12:00:30 -0000", "date": DATE}, 30),
        ({"retry-after": "Sunday, 01-Mar-26 12:00:30 GMT", "date": DATE}, 30),
        ({"retry-after": "Sun Mar  1 12:00:30 2026", "date": DATE}, 30),
        ({"retry-after": "Sun, 01 Mar 2026 11:00:00 GMT", "date": DATE}, 0),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT", "date": "today"}, 0),
    ],
)
def test_seconds_and_dates_are_understood(headers: dict[str, str], seconds: float) -> None:
    assert retry_after(headers) == seconds


@pytest.mark.parametrize(
    "told",
    [
        "",
        "soon",
        "-5",
        "1.5",
        "٣",
        "Sun, 99 Mar 2026 12:00:00 GMT",
        "1 Mar 99999999999999999999 12:00:00 GMT",
    ],
)
def test_what_cannot_be_read_says_nothing(told: str) -> None:
    assert retry_after({"retry-after": told} if told else {}) is None


@pytest.mark.parametrize(
    ("told", "seconds"), [(None, 5), (0.0, 1), (1.0, 1), (7.0, 7), (60.0, 60), (86400.0, 60)]
)
def test_a_wait_has_bounds(told: float | None, seconds: float) -> None:
    assert _patience(told) == seconds

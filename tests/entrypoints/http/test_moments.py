"""Moments in queries."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tintype.entrypoints.http.moments import parse_moment


def test_a_date_means_its_midnight_in_utc() -> None:
    assert parse_moment("2026-01-31") == datetime(2026, 1, 31, tzinfo=UTC)


def test_a_date_time_with_a_zone_becomes_utc() -> None:
    assert parse_moment("2026-01-31T12:00:00+02:00") == datetime(2026, 1, 31, 10, tzinfo=UTC)
    assert parse_moment("2026-01-31T12:00:00Z").tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "1700000000", "2026-02-30", "2026-01-31T12:00:00", "0001-01-01T00:00+14:00"],
)
def test_anything_else_is_refused_with_the_rule(text: str) -> None:
    with pytest.raises(ValueError, match="must be a date such as 2026-01-31"):
        parse_moment(text)


@given(st.text(max_size=40))
def test_no_text_does_worse_than_being_refused(text: str) -> None:
    with suppress(ValueError):
        assert parse_moment(text).tzinfo is UTC

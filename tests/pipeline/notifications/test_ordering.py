"""Order: what decides, what is a hint, and what says nothing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pipeline.notifications.events import s3_event
from tests.pipeline.notifications.reading import only_note
from tintype.pipeline.notifications import Kind, Note, Order, order

NOON = datetime(2025, 11, 21, 12, tzinfo=UTC)
FIRST = replace(only_note(s3_event()), version="v1", sequencer="00A1", time=NOON, etag="one")
BARE = replace(FIRST, version=None, sequencer=None, time=None, etag=None)

OPPOSITE = {
    Order.SAME: Order.SAME,
    Order.UNKNOWN: Order.UNKNOWN,
    Order.EARLIER: Order.LATER,
    Order.LATER: Order.EARLIER,
}

notes = st.builds(
    lambda kind, version, etag, sequencer, seconds: replace(
        FIRST,
        kind=kind,
        version=version,
        etag=etag,
        sequencer=sequencer,
        time=None if seconds is None else NOON + timedelta(seconds=seconds),
    ),
    st.sampled_from(Kind),
    st.sampled_from([None, "v1", "v2"]),
    st.sampled_from([None, "one", "two"]),
    st.sampled_from([None, "Happy Sequencer", "0A", "a", "00", "0B", "0A00", "B"]),
    st.sampled_from([None, 0.0, 0.4, 1.0, 7.5]),
)


@given(notes, notes)
def test_the_order_seen_from_the_other_side_is_the_opposite(one: Note, other: Note) -> None:
    assert order(other, one) is OPPOSITE[order(one, other)]


@given(notes)
def test_a_notification_that_comes_twice_is_never_later(note: Note) -> None:
    assert order(note, note) in (Order.SAME, Order.UNKNOWN)
    if note.version or note.etag:
        assert order(note, note) is Order.SAME


@given(st.data())
def test_who_keeps_the_later_ends_at_the_last_whatever_comes_in_which_order(
    data: st.DataObject,
) -> None:
    history = [
        replace(FIRST, kind=kind, version=f"v{number}", sequencer=f"00692{number:04X}")
        for number, kind in enumerate(data.draw(st.lists(st.sampled_from(Kind), min_size=1)))
    ]
    kept, *others = data.draw(st.permutations(history * 5))
    for note in others:
        kept = note if order(note, kept) is Order.LATER else kept
    assert kept == history[-1]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("00A1", "00A2", Order.EARLIER),
        ("00A2", "00A1", Order.LATER),
        ("00a1", "00A1", Order.SAME),
        ("0069208A4F1C7B22D0", "0069208A4F1C7B22D1", Order.EARLIER),
        ("0069208A60", "0069208A4F1C", Order.UNKNOWN),  # a later moment, but a smaller number
        ("00", "0069208A4F", Order.EARLIER),
        ("FF", "0FF", Order.UNKNOWN),
        ("FF", "FF0", Order.UNKNOWN),
        ("Happy Sequencer", "00A1", Order.UNKNOWN),
        ("", "00A1", Order.UNKNOWN),
        (None, "00A1", Order.UNKNOWN),
        ("F" * 65, "0" * 65, Order.UNKNOWN),
    ],
)
def test_sequencers_are_believed_where_both_readings_agree(
    one: str | None, other: str | None, expected: Order
) -> None:
    first, second = replace(BARE, sequencer=one), replace(BARE, sequencer=other)
    assert order(first, second) is expected


def test_one_version_is_the_same_whatever_the_hints_say() -> None:
    again = replace(FIRST, sequencer="FF", time=NOON + timedelta(hours=1))
    assert order(FIRST, again) is Order.SAME


def test_a_version_is_deleted_after_it_was_made() -> None:
    deleted = replace(FIRST, kind=Kind.DELETED, sequencer="0001", time=NOON - timedelta(hours=1))
    assert order(FIRST, deleted) is Order.EARLIER
    assert order(deleted, FIRST) is Order.LATER


def test_a_marker_is_removed_after_it_was_put() -> None:
    hidden = replace(FIRST, kind=Kind.HIDDEN)
    assert order(hidden, replace(FIRST, kind=Kind.DELETED)) is Order.EARLIER


def test_two_versions_with_one_sequencer_cannot_be_told() -> None:
    assert order(FIRST, replace(FIRST, version="v2")) is Order.UNKNOWN
    other_content = replace(BARE, sequencer="0A", etag="one")
    assert order(other_content, replace(other_content, etag="two")) is Order.UNKNOWN


def test_a_sequencer_outweighs_the_time() -> None:
    second = replace(FIRST, version="v2", sequencer="00A2", time=NOON - timedelta(hours=1))
    assert order(FIRST, second) is Order.EARLIER


@pytest.mark.parametrize(("seconds", "expected"), [(1, Order.EARLIER), (0.9, Order.UNKNOWN)])
def test_times_count_where_they_are_well_apart(seconds: float, expected: Order) -> None:
    first = replace(BARE, time=NOON)
    assert order(first, replace(BARE, time=NOON + timedelta(seconds=seconds))) is expected


def test_the_same_content_is_the_same_where_nothing_else_is_known() -> None:
    note = replace(BARE, etag="one")
    assert order(note, note) is Order.SAME
    assert order(note, replace(note, etag="two")) is Order.UNKNOWN
    assert order(note, replace(note, kind=Kind.DELETED)) is Order.UNKNOWN


@pytest.mark.parametrize("change", [{"key": "other.jpg"}, {"bucket": "other"}])
def test_different_objects_have_no_order(change: dict[str, str]) -> None:
    assert order(FIRST, replace(FIRST, **change)) is Order.UNKNOWN  # type: ignore[arg-type]

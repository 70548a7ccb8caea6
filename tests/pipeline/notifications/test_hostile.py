"""Hostile notifications: nothing raises or grows without bounds, all that is said can be shown."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pipeline.notifications.events import (
    bridged_event,
    ceph_event,
    confirmation,
    minio_event,
    s3_event,
    sns,
    sqs_message,
    sqs_to_lambda,
    tried_event,
)
from tests.pipeline.notifications.reading import check, reasons
from tintype.pipeline.notifications import Reason, parse
from tintype.pipeline.notifications.envelopes import MAX_BYTES, MAX_LAYERS, MAX_PARTS

SEEDS: tuple[Any, ...] = (
    s3_event(),
    minio_event(),
    ceph_event(),
    bridged_event(),
    sqs_to_lambda(sqs_message(sns(s3_event()))),
    confirmation(),
    tried_event(),
)
NAMES = sorted(
    {"Records", "s3", "object", "key", "body", "Message", "Sns", "detail", "detail-type", "source"}
    | {"eventName", "eventSource", "eventVersion", "messageId", "Type", "TopicArn", "bucket"}
    | {"Messages", "Body", "MessageId", "requestPayload", "requestContext", "versionId", "size"}
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(
        ["aws:s3", "ceph:s3", "aws.s3", "2.1", "0", "ObjectCreated:Put", "Notification"]
    )
)
documents = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), inner, max_size=6)
    ),
    max_leaves=25,
)


@given(documents)
def test_any_json_is_answered(document: object) -> None:
    check(parse(document))
    check(parse(json.dumps(document)))


@given(st.binary() | st.text(st.characters()))
def test_any_bytes_and_any_text_are_answered(body: bytes | str) -> None:
    check(parse(body))


def places(document: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The ways to all values in a document of JSON."""
    if isinstance(document, dict):
        inner = list(document.items())
    elif isinstance(document, list):
        inner = list(enumerate(document))
    else:
        inner = []
    return [path, *(way for name, value in inner for way in places(value, (*path, name)))]


def replaced(document: Any, path: tuple[str | int, ...], value: object) -> Any:
    if not path:
        return value
    copy = document.copy()
    copy[path[0]] = replaced(copy[path[0]], path[1:], value)
    return copy


@given(st.sampled_from(SEEDS), st.data())
def test_a_notification_with_one_field_replaced_is_answered(seed: Any, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(places(seed)))
    check(parse(replaced(seed, path, data.draw(documents))))


@given(st.sampled_from(SEEDS), st.data())
def test_a_notification_that_is_cut_is_answered(seed: Any, data: st.DataObject) -> None:
    text = json.dumps(seed)
    notice = parse(text[: data.draw(st.integers(0, len(text) - 1))])
    assert not notice.notes
    assert reasons(notice)[0] in (Reason.NOT_JSON, Reason.EMPTY)


def test_envelopes_in_envelopes_come_to_an_end() -> None:
    body: Any = s3_event()
    for _ in range(MAX_LAYERS // 2):
        body = sns(body)
    notice = parse(body)
    assert not notice.notes
    assert reasons(notice) == [Reason.TOO_DEEP]


@pytest.mark.parametrize(
    "bomb",
    [
        "[" * 500_000,
        "[" * 400_000 + "]" * 400_000,
        "[" * 300 + "]" * 300,
        '{"Records":' * 90_000 + "1" + "}" * 90_000,
        '{"Records":[{"eventSource":' + "[" * 700 + "]" * 700 + ',"s3":{},"eventName":"x"}]}',
    ],
)
def test_a_bomb_of_nested_json_is_answered(bomb: str) -> None:
    notice = parse(bomb)
    check(notice)
    assert not notice.notes


def test_a_text_that_no_queue_carries_is_not_read() -> None:
    event = json.dumps(s3_event())
    assert len(parse(event.ljust(MAX_BYTES)).notes) == 1
    assert reasons(parse(event.ljust(MAX_BYTES + 1))) == [Reason.TOO_LARGE]
    assert reasons(parse(sqs_message(event.ljust(MAX_BYTES + 1)))) == [Reason.TOO_LARGE]


def test_a_list_of_very_many_things_is_not_read_to_its_end() -> None:
    assert len(parse([{"hello": 1}] * MAX_PARTS).ignored) == MAX_PARTS
    notice = parse("[" + "[]," * 300_000 + "[]]")
    assert len(notice.ignored) == MAX_PARTS + 1
    assert notice.ignored[-1].reason is Reason.TOO_LARGE


def test_what_a_stranger_wrote_is_not_searched_for_events() -> None:
    for stranger in (
        {"comment": s3_event()},
        {"body": json.dumps(s3_event())},
        {"detail": {"Records": s3_event()}},
        {"Message": json.dumps(s3_event())},
        {**bridged_event(), "source": "com.example", "detail": s3_event()},
    ):
        assert reasons(parse(stranger)) == [Reason.FOREIGN]


def test_colors_and_lines_of_a_stranger_are_not_shown() -> None:
    (ignored,) = parse("\x1b[31mred\r\nfake line\u202e").ignored
    assert ignored.detail.isprintable()
    assert "red" in ignored.detail


def test_numbers_of_any_length_are_answered() -> None:
    check(parse("[" + "9" * 5000 + "]"))
    check(parse({"eventName": 10**5000, "s3": 10**5000, "eventSource": 10**5000}))
    check(parse(s3_event() | {"Records": 10**5000}))

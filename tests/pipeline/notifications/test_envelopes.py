"""Envelopes: the same is read whatever it comes in, and one bad part spoils no other."""

import json
from collections.abc import Callable, Iterable

import pytest

from tests.pipeline.notifications.events import (
    BUCKET,
    ETAG,
    MESSAGE,
    TOPIC,
    Json,
    bridged_event,
    ceph_event,
    confirmation,
    failed_call,
    minio_event,
    received_message,
    s3_event,
    s3_record,
    sns,
    sns_to_lambda,
    sqs_message,
    sqs_to_lambda,
    tried_event,
)
from tests.pipeline.notifications.reading import only_note, reasons
from tintype.pipeline.notifications import Flavor, Kind, Note, Reason, parse

Wrapping = Callable[[Json], object]

# Each with the SQS message that is to be answered for, if any.
WRAPPINGS: dict[str, tuple[Wrapping, str | None]] = {
    "raw": (lambda event: event, None),
    "SNS over HTTP": (sns, None),
    "SNS to Lambda": (sns_to_lambda, None),
    "SQS to Lambda": (lambda event: sqs_to_lambda(sqs_message(event)), MESSAGE),
    "SNS to SQS to Lambda": (lambda event: sqs_to_lambda(sqs_message(sns(event))), MESSAGE),
    "one message of SQS": (sqs_message, MESSAGE),
    "SQS through a pipe": (lambda event: [sqs_message(event)], MESSAGE),
    "SQS received": (lambda event: {"Messages": [received_message(event)]}, MESSAGE),
    "SNS to SQS received": (lambda event: received_message(sns(event)), MESSAGE),
    "a FIFO queue": (
        lambda event: sqs_to_lambda(
            sqs_message(
                sns(event, SequenceNumber="10000000000000004000"),
                MessageGroupId="originals",
                MessageDeduplicationId="4e0a0f61",
                SequenceNumber="18873177232222703872",
            )
        ),
        MESSAGE,
    ),
    "a dead-letter queue": (
        lambda event: sqs_to_lambda(
            sqs_message(event, DeadLetterQueueSourceArn="arn:aws:sqs:eu-central-1:1:originals")
        ),
        MESSAGE,
    ),
    "a dead-letter queue of a topic": (
        lambda event: sqs_to_lambda(sqs_message(sns(event), ErrorCode="100")),
        MESSAGE,
    ),
    "a failed call of Lambda": (failed_call, None),
    "a failed call of Lambda in SQS": (lambda event: sqs_message(failed_call(event)), MESSAGE),
    "SQS in SNS in SQS": (
        lambda event: sqs_to_lambda(
            sqs_message(sns(sqs_to_lambda(sqs_message(sns(event), "inner"))))
        ),
        MESSAGE,
    ),
    "SNS in SQS in SNS in SQS of a pipe that failed": (
        lambda event: failed_call(sqs_to_lambda(sqs_message(sns(sqs_message(sns(event)))))),
        MESSAGE,
    ),
    "JSON in a text of JSON": (lambda event: json.dumps(json.dumps(event)), None),
    "bytes of another Unicode": (lambda event: json.dumps(event).encode("utf-16"), None),
}

EVENTS: dict[str, Callable[[], Json]] = {
    "S3": s3_event,
    "EventBridge": bridged_event,
    "MinIO": minio_event,
    "Ceph": ceph_event,
}


def keys(notes: Iterable[Note]) -> list[str]:
    return [each.key for each in notes]


@pytest.mark.parametrize("wrapping", WRAPPINGS)
@pytest.mark.parametrize("event", EVENTS)
def test_every_event_is_read_in_every_envelope(event: str, wrapping: str) -> None:
    wrap, message = WRAPPINGS[wrapping]
    body = wrap(EVENTS[event]())
    note = only_note(body)
    assert (note.kind, note.bucket, note.key) == (Kind.CREATED, BUCKET, "cameras/leica.jpg")
    assert (note.etag, note.size, note.message) == (ETAG, 48213, message)
    if isinstance(body, dict | list):
        assert only_note(json.dumps(body)) == note
        assert only_note(json.dumps(body).encode()) == note


def test_a_record_alone_is_read_as_in_its_list() -> None:
    assert only_note(s3_record()) == only_note(s3_event())


def test_a_parsed_message_in_an_envelope_is_read_as_its_text_is() -> None:
    assert only_note({**sns(""), "Message": s3_event()}) == only_note(sns(s3_event()))


def test_each_message_of_a_batch_is_answered_for_by_itself() -> None:
    batch = sqs_to_lambda(
        sqs_message(s3_event(s3_record("a.jpg"), s3_record("b.jpg")), "first"),
        sqs_message("no JSON", "second"),
        sqs_message(bridged_event("c.jpg"), "third"),
    )
    notice = parse(batch)
    assert [(note.key, note.message) for note in notice.notes] == [
        ("a.jpg", "first"),
        ("b.jpg", "first"),
        ("c.jpg", "third"),
    ]
    assert [(each.reason, each.message) for each in notice.ignored] == [(Reason.NOT_JSON, "second")]


def test_a_bad_record_spoils_no_other() -> None:
    nameless = s3_record(key="lost.jpg")
    del nameless["s3"]["bucket"]
    notice = parse(s3_event(s3_record("a.jpg"), nameless, s3_record("b.jpg")))
    assert keys(notice.notes) == ["a.jpg", "b.jpg"]
    assert reasons(notice) == [Reason.MALFORMED]


def test_a_confirmation_says_what_to_open_and_of_which_topic() -> None:
    (asked,) = parse(confirmation()).confirmations
    assert asked.topic == TOPIC
    assert asked.url == "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription"
    assert not asked.ended
    (ended,) = parse(sqs_message(confirmation("UnsubscribeConfirmation"))).confirmations
    assert ended.ended
    assert ended.message == MESSAGE


@pytest.mark.parametrize(
    "change", [{"SubscribeURL": ""}, {"SubscribeURL": "https://a\nb"}, {"TopicArn": ["x"]}]
)
def test_a_confirmation_that_cannot_be_followed_is_ignored(change: Json) -> None:
    notice = parse(confirmation(**change))
    assert not notice.confirmations
    assert reasons(notice) == [Reason.MALFORMED]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (tried_event(), Reason.TEST),
        (sqs_to_lambda(sqs_message(tried_event())), Reason.TEST),
        (sns(tried_event()), Reason.TEST),
        (b"", Reason.EMPTY),
        ("  \n", Reason.EMPTY),
        ("null", Reason.EMPTY),
        ({}, Reason.EMPTY),
        ({"Records": []}, Reason.EMPTY),
        (sqs_message(""), Reason.EMPTY),
        ("hello", Reason.NOT_JSON),
        (b"\xff\xfe\xff", Reason.NOT_JSON),
        (b"\x89PNG\r\n\x1a\n", Reason.NOT_JSON),
        ('{"Records": [', Reason.NOT_JSON),
        ("7", Reason.FOREIGN),
        ({"hello": "world"}, Reason.FOREIGN),
        ({"Records": 3}, Reason.FOREIGN),
        ({"Records": [{"eventSource": "aws:dynamodb", "dynamodb": {}}]}, Reason.FOREIGN),
        ({"batchItemFailures": [{"itemIdentifier": "id2"}]}, Reason.FOREIGN),
        (s3_event({**s3_record(), "eventSource": "aws:s3-object-lambda"}), Reason.FOREIGN),
        ({**bridged_event(), "source": "aws.ec2"}, Reason.FOREIGN),
        (bridged_event(name="AWS API Call via CloudTrail"), Reason.FOREIGN),
        (s3_event(s3_record("photos/")), Reason.FOLDER),
        (bridged_event("photos/"), Reason.FOLDER),
    ],
)
def test_what_asks_for_nothing_is_ignored_with_its_reason(body: object, reason: Reason) -> None:
    notice = parse(body)
    assert not notice.notes
    assert reasons(notice) == [reason]


@pytest.mark.parametrize("version", ["2.0", "2.1", "2.3", "2.6", "2.99"])
def test_minor_versions_are_read_with_fields_that_are_not_known(version: str) -> None:
    record = {**s3_record(), "eventVersion": version, "tomorrow": {"s3": [1, 2]}}
    record["s3"]["object"]["checksum"] = "ok"
    assert only_note(s3_event(record)).key == "cameras/leica.jpg"


@pytest.mark.parametrize("version", ["3.0", "3", "1.0", "20.1", "", "two", 2.1, None, ["2.1"]])
def test_other_major_versions_are_refused(version: object) -> None:
    notice = parse(s3_event({**s3_record(), "eventVersion": version}))
    assert reasons(notice) == [Reason.UNSUPPORTED_VERSION]
    assert "eventVersion" in notice.ignored[0].detail


def test_another_major_version_of_the_bridge_is_refused() -> None:
    assert reasons(parse(bridged_event(detail={"version": "1"}))) == [Reason.UNSUPPORTED_VERSION]


def test_each_flavor_is_told_from_the_others() -> None:
    flavors = {name: only_note(made()).flavor for name, made in EVENTS.items()}
    assert flavors == {
        "S3": Flavor.S3,
        "EventBridge": Flavor.EVENTBRIDGE,
        "MinIO": Flavor.MINIO,
        "Ceph": Flavor.CEPH,
    }

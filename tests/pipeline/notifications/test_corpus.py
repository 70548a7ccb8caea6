"""Samples of notifications from public projects: what each says."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.notifications.reading import check
from tintype.pipeline.notifications import Kind, Notice, Reason, parse

pytestmark = pytest.mark.corpus

Meant = tuple[Kind, str] | Reason

CREATED, DELETED, HIDDEN, RESTORED = Kind.CREATED, Kind.DELETED, Kind.HIDDEN, Kind.RESTORED
OBJECT = "<key-name:1>"  # who recorded the sample put this in the key's place

EXPECTED: dict[str, list[Meant]] = {
    "aws-powertools__s3EventBridgeNotificationObjectCreatedEvent": [(CREATED, "IMG_m7fzo3.jpg")],
    "aws-powertools__s3EventBridgeNotificationObjectDeletedEvent": [(HIDDEN, "IMG_m7fzo3.jpg")],
    "aws-powertools__s3EventBridgeNotificationObjectExpiredEvent": [(HIDDEN, "IMG_m7fzo3.jpg")],
    "aws-powertools__s3ObjectEventTempCredentials": [Reason.FOREIGN],
    "aws-powertools__s3SqsEvent": [(CREATED, "test.pdf")],
    "aws-powertools__snsEvent": [Reason.NOT_JSON],
    "aws-powertools__snsSqsFifoEvent": [Reason.FOREIGN],
    "aws-powertools__sqsDlqTriggerEvent": [Reason.NOT_JSON],
    "aws-powertools__sqsEvent": [Reason.NOT_JSON, Reason.FOREIGN],
    "aws__RekognitionS3Request": [(CREATED, "{{{key}}}")],
    "aws__Sns": [Reason.NOT_JSON],
    "aws__Sqs": [Reason.NOT_JSON],
    "aws__s3-event": [(CREATED, "Happy Face.jpg")],
    "aws__s3-event-with-decoded": [(CREATED, "Happy Face.jpg")],
    "aws__s3-replication-event": [Reason.NO_CHANGE],
    "aws__s3-restore-event": [(RESTORED, "glacier-test.txt")],
    "aws__s3_event": [(CREATED, "test/key")],
    "aws__s3_object_lambda_event": [Reason.FOREIGN],
    "aws__sns_event": [Reason.FOREIGN],
    "aws__sqs-event": [Reason.NOT_JSON],
    "aws__sqs_event_nobody": [Reason.EMPTY],
    "awslabs__example-s3-event": [(CREATED, "Happy Face.jpg")],
    "awslabs__example-s3-event-with-decoded": [(CREATED, "Happy Face.jpg")],
    "awslabs__example-sns-event": [Reason.NOT_JSON],
    "awslabs__example-sqs-batch-response": [Reason.FOREIGN],
    "awslabs__example-sqs-event": [Reason.NOT_JSON],
    "datadog__sns-batch": [Reason.NOT_JSON, Reason.NOT_JSON],
    "datadog__sns-sqs-java-upstream": [Reason.NOT_JSON],
    "datadog__sns-string-msg-attribute": [Reason.NOT_JSON],
    "datadog__sqs-string-msg-attribute": [Reason.NOT_JSON],
    "localstack__aws_eventbridge_test_object_created_put": [(DELETED, OBJECT), (CREATED, OBJECT)],
    # A version put while versioning was suspended, and a delete marker that was removed.
    "localstack__aws_eventbridge_test_object_created_put_versioned": [
        *((CREATED, OBJECT), (DELETED, OBJECT)),
        *((CREATED, OBJECT), (DELETED, OBJECT)),
    ],
    "localstack__aws_eventbridge_test_restore_object": [Reason.NO_CHANGE, (RESTORED, OBJECT)],
    "localstack__aws_sns_test_bucket_notifications_with_filter": [
        (CREATED, "testupload/dir1/testfile.txt")
    ],
    "localstack__aws_sqs_test_delete_objects": [
        (DELETED, "<object-key:1>"),
        (DELETED, "<object-key:2>"),
        (DELETED, "<object-key:3>"),
    ],
    "localstack__aws_sqs_test_notifications_with_filter": [
        (CREATED, "testupload/dir1/testfile.txt")
    ],
    "localstack__aws_sqs_test_object_created_complete_multipart_upload": [(CREATED, "test-key")],
    "localstack__aws_sqs_test_object_created_put": [(CREATED, "my_key_0"), (CREATED, "my_key_1")],
    "localstack__aws_sqs_test_object_created_put_with_presigned_url_upload": [
        (CREATED, "key-by-hostname"),
        (CREATED, "key-by-hostname"),
    ],
    "localstack__aws_sqs_test_object_tagging_delete_event": [Reason.NO_CHANGE],
    "localstack__aws_sqs_test_restore_object": [Reason.NO_CHANGE, (RESTORED, "my_key_restore")],
    "xlab-si__minio_put": [(CREATED, "hello.jpg")],
}


def recorded(document: Any) -> Iterator[Any]:
    """The notifications within what a test recorded of its answers, which is no envelope."""
    if isinstance(document, dict):
        if {"eventName", "detail-type", "TopicArn"} & document.keys():
            yield document
        else:
            for value in document.values():
                yield from recorded(value)
    elif isinstance(document, list):
        for value in document:
            yield from recorded(value)


def meanings(notice: Notice) -> list[Meant]:
    assert not notice.confirmations
    noted: list[Meant] = [(note.kind, note.key) for note in notice.notes]
    return [*(each.reason for each in notice.ignored), *noted]


def samples(corpus: Path) -> list[Path]:
    with (corpus / "manifest.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["category"] == "events"]
    return [corpus / row["file"] for row in rows]


def test_each_sample_says_what_it_should(corpus: Path) -> None:
    wrong = {}
    for sample in samples(corpus):
        if sample.stem not in EXPECTED:
            continue
        content = sample.read_bytes()
        single = not sample.stem.startswith("localstack__")
        parts = (
            [content] if single else [json.dumps(each) for each in recorded(json.loads(content))]
        )
        found = [meaning for part in parts for meaning in meanings(parse(part))]
        if found != EXPECTED[sample.stem]:
            wrong[sample.stem] = found
    assert not wrong


def test_every_sample_is_there_and_every_one_is_answered(corpus: Path) -> None:
    found = samples(corpus)
    assert {sample.stem for sample in found} >= EXPECTED.keys()
    for sample in found:
        check(parse(sample.read_bytes()))
        check(parse(json.loads(sample.read_bytes())))

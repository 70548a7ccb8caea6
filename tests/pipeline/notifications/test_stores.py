"""Notifications of a real server, through its queues, topics and rules, and back to its objects."""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from html import unescape
from urllib.parse import quote, urlencode

import httpx
import pytest

from tests.support.s3 import Ministack, running
from tintype.pipeline.notifications import Flavor, Kind, Note, Order, Reason, order, parse

KEYS = [
    *("a+b.jpg", "a b.jpg", "a%20b.jpg", "100%.jpg", "ü ñ 日本.jpg"),
    *("🦋/deep er/%2B+.png", "*!'().jpg"),
]
PATIENCE = 30.0
ACCOUNT = "000000000000"


class Amazon(Ministack):
    """The emulator with queues, topics and rules, asked for them as its owner."""

    def _settings(self) -> dict[str, str]:
        return {**super()._settings(), "SERVICES": "s3,iam,sts,sqs,sns,events"}

    def queue(self, name: str) -> str:
        """A new queue that all may send to."""
        self._ask("sqs", {"Action": "CreateQueue", "QueueName": name})
        statement = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        self._ask(
            "sqs",
            {
                "Action": "SetQueueAttributes",
                "QueueUrl": f"{self.url}/{ACCOUNT}/{name}",
                "Attribute.1.Name": "Policy",
                "Attribute.1.Value": json.dumps(policy),
            },
        )
        return name

    def through_queue(self, bucket: str, queue: str) -> None:
        """Have a bucket notify a queue."""
        self._notify(bucket, "Queue", f"arn:aws:sqs:us-east-1:{ACCOUNT}:{queue}")

    def through_topic(self, bucket: str, queue: str) -> None:
        """Have a bucket notify a topic that a queue has subscribed to."""
        self._ask("sns", {"Action": "CreateTopic", "Name": queue})
        topic = f"arn:aws:sns:us-east-1:{ACCOUNT}:{queue}"
        subscription = {"Action": "Subscribe", "TopicArn": topic, "Protocol": "sqs"}
        endpoint = f"arn:aws:sqs:us-east-1:{ACCOUNT}:{queue}"
        self._ask("sns", {**subscription, "Endpoint": endpoint})
        self._notify(bucket, "Topic", topic)

    def through_rule(self, bucket: str, queue: str) -> None:
        """Have a bucket notify EventBridge, where a rule sends what it tells to a queue."""
        self._configure(bucket, "<EventBridgeConfiguration/>")
        pattern = {"source": ["aws.s3"], "detail": {"bucket": {"name": [bucket]}}}
        self._bridge("PutRule", {"Name": queue, "EventPattern": json.dumps(pattern)})
        target = {"Id": "1", "Arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:{queue}"}
        self._bridge("PutTargets", {"Rule": queue, "Targets": [target]})

    def remove(self, bucket: str, key: str) -> None:
        self.administer("DELETE", f"/{bucket}/{quote(key, safe='')}")

    def content(self, bucket: str, key: str) -> str:
        return self.administer("GET", f"/{bucket}/{quote(key, safe='')}").text

    def notes(self, queue: str, count: int) -> list[Note]:
        """So many notes as they come out of a queue; all else that comes is a test event."""
        notes: list[Note] = []
        deadline = time.monotonic() + PATIENCE
        while len(notes) < count:
            assert time.monotonic() < deadline, notes
            for body in self._bodies(queue):
                notice = parse(body)
                assert {each.reason for each in notice.ignored} <= {Reason.TEST}
                notes += notice.notes
        return notes

    def _bodies(self, queue: str) -> list[str]:
        answer = self._ask(
            "sqs",
            {
                "Action": "ReceiveMessage",
                "QueueUrl": f"{self.url}/{ACCOUNT}/{queue}",
                "MaxNumberOfMessages": "10",
                "WaitTimeSeconds": "1",
            },
        )
        return [unescape(body) for body in re.findall(r"<Body>(.*?)</Body>", answer, re.DOTALL)]

    def _notify(self, bucket: str, kind: str, arn: str) -> None:
        events = "".join(f"<Event>s3:Object{each}:*</Event>" for each in ("Created", "Removed"))
        target = f"<{kind}>{arn}</{kind}>"
        self._configure(bucket, f"<{kind}Configuration>{target}{events}</{kind}Configuration>")

    def _configure(self, bucket: str, what: str) -> None:
        document = f"<NotificationConfiguration>{what}</NotificationConfiguration>"
        self.administer("PUT", f"/{bucket}?notification", document)

    def _bridge(self, action: str, parameters: Mapping[str, object]) -> None:
        headers = {
            "X-Amz-Target": f"AWSEvents.{action}",
            "Content-Type": "application/x-amz-json-1.1",
        }
        self._post("events", json.dumps(parameters), headers)

    def _ask(self, service: str, parameters: Mapping[str, str]) -> str:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._post(service, urlencode(parameters), headers)

    def _post(self, service: str, content: str, headers: Mapping[str, str]) -> str:
        scope = f"Credential=root/20260101/us-east-1/{service}/aws4_request"
        authorization = f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"
        answer = httpx.post(
            self.url + "/",
            content=content,
            headers={**headers, "Authorization": authorization},
            timeout=PATIENCE,
        )
        return answer.raise_for_status().text


@pytest.fixture(scope="module")
def amazon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Amazon]:
    with running(Amazon, tmp_path_factory.mktemp("amazon")) as server:
        yield server


Way = Callable[[Amazon, str, str], None]


@pytest.mark.parametrize(
    ("way", "flavor"),
    [
        (Amazon.through_queue, Flavor.S3),
        (Amazon.through_topic, Flavor.S3),
        (Amazon.through_rule, Flavor.EVENTBRIDGE),
    ],
)
def test_what_a_store_tells_of_leads_to_what_was_put(
    amazon: Amazon, way: Way, flavor: Flavor
) -> None:
    bucket, queue = amazon.bucket(), amazon.queue(way.__name__)
    way(amazon, bucket, queue)
    for key in KEYS:
        amazon.put(bucket, key, f"content of {key}")
    notes = amazon.notes(queue, len(KEYS))
    assert sorted(note.key for note in notes) == sorted(KEYS)
    for note in notes:
        assert (note.kind, note.bucket, note.flavor) == (Kind.CREATED, bucket, flavor)
        content = amazon.content(note.bucket, note.key)
        assert content == f"content of {note.key}"
        assert note.size == len(content.encode())
        assert note.etag == amazon.headers(bucket, note.key)["etag"].strip('"')


def test_what_happened_to_a_key_is_told_in_an_order(amazon: Amazon) -> None:
    bucket, queue = amazon.bucket(versioned=True), amazon.queue("history")
    amazon.through_queue(bucket, queue)
    amazon.put(bucket, "leica.jpg", "first")
    amazon.put(bucket, "leica.jpg", "second")
    amazon.remove(bucket, "leica.jpg")
    first, second, removed = amazon.notes(queue, 3)
    assert [first.kind, second.kind, removed.kind] == [Kind.CREATED, Kind.CREATED, Kind.HIDDEN]
    assert len({first.version, second.version, removed.version} - {None}) == 3
    assert order(first, second) is Order.EARLIER
    assert order(removed, second) is Order.LATER
    assert order(second, second) is Order.SAME


def test_a_key_without_versions_is_told_to_be_deleted(amazon: Amazon) -> None:
    bucket, queue = amazon.bucket(), amazon.queue("deletions")
    amazon.through_rule(bucket, queue)
    amazon.put(bucket, "leica.jpg", "first")
    amazon.remove(bucket, "leica.jpg")
    put, removed = amazon.notes(queue, 2)
    assert (put.kind, removed.kind) == (Kind.CREATED, Kind.DELETED)
    assert order(put, removed) is Order.EARLIER

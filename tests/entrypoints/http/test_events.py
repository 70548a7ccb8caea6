"""Notifications of stores over HTTP."""

import json
from base64 import b64encode
from pathlib import Path

import pytest

from tests.support.service import RunningService

EVENTS = "/v1/events/s3"


def created(key: str) -> dict[str, object]:
    return {
        "Records": [
            {
                "eventVersion": "2.1",
                "eventSource": "aws:s3",
                "eventName": "ObjectCreated:Put",
                "s3": {"bucket": {"name": "shop"}, "object": {"key": key}},
            }
        ]
    }


@pytest.fixture
def put(service: RunningService, jpeg: bytes) -> str:
    """An object that was put past the service, with letters that have to be encoded."""
    key = "originals/event ü+.jpg"
    file: Path = service.data / "objects" / key
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(jpeg)
    return key


def test_an_object_that_a_topic_tells_of_is_made(service: RunningService, put: str) -> None:
    wrapped = {
        "Type": "Notification",
        "MessageId": "1",
        "TopicArn": "arn:aws:sns:eu-west-1:1:topic",
        "Message": json.dumps(created("originals/event+%C3%BC%2B.jpg")),
    }
    answer = service.client.post(EVENTS, content=json.dumps(wrapped))
    assert answer.status_code == 200
    (item,) = answer.json()["items"]
    assert (item["key"], item["outcome"]) == (put, "accepted")
    image = service.settled(item["id"])
    assert (image["status"], image["name"]) == ("done", "event ü+.jpg")
    again = service.client.post(EVENTS, content=json.dumps(wrapped)).json()
    assert again["items"] == [{"key": put, "outcome": "known", "id": item["id"]}]
    assert 'tintype_notifications_total{outcome="known"}' in service.client.get("/metrics").text


def test_what_asks_for_nothing_is_acknowledged(service: RunningService) -> None:
    for content, reason in (
        (b"no json", "not_json"),
        (b'{"Service": "Amazon S3", "Event": "s3:TestEvent"}', "test_event"),
        (json.dumps(created("elsewhere/a.jpg")), "elsewhere"),
    ):
        answer = service.client.post(EVENTS, content=content)
        assert (answer.status_code, answer.json()["items"]) == (200, [])
        assert [each["reason"] for each in answer.json()["ignored"]] == [reason]
        assert f'outcome="{reason}"' in service.client.get("/metrics").text


def test_the_address_of_a_subscription_is_told_to_the_operator_alone(
    service: RunningService,
) -> None:
    asks = {
        "Type": "SubscriptionConfirmation",
        "MessageId": "1",
        "TopicArn": "arn:aws:sns:eu-west-1:1:topic",
        "Token": "t",
        "SubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=t",
    }
    answer = service.client.post(EVENTS, content=json.dumps(asks)).json()
    assert answer == {"items": [], "ignored": [], "confirmations": [asks["TopicArn"]]}
    assert "notification.confirmation" in service.log()


def test_a_notification_has_a_bound(service: RunningService) -> None:
    answer = service.client.post(EVENTS, content=b" " * (1024 * 1024 + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_many_bytes")


def test_topics_bring_their_key_as_a_password(guarded: RunningService) -> None:
    secret = guarded.client.headers["Authorization"].removeprefix("Bearer ")

    def ask(credentials: bytes) -> tuple[int, str]:
        basic = b64encode(credentials).decode()
        answer = guarded.client.post(
            EVENTS, content=b"{}", headers={"Authorization": f"Basic {basic}"}
        )
        return answer.status_code, answer.headers.get("www-authenticate", "")

    assert ask(f"anybody:{secret}".encode()) == (200, "")
    for wrong in (b"anybody:tt_wrong", b"no colon", b"\xff\xfe", secret.encode()):
        status, challenge = ask(wrong)
        assert (status, challenge.partition(" ")[0]) == (401, "Basic")
    garbled = guarded.client.post(EVENTS, headers={"Authorization": "Basic ?"})
    assert garbled.status_code == 401

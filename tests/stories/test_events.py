"""Originals that others put into the bucket: made, made anew and removed, as the store tells."""

import json
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest

from tests.support.photographs import encoded, photograph
from tests.support.s3 import Ministack
from tests.support.service import RunningService

RECIPE = Path(__file__).parents[2] / "recipes" / "marketplace.yaml"
FIRST = encoded(photograph(900, 700), quality=85)
SECOND = encoded(photograph(1000, 800, seed=2), quality=85)
MARK = ".tintype-"


class Shop:
    """A bucket, the service that works on it, and what the bucket tells."""

    def __init__(self, ministack: Ministack, folder: Path, *, versioned: bool) -> None:
        self.bucket = ministack.bucket(versioned=versioned)
        self.ministack = ministack
        address = f"s3://{self.bucket}/shop"
        environ = {**ministack.environ(), "TINTYPE_ORIGINALS": address}
        self.service = RunningService(RECIPE, folder / "data", environ=environ)

    def put(self, key: str, content: bytes) -> None:
        self.ministack.put(self.bucket, f"shop/{key}", content)

    def keys(self) -> set[str]:
        """What is in the bucket, but for the marks by which the store is known."""
        held = {key.removeprefix("shop/") for key in self.ministack.keys(self.bucket)}
        return {key for key in held if not key.startswith(MARK)}

    def tell(self, *keys: str, name: str = "ObjectCreated:Put") -> dict[str, Any]:
        """Post what the bucket tells of keys, as it comes by a topic and a queue."""
        records = [
            {
                "eventVersion": "2.1",
                "eventSource": "aws:s3",
                "eventName": name,
                "s3": {
                    "bucket": {"name": self.bucket},
                    "object": {"key": quote_plus(f"shop/{key}", safe="/")},
                },
            }
            for key in keys
        ]
        note = {"Type": "Notification", "MessageId": "1", "TopicArn": "arn:aws:sns:us-east-1:1:t"}
        message = {
            "messageId": "m",
            "body": json.dumps(note | {"Message": json.dumps({"Records": records})}),
            "eventSource": "aws:sqs",
        }
        answer = self.service.client.post("/v1/events/s3", json={"Records": [message]})
        told: dict[str, Any] = answer.raise_for_status().json()
        return told

    def becomes(self, keys: set[str]) -> None:
        """Wait until the bucket holds these objects and no others."""
        deadline = time.monotonic() + 60
        while (held := self.keys()) != keys:
            assert time.monotonic() < deadline, held ^ keys
            time.sleep(0.05)


@pytest.fixture
def shop(ministack: Ministack, tmp_path: Path) -> Iterator[Callable[..., Shop]]:
    started: list[Shop] = []

    def open_shop(*, versioned: bool = False) -> Shop:
        started.append(Shop(ministack, tmp_path, versioned=versioned))
        return started[-1]

    yield open_shop
    for each in started:
        assert each.service.stop() == 0


def made(key: str) -> set[str]:
    """The keys of an original and its variants."""
    name = key.rpartition("/")[2]
    return {key, f"800x600/{name}", f"400x300/{name}", f"200x150/{name}"}


@pytest.mark.parametrize("versioned", [False, True])
def test_an_original_in_a_bucket_is_made_made_anew_and_removed(
    shop: Callable[..., Shop], versioned: bool
) -> None:
    place = shop(versioned=versioned)
    key = "originals/a+b %20ü 日本.jpg"
    place.put(key, FIRST)
    (item,) = place.tell(key)["items"]
    assert (item["key"], item["outcome"]) == (key, "accepted")
    first = place.service.settled(item["id"])
    assert first["status"] == "done"
    assert place.keys() == made(key)

    place.put(key, SECOND)
    assert [each["outcome"] for each in place.tell(key, key)["items"]] == ["accepted"]
    second = place.service.settled(item["id"])
    assert second["facts"]["width"] == 1000
    versions = {each["original_version"] for each in second["variants"]}
    assert len(versions) == 1
    assert versions != {each["original_version"] for each in first["variants"]}

    place.ministack.delete(place.bucket, f"shop/{key}")
    (item,) = place.tell(key, name="ObjectRemoved:DeleteMarkerCreated")["items"]
    assert item["outcome"] == "gone"
    place.becomes(set())
    assert place.service.image(item["id"])["status"] == "gone"


def test_what_the_service_makes_starts_nothing(shop: Callable[..., Shop]) -> None:
    place = shop()
    image = place.service.settled(place.service.upload("own.jpg", FIRST)["id"])
    assert image["status"] == "done"
    told = place.tell(*(each["key"] for each in image["variants"]), "originals/own.jpg")
    assert [each["reason"] for each in told["ignored"]] == ["elsewhere"] * 3
    assert [each["outcome"] for each in told["items"]] == ["known"]
    assert len(place.service.client.get("/v1/jobs").json()["items"]) == 1


def test_twenty_originals_told_of_five_times_in_any_order_are_made_once(
    shop: Callable[..., Shop],
) -> None:
    place = shop()
    keys = [f"originals/{number}.jpg" for number in range(20)]
    for key in keys:
        place.put(key, FIRST)
    told = keys * 5
    random.Random(5).shuffle(told)
    for start in range(0, len(told), 10):
        place.tell(*told[start : start + 10])
    images = place.service.client.get("/v1/images").json()["items"]
    assert sorted(image["key"] for image in images) == sorted(keys)
    for image in images:
        assert place.service.settled(image["id"])["status"] == "done"
    jobs = place.service.client.get("/v1/jobs").json()["items"]
    assert len(jobs) == len(keys)
    assert {job["attempts"] for job in jobs} == {1}


def test_a_deleted_image_leaves_the_bucket(shop: Callable[..., Shop]) -> None:
    place = shop()
    image = place.service.settled(place.service.upload("gone.jpg", FIRST)["id"])
    other = place.service.settled(place.service.upload("stays.jpg", FIRST)["id"])
    place.service.client.delete(f"/v1/images/{image['id']}").raise_for_status()
    place.becomes(made(other["key"]))

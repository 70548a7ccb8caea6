"""Deleting images over HTTP."""

import time
from pathlib import Path

from tests.support.service import RunningService

NO_IMAGE = "img_" + "a" * 26


def objects(service: RunningService, image: dict[str, object]) -> list[Path]:
    """The files of an image that are there."""
    held = [image["key"], *(each["key"] for each in image["variants"])]  # type: ignore[attr-defined]
    places = [service.data / "objects" / key for key in held]
    return [place for place in places if place.exists()]


def test_a_deleted_image_is_served_no_more_and_its_objects_go(
    service: RunningService, jpeg: bytes
) -> None:
    sent = service.client.post("/v1/images?name=delete.jpg&wait=60", content=jpeg)
    image = sent.json()
    assert len(objects(service, image)) == 4, sent.text
    at = f"/v1/images/{image['id']}"
    answer = service.client.delete(at)
    assert (answer.status_code, answer.content) == (204, b"")
    gone = service.client.get(at).json()
    assert (gone["status"], gone["variants"], gone["error"]) == ("gone", [], None)
    for variant in image["variants"]:
        assert service.client.get(variant["url"]).status_code == 404
    deadline = time.monotonic() + 60
    while objects(service, image):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert service.client.delete(at).status_code == 204  # as it was wished


def test_an_image_that_never_was_cannot_be_deleted(service: RunningService) -> None:
    answer = service.client.delete(f"/v1/images/{NO_IMAGE}")
    assert (answer.status_code, answer.json()["code"]) == (404, "image_not_found")


def test_deleting_takes_the_scope_of_uploading(guarded: RunningService, jpeg: bytes) -> None:
    image = guarded.client.post("/v1/images?name=mine.jpg&wait=60", content=jpeg).json()
    at = f"/v1/images/{image['id']}"
    answer = guarded.client.delete(at, headers={"Authorization": "Bearer tt_wrong"})
    assert answer.status_code == 401
    assert guarded.client.get(at).json()["status"] == "done"
    assert guarded.client.delete(at).status_code == 204

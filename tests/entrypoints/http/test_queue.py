"""The queue over HTTP: how it stands, holding it up, and what happens when it is full."""

import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.support.troubled import PICTURE, TroubledService


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TroubledService]:
    """A service in which three jobs may wait."""
    folder = tmp_path_factory.mktemp("narrow")
    running = TroubledService(folder, environ={"TINTYPE_QUEUE_LIMIT": "3"})
    yield running
    assert running.stop() == 0


def until_there_is_room(service: TroubledService) -> None:
    """What has ended is counted a moment later: come back until then, as clients are told to."""
    deadline = time.monotonic() + 60
    while service.client.post("/v1/images", content=PICTURE).status_code == 429:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_an_empty_queue_stands_still(narrow: TroubledService) -> None:
    assert narrow.get("/v1/queue") == {
        "paused": False,
        "queued": 0,
        "running": 0,
        "dead": 0,
        "oldest_seconds": None,
        "limit": 3,
    }


def test_a_paused_queue_takes_uploads_until_it_is_full(narrow: TroubledService) -> None:
    with narrow.paused():
        sent = [narrow.upload(f"{number}.jpg", PICTURE) for number in range(3)]
        standing = narrow.get("/v1/queue")
        assert (standing["paused"], standing["queued"], standing["running"]) == (True, 3, 0)
        assert standing["oldest_seconds"] >= 0
        refused = narrow.client.post("/v1/images", params={"name": "4.jpg"}, content=PICTURE)
        assert (refused.status_code, refused.json()["code"]) == (429, "queue_full")
        assert int(refused.headers["retry-after"]) > 0
        assert refused.headers["content-type"] == "application/problem+json"
        assert "TINTYPE_QUEUE_LIMIT" in refused.json()["hint"]
        assert len(narrow.images()) == 3
        assert narrow.get("/readyz")["status"] == "ok"  # no restart would help
    for image in sent:
        assert narrow.settled(image["id"])["status"] == "done"
    until_there_is_room(narrow)


def test_a_full_queue_refuses_before_the_body_has_come(narrow: TroubledService) -> None:
    with narrow.paused():
        while narrow.client.post("/v1/images", content=PICTURE).is_success:
            assert narrow.get("/v1/queue")["queued"] <= 3
        address = urlsplit(narrow.url)
        with socket.create_connection((address.hostname, address.port), timeout=60) as connection:
            head = f"POST /v1/images HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: 1000\r\n"
            connection.sendall(f"{head}\r\n".encode())  # and nothing of the body
            assert connection.recv(64).startswith(b"HTTP/1.1 429 ")


def test_a_full_queue_takes_a_newer_version_of_what_waits(narrow: TroubledService) -> None:
    until_there_is_room(narrow)
    with narrow.paused():
        while narrow.client.post("/v1/images", content=PICTURE).is_success:
            assert narrow.get("/v1/queue")["queued"] <= 3
        waiting = narrow.get("/v1/images", state="queued")["items"][0]
        queued = narrow.get("/v1/queue")["queued"]
        key = {"key": waiting["key"]}
        newer = narrow.client.post("/v1/images", params=key, content=PICTURE + b"\0")
        assert (newer.status_code, newer.json()["id"]) == (202, waiting["id"])
        assert narrow.get("/v1/queue")["queued"] == queued
        other = narrow.client.post(
            "/v1/images", params={"key": f"{waiting['key']}.jpg"}, content=PICTURE
        )
        assert (other.status_code, other.json()["code"]) == (429, "queue_full")
    assert narrow.settled(waiting["id"])["status"] == "done"
    until_there_is_room(narrow)


def test_dead_letters_are_counted(troubled: TroubledService) -> None:
    troubled.dead("dead.jpg", "too.jpg")
    assert troubled.get("/v1/queue")["dead"] == 2


def test_pausing_and_resuming_twice_changes_nothing(narrow: TroubledService) -> None:
    for action, paused in (("pause", True), ("pause", True), ("resume", False), ("resume", False)):
        assert narrow.act(f"/v1/queue/{action}")["paused"] is paused


def test_a_pause_outlives_the_process(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("restarted")
    first = TroubledService(folder)
    first.act("/v1/queue/pause")
    time.sleep(1)  # what is taken from the queue just now still begins
    image = first.upload("waits.jpg", PICTURE)
    assert first.stop() == 0
    second = TroubledService(folder)
    try:
        assert second.get("/v1/queue")["paused"]
        assert second.image(image["id"])["status"] == "queued"
        second.act("/v1/queue/resume")
        assert second.settled(image["id"])["status"] == "done"
    finally:
        assert second.stop() == 0

"""Uploads as clients send them, well and badly."""

import http.client
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from tests.support.photographs import encoded, photograph
from tests.support.service import RunningService
from tintype.recipe.keys import with_suffix

LIMIT = 2_000_000


def assert_empty(spool: Path) -> None:
    """The server removes an upload right after its answer, or when it sees the client leave."""
    deadline = time.monotonic() + 10
    while list(spool.iterdir()):
        assert time.monotonic() < deadline, list(spool.iterdir())
        time.sleep(0.02)


@pytest.fixture(autouse=True)
def _nothing_is_left(spool: Path) -> Iterator[None]:
    yield
    assert_empty(spool)


def count(service: RunningService) -> int:
    return len(service.images())


def test_a_raw_upload_is_accepted_and_found_at_its_status_url(
    service: RunningService, jpeg: bytes
) -> None:
    response = service.client.post("/v1/images", params={"name": "raw.jpg"}, content=jpeg)
    assert response.status_code == 202
    answer = response.json()
    assert answer["id"].startswith("img_")
    assert answer["key"] == "originals/raw.jpg"
    assert answer["status"] in ("queued", "running")
    assert response.headers["location"] == answer["status_url"]
    assert list(answer["variants"]) == ["800x600", "400x300", "200x150"]
    service.settled(answer["id"])
    image = service.client.get(answer["status_url"]).json()
    assert image["name"] == "raw.jpg"
    for url in answer["variants"].values():
        assert service.client.get(url).headers["content-type"] == "image/jpeg"


def test_a_form_is_accepted_under_its_file_name(service: RunningService, jpeg: bytes) -> None:
    files = [("note", (None, b"hello")), ("file", ("form.jpg", jpeg))]
    response = service.client.post("/v1/images", files=files)
    assert response.status_code == 202
    assert response.json()["key"] == "originals/form.jpg"


def test_waiting_answers_with_the_finished_image(service: RunningService, jpeg: bytes) -> None:
    params = {"name": "waited.jpg", "wait": "60"}
    response = service.client.post("/v1/images", params=params, content=jpeg)
    assert response.status_code == 200
    image = response.json()
    assert image["status"] == "done"
    assert image["facts"] == {
        "format": "jpeg",
        "width": 900,
        "height": 700,
        "bytes": len(jpeg),
        "orientation": 1,
        "frames": 1,
    }
    assert [variant["key"] for variant in image["variants"]] == [
        "800x600/waited.jpg",
        "400x300/waited.jpg",
        "200x150/waited.jpg",
    ]
    assert image["findings"] == {}
    assert image["error"] is None
    assert image["job"]["steps"]
    assert image == service.image(image["id"])


def test_what_is_no_image_is_rejected_after_its_acceptance(service: RunningService) -> None:
    image = service.upload("notes.jpg", b"these are notes", wait="60")
    assert image["status"] == "rejected"
    assert image["error"]["code"] == "not_an_image"


def test_the_same_name_twice_makes_two_images(service: RunningService, jpeg: bytes) -> None:
    first, second = (service.upload("twice.jpg", jpeg) for _ in range(2))
    assert first["id"] != second["id"]
    assert second["key"] == f"originals/twice-{second['id'].removeprefix('img_')[:8]}.jpg"


def test_a_key_replaces_what_is_there(service: RunningService, jpeg: bytes) -> None:
    first = service.upload("", jpeg, key="originals/replaced/a.jpg", wait="60")
    other = encoded(photograph(500, 500, seed=1), quality=85)
    second = service.upload("", other, key="originals/replaced/a.jpg", wait="60")
    assert second["id"] == first["id"]
    assert second["facts"]["width"] == 500
    response = service.client.post("/v1/images", params={"key": "elsewhere/a.jpg"}, content=jpeg)
    assert response.status_code == 400
    assert response.json()["code"] == "key_invalid"


def test_an_idempotency_key_accepts_the_same_upload_once(
    service: RunningService, jpeg: bytes
) -> None:
    def send(name: str, content: bytes) -> httpx.Response:
        headers = {"Idempotency-Key": "once"}
        params = {"name": name}
        return service.client.post("/v1/images", params=params, content=content, headers=headers)

    first = send("once.jpg", jpeg)
    again = send("once.jpg", jpeg)
    assert first.status_code == again.status_code == 202
    assert first.json()["id"] == again.json()["id"]
    for conflict in (send("once.jpg", jpeg + b"x"), send("other.jpg", jpeg)):
        assert conflict.status_code == 409
        assert conflict.json()["code"] == "idempotency_conflict"


@pytest.mark.parametrize("as_form", [False, True])
def test_an_empty_upload_is_refused(service: RunningService, as_form: bool) -> None:
    body = {"files": {"file": ("a.jpg", b"")}} if as_form else {"content": b""}
    response = service.client.post("/v1/images", **body)
    assert response.status_code == 400
    assert "empty" in response.json()["detail"]


def test_a_form_with_two_files_makes_no_image(service: RunningService, jpeg: bytes) -> None:
    before = count(service)
    files = [("file", ("a.jpg", jpeg)), ("file", ("b.jpg", jpeg))]
    response = service.client.post("/v1/images", files=files)
    assert response.status_code == 400
    assert "more than one" in response.json()["detail"]
    assert count(service) == before


NAMES = [
    "ü ñ 日本 🌄.jpg",
    "100%.jpg",
    "50%25 off?#1 & more+.jpg",
    "a'b\"c.jpg",
    "[x]{y};$(z).jpg",
    "-rf.jpg",
    "\u202egpj.exe.jpg",
    "cafe\u0301.jpg",
    ".hidden",
    "no-extension",
    "%2e%2e%2fup.jpg",
    "a" * 200 + ".jpg",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("as_form", [False, True])
def test_any_name_round_trips_through_the_addresses_in_the_answer(
    service: RunningService, jpeg: bytes, name: str, as_form: bool
) -> None:
    params = {"wait": "60"} | ({} if as_form else {"name": name})
    body = {"files": {"file": (name, jpeg)}} if as_form else {"content": jpeg}
    image = service.client.post("/v1/images", params=params, **body).json()
    assert image["status"] == "done"
    assert image["name"] == name
    key = f"originals/{name}"
    assert image["key"] in (key, with_suffix(key, image["id"].removeprefix("img_")[:8]))
    for variant in image["variants"]:
        by_key = service.client.get(variant["url"])
        assert by_key.status_code == 200
        assert len(by_key.content) == variant["bytes"]
        by_original = f"/i/{variant['name']}/{quote(image['key'])}"
        assert service.client.get(by_original).content == by_key.content
        by_id = f"/i/{variant['name']}/{image['id']}"
        assert service.client.get(by_id).content == by_key.content


@pytest.mark.parametrize("name", ["a\r\nSet-Cookie: x.jpg", "a\x00.jpg", "..", "."])
def test_a_name_that_cannot_be_kept_is_refused(
    service: RunningService, jpeg: bytes, name: str
) -> None:
    response = service.client.post("/v1/images", params={"name": name}, content=jpeg)
    assert response.status_code == 400
    assert response.json()["code"] == "key_invalid"


def test_folders_in_a_name_are_ignored(service: RunningService, jpeg: bytes) -> None:
    for name in ("../../etc/folders.jpg", "C:\\photos\\folders.jpg"):
        answer = service.upload(name, jpeg)
        assert answer["key"].startswith("originals/folders")


class Connection:
    """One connection on which bytes are sent as they are."""

    def __init__(self, service: RunningService) -> None:
        address = service.client.base_url
        self.socket = socket.create_connection((address.host, address.port), timeout=30)

    def head(self, *headers: str) -> None:
        lines = ["POST /v1/images?name=sent.jpg HTTP/1.1", "Host: localhost", *headers, "", ""]
        self.socket.sendall("\r\n".join(lines).encode())

    def answer(self) -> http.client.HTTPResponse:
        response = http.client.HTTPResponse(self.socket)
        response.begin()
        return response


def test_a_length_over_the_limit_is_refused_before_the_body(service: RunningService) -> None:
    connection = Connection(service)
    connection.head(f"Content-Length: {LIMIT + 1}")
    response = connection.answer()
    assert response.status == 413
    assert b"too_many_bytes" in response.read()
    assert response.headers["connection"] == "close"
    connection.socket.close()


@pytest.mark.parametrize("as_form", [False, True])
def test_a_body_of_unknown_length_is_refused_when_it_passes_the_limit(
    service: RunningService, as_form: bool
) -> None:
    before = count(service)
    connection = Connection(service)
    kind = "multipart/form-data; boundary=b" if as_form else "image/jpeg"
    connection.head("Transfer-Encoding: chunked", f"Content-Type: {kind}")
    if as_form:
        start = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        connection.socket.sendall(b"%x\r\n%b\r\n" % (len(start), start))
    piece = b"%x\r\n%b\r\n" % (65536, b"\xff" * 65536)
    # Half as much again as is allowed: all of it is sent before the answer is read.
    for _ in range(LIMIT * 3 // 2 // 65536):
        connection.socket.sendall(piece)
    response = connection.answer()
    assert response.status == 413
    assert b"too_many_bytes" in response.read()
    connection.socket.close()
    assert count(service) == before


def test_a_form_of_many_other_bytes_is_refused(service: RunningService) -> None:
    files = {"note": (None, b"x" * (LIMIT + 100_000)), "file": ("a.jpg", b"a")}
    response = service.client.post("/v1/images", files=files)
    assert response.status_code == 413


@pytest.mark.parametrize("sent", [0, 10, 65_536, 1_500_000])
@pytest.mark.parametrize("chunked", [False, True])
def test_an_interrupted_upload_leaves_nothing(
    service: RunningService, spool: Path, sent: int, chunked: bool
) -> None:
    before = count(service)
    connection = Connection(service)
    connection.head("Transfer-Encoding: chunked" if chunked else "Content-Length: 1900000")
    body = b"\xff" * sent
    connection.socket.sendall(b"%x\r\n%b" % (sent + 1000, body) if chunked else body)
    time.sleep(0.1)
    connection.socket.close()
    assert_empty(spool)
    assert count(service) == before


def test_a_client_that_leaves_while_it_waits_disturbs_nobody(
    service: RunningService, jpeg: bytes
) -> None:
    address = service.client.base_url
    with socket.create_connection((address.host, address.port), timeout=30) as left:
        left.sendall(
            b"POST /v1/images?name=left.jpg&wait=60 HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Length: %d\r\n\r\n" % len(jpeg) + jpeg
        )
    assert service.client.get("/readyz").status_code == 200


def test_many_uploads_at_once_are_all_accepted(service: RunningService, jpeg: bytes) -> None:
    with ThreadPoolExecutor(16) as pool:
        ids = set(pool.map(lambda n: service.upload(f"many-{n}.jpg", jpeg)["id"], range(48)))
    assert len(ids) == 48
    assert all(service.settled(image)["status"] == "done" for image in ids)

"""Lists, single images and jobs, health and problems."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.service import RunningService


@pytest.fixture(scope="module")
def images(service: RunningService, jpeg: bytes) -> list[dict[str, Any]]:
    """Three images with a rejected one among them, newest last."""
    contents = {"listed-1.jpg": jpeg, "listed-2.jpg": b"no image", "listed-3.jpg": jpeg}
    return [service.upload(name, content, wait="60") for name, content in contents.items()]


def ids(service: RunningService, **params: str) -> list[str]:
    response = service.client.get("/v1/images", params=params)
    assert response.status_code == 200, response.text
    return [item["id"] for item in response.json()["items"]]


def test_images_are_listed_newest_first_page_by_page(
    service: RunningService, images: list[dict[str, Any]]
) -> None:
    newest = [image["id"] for image in reversed(images)]
    assert ids(service, limit="3") == newest
    seen: list[str] = []
    params = {"limit": "2"}
    while len(seen) < 4:
        page = service.client.get("/v1/images", params=params).json()
        seen += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        params["cursor"] = page["next"]
    assert seen[:3] == newest
    assert len(set(seen)) == len(seen)


def test_a_listed_image_has_its_variants_and_its_error(
    service: RunningService, images: list[dict[str, Any]]
) -> None:
    listed = {item["id"]: item for item in service.client.get("/v1/images").json()["items"]}
    for image in images:
        summary = {name: image[name] for name in image.keys() - {"findings", "job"}}
        assert listed[image["id"]] == summary


def test_images_are_listed_by_state(service: RunningService, images: list[dict[str, Any]]) -> None:
    rejected = ids(service, state="rejected")
    assert images[1]["id"] in rejected
    assert images[0]["id"] not in rejected


def test_images_are_listed_by_date(service: RunningService, images: list[dict[str, Any]]) -> None:
    today = datetime.now(UTC).date()
    tomorrow = today + timedelta(days=1)
    newest = images[-1]
    assert newest["id"] in ids(service, **{"from": str(today - timedelta(days=1))})
    assert ids(service, **{"from": str(tomorrow + timedelta(days=1))}) == []
    assert ids(service, to="2020-01-01") == []
    made = newest["created_at"]
    assert ids(service, **{"from": made})[:1] == [newest["id"]]
    assert newest["id"] not in ids(service, to=made)


def test_a_job_is_found_by_its_id_and_in_the_list(
    service: RunningService, images: list[dict[str, Any]]
) -> None:
    image = images[-1]
    job = service.client.get(f"/v1/jobs/{image['job']['id']}").json()
    assert job["image_id"] == image["id"]
    assert job["status"] == "done"
    assert job["steps"] == image["job"]["steps"]
    assert [step["status"] for step in job["steps"]] == ["done"] * len(job["steps"])
    page = service.client.get("/v1/jobs", params={"limit": "1", "state": "done"}).json()
    more = {"steps", "history", "event", "trace"}
    assert page["items"] == [{name: job[name] for name in job.keys() - more}]
    assert page["next"]


@pytest.mark.parametrize(
    ("path", "params", "told"),
    [
        ("/v1/images", {"limit": "0"}, "limit: "),
        ("/v1/images", {"limit": "201"}, "limit: "),
        ("/v1/images", {"limit": "many"}, "limit: "),
        ("/v1/images", {"state": "lost"}, "state: "),
        ("/v1/images", {"from": "soon"}, "from: must be a date such as"),
        ("/v1/images", {"to": "2026-01-01T00:00:00"}, "to: must be a date such as"),
        ("/v1/images", {"cursor": "nonsense"}, "cursor"),
        ("/v1/jobs", {"cursor": "\x00"}, "cursor"),
        ("/v1/jobs", {"limit": "-1"}, "limit: "),
    ],
)
def test_a_wrong_parameter_is_named_with_what_is_allowed(
    service: RunningService, path: str, params: Mapping[str, str], told: str
) -> None:
    response = service.client.get(path, params=params)
    assert response.status_code == 400
    assert response.json()["code"] == "parameter_invalid"
    assert told in response.json()["detail"]


@pytest.mark.parametrize("wait", ["-1", "61", "soon"])
def test_waiting_has_bounds(service: RunningService, jpeg: bytes, wait: str) -> None:
    response = service.client.post("/v1/images", params={"wait": wait}, content=jpeg)
    assert response.status_code == 400
    assert response.json()["detail"].startswith("wait: ")


@pytest.mark.parametrize(
    ("path", "code"), [("/v1/images/img_no", "image_not_found"), ("/v1/jobs/no", "job_not_found")]
)
def test_what_is_not_known_is_a_problem(service: RunningService, path: str, code: str) -> None:
    response = service.client.get(path)
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem.keys() == {"type", "title", "status", "detail", "code", "hint"}
    assert (problem["status"], problem["title"], problem["code"]) == (404, "Not Found", code)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/v1/images", "GET, HEAD, POST"),
        ("PUT", "/v1/jobs", "GET, HEAD"),
        ("GET", "/v1/queue/pause", "POST"),
        ("HEAD", "/v1/dead-letters/drop", "POST"),
        ("PUT", "/v1/dead-letters/drop", "POST"),
        ("POST", "/v1/dead-letters/job_x", "GET, HEAD"),
        ("POST", "/800x600/a.jpg", "GET, HEAD"),
    ],
)
def test_another_method_is_refused_with_those_that_are_allowed(
    service: RunningService, method: str, path: str, allowed: str
) -> None:
    response = service.client.request(method, path)
    assert response.status_code == 405
    assert response.headers["allow"] == allowed
    if method != "HEAD":
        assert response.json()["code"] == "method_not_allowed"


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/v1/images", "/v1/jobs", "/"])
def test_reading_routes_answer_get_and_head(service: RunningService, path: str) -> None:
    assert service.client.get(path).status_code == 200
    head = service.client.head(path)
    assert head.status_code == 200
    assert head.content == b""


def test_a_service_that_cannot_accept_uploads_is_not_ready(service: RunningService) -> None:
    assert service.client.get("/readyz").json() == {"status": "ok", "service": "tintype"}
    objects = service.data / "objects"
    away = service.data / "away"
    objects.rename(away)
    try:
        response = service.client.get("/readyz")
        assert response.status_code == 503
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["code"] == "store_mistaken"
        assert response.json()["detail"].startswith("store: ")
        assert response.json()["hint"].startswith("Mount it")
        refused = service.client.post("/v1/images?name=a.jpg", content=b"photograph")
        assert (refused.status_code, refused.json()["code"]) == (503, "store_mistaken")
        assert refused.json()["hint"].startswith("Mount it")
        assert response.headers["retry-after"]
        assert str(service.data) not in response.text
        assert service.client.get("/healthz").status_code == 200
    finally:
        away.rename(objects)
    assert service.client.get("/readyz").status_code == 200


def test_a_foreign_name_and_a_foreign_page_are_refused(service: RunningService) -> None:
    foreign = service.client.get("/v1/images", headers={"Host": "rebound.example"})
    assert (foreign.status_code, foreign.json()["code"]) == (421, "host_refused")
    headers = {"Origin": "https://evil.example"}
    posted = service.client.post("/v1/images", content=b"x" * 5_000_000, headers=headers)
    assert (posted.status_code, posted.json()["code"]) == (403, "cross_site")

"""What is told of each request: to the monitor, and to the log."""

import asyncio
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import StreamingResponse
from fastapi.staticfiles import StaticFiles
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send
from structlog.testing import capture_logs

from tintype import model
from tintype.entrypoints.http import problems
from tintype.entrypoints.http.guard import Guard
from tintype.entrypoints.http.watch import Watch
from tintype.errors import (
    HostRefusedError,
    ImageNotFoundError,
    QueueFullError,
    StoreFailedError,
    TintypeError,
)
from tintype.pipeline.access import Caller
from tintype.pipeline.monitors import Monitors
from tintype.ports.monitor import Answer

FAILURES: Mapping[str, type[TintypeError]] = {
    error.code: error
    for error in (ImageNotFoundError, HostRefusedError, QueueFullError, StoreFailedError)
}


class Heard(Monitors):
    """Remembers what it is told of requests."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[tuple[str, str, str | None]] = []
        self.answers: list[Answer] = []

    @contextmanager
    def request(self, method: str, path: str, headers: Mapping[str, str]) -> Iterator[None]:
        self.requests.append((method, path, headers.get("traceparent")))
        yield

    def answered(self, answer: Answer) -> None:
        self.answers.append(answer)


async def fail(code: str) -> None:
    raise FAILURES[code]


async def crash() -> None:
    raise RuntimeError("unforeseen")


async def stream() -> StreamingResponse:
    return StreamingResponse(iter([b"abc", b"defg"]))


async def greet(request: Request) -> Response:
    request.state.caller = Caller("key_a", frozenset({model.Scope.READ}))
    return Response("hello")


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def api(heard: Heard, tmp_path: Path) -> FastAPI:
    (tmp_path / "page.css").write_text("body {}")
    router = APIRouter()
    for path, endpoint in (
        ("/v1/fail/{code}", fail),
        ("/crash", crash),
        ("/stream", stream),
        ("/healthz", greet),
        ("/{key:path}", greet),
    ):
        router.add_api_route(path, endpoint, methods=["GET", "POST"])
    api = FastAPI()
    problems.install(api)
    api.mount("/static", StaticFiles(directory=tmp_path))
    api.include_router(router)
    api.add_middleware(Watch, monitor=heard)
    return api


def ask(
    api: ASGIApp, method: str, path: str, headers: dict[str, str] | None = None
) -> tuple[httpx.Response, MutableMapping[str, Any]]:
    """The response to a request, and the line that was logged."""

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app=api, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, path, headers=headers)

    with capture_logs() as lines:
        response = asyncio.run(send())
    (line,) = lines
    assert line["event"] == "http.request"
    return response, line


def test_an_answer_is_told_with_its_route_and_size(api: FastAPI, heard: Heard) -> None:
    traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    ask(api, "GET", "/stream", {"traceparent": traceparent})
    assert heard.requests == [("GET", "/stream", traceparent)]
    (answer,) = heard.answers
    assert answer == Answer("GET", "/stream", 200, answer.seconds, 7)
    assert answer.seconds > 0


@pytest.mark.parametrize(
    ("method", "path", "route"),
    [
        ("GET", "/v1/fail/image_not_found", "/v1/fail/{code}"),
        ("GET", "/400x300/a/b.jpg", "/{key:path}"),
        ("GET", "/static/page.css", "/static"),
        ("GET", "/static/none.css", "/static"),
        ("DELETE", "/stream", "/stream"),
    ],
)
def test_a_route_is_a_template(
    api: FastAPI, heard: Heard, method: str, path: str, route: str
) -> None:
    ask(api, method, path)
    assert [answer.route for answer in heard.answers] == [route]


def test_a_method_that_nobody_knows_is_another(api: FastAPI, heard: Heard) -> None:
    ask(api, "BREW", "/coffee")
    assert [answer.method for answer in heard.answers] == ["_OTHER"]


def test_a_request_that_no_route_saw_is_unmatched(heard: Heard) -> None:
    async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
        await problems.problem(HostRefusedError())(scope, receive, send)

    ask(Watch(refuse, monitor=heard), "GET", "/x")
    (answer,) = heard.answers
    assert (answer.route, answer.status, answer.code) == ("unmatched", 421, "host_refused")


@pytest.mark.parametrize(
    ("method", "path", "route"),
    [
        ("POST", "/v1/fail/queue_full", "/v1/fail/{code}"),
        ("DELETE", "/v1/fail/queue_full", "/v1/fail/{code}"),
        ("POST", "/static/page.css", "/static"),
        ("POST", "/400x300/a/b.jpg", "/{key:path}"),
        ("PUT", "/400x300/a/b.jpg", "/{key:path}"),
    ],
)
def test_what_is_refused_on_its_way_has_the_route_that_it_was_for(
    api: FastAPI, heard: Heard, method: str, path: str, route: str
) -> None:
    api.user_middleware.append(Middleware(Guard, public_url="", keys_needed=True))
    response, _ = ask(api, method, path, {"Sec-Fetch-Site": "cross-site"})
    assert [(each.route, each.status) for each in heard.answers] == [(route, response.status_code)]
    assert response.status_code == 403


def test_a_failure_is_told_by_its_code(api: FastAPI, heard: Heard) -> None:
    response, line = ask(api, "GET", "/v1/fail/image_not_found")
    assert response.json()["code"] == line["code"] == "image_not_found"
    assert [answer.code for answer in heard.answers] == ["image_not_found"]


def test_a_crash_is_told_as_what_the_server_makes_of_it(api: FastAPI, heard: Heard) -> None:
    _, line = ask(api, "GET", "/crash")
    assert (line["status"], line["log_level"]) == (500, "warning")
    assert [answer.status for answer in heard.answers] == [500]


def test_probes_are_in_no_figure(api: FastAPI, heard: Heard) -> None:
    _, line = ask(api, "GET", "/healthz")
    assert line["log_level"] == "debug"
    assert not heard.requests
    assert not heard.answers


@pytest.mark.parametrize(
    ("method", "path", "level"),
    [
        ("GET", "/a.jpg", "debug"),
        ("HEAD", "/a.jpg", "debug"),
        ("GET", "/v1/fail/image_not_found", "debug"),
        ("POST", "/stream", "info"),
        ("POST", "/v1/fail/queue_full", "info"),
        ("GET", "/v1/fail/host_refused", "info"),
        ("GET", "/v1/fail/store_failed", "warning"),
        ("POST", "/v1/fail/store_failed", "warning"),
    ],
)
def test_what_is_everyday_is_only_for_debugging(
    api: FastAPI, method: str, path: str, level: str
) -> None:
    assert ask(api, method, path)[1]["log_level"] == level


def test_the_log_says_who_asked_and_keeps_the_query_to_itself(api: FastAPI) -> None:
    _, line = ask(api, "GET", "/a.jpg?exp=1&sig=secret", {"Authorization": "Bearer secret"})
    assert "secret" not in repr(line)
    assert line["seconds"] >= 0
    del line["seconds"]
    assert line == {
        "event": "http.request",
        "log_level": "debug",
        "method": "GET",
        "route": "/{key:path}",
        "path": "/a.jpg",
        "status": 200,
        "code": None,
        "bytes": 5,
        "api_key": "key_a",
    }

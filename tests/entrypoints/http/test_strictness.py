"""Parameters that no route knows."""

import re
from collections.abc import Iterator
from typing import cast

import pytest
from starlette.types import Receive, Send
from starlette.types import Scope as Scope_

from tests.support.asgi import ask as ask_app
from tests.support.empty import EmptyApp, EmptyService, empty_service
from tintype.model import Image, Page, Scope, Variant


class Listening(EmptyApp):
    """An app that would do whatever it is asked for, and says so."""

    def __init__(self) -> None:
        super().__init__("public")
        self.asked = False

    def images(self, **_: object) -> Page[Image]:
        self.asked = True
        return Page((), None)

    def variant_by_key(self, _key: str) -> Variant:
        self.asked = True
        return super().variant_by_key(_key)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmptyService]:
    with empty_service(tmp_path_factory.mktemp("strict"), Listening()) as running:
        yield running


@pytest.fixture
def app(service: EmptyService) -> Listening:
    app = cast("Listening", service.app)
    app.asked = False
    return app


def test_every_route_of_the_api_refuses_a_parameter_that_it_does_not_know(
    service: EmptyService, app: Listening
) -> None:
    key = service.key(Scope.ADMIN)
    refused = set()
    for path, operations in service.http.openapi()["paths"].items():
        if not path.startswith("/v1/"):
            continue
        for method, operation in operations.items():
            at = re.sub(r"\{\w+\}", "some", path)
            response = service.ask(method.upper(), f"{at}?nonsense=1", key)
            assert response.status_code == 400, (method, path)
            assert response.json()["code"] == "parameter_invalid"
            assert "`parameter_invalid`" in operation["responses"]["400"]["description"]
            refused.add((method, path))
    assert {("get", "/v1/images"), ("post", "/v1/images"), ("post", "/v1/queue/pause")} <= refused
    assert not app.asked


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("form=2026-01-01", "'form' is no parameter here; did you mean 'from'?; there are: cursor"),
        ("limit=5&stat=done", "'stat' is no parameter here; did you mean 'state'?"),
        ("LIMIT=5", "did you mean 'limit'?"),
        ("%1b%5b31m=1", "'\\x1b[31m' is no parameter here; there are: "),
        ("cursor=&x", "'x' is no parameter here; there are: cursor, from, limit, state, to"),
    ],
)
def test_a_refusal_names_the_nearest_and_all_others(
    service: EmptyService, app: Listening, query: str, told: str
) -> None:
    response = service.ask("GET", f"/v1/images?{query}", service.key(Scope.READ))
    assert response.status_code == 400
    assert told in response.json()["detail"]
    assert not app.asked


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("state=done&state=dead", "state: is given 2 times, and can be given once"),
        ("limit=5&limit=5&limit=6", "limit: is given 3 times"),
        ("cursor=%ff%fe.jpg", "The query is not UTF-8"),
        ("cursor=%c3&limit=5", "The query is not UTF-8"),
        ("%ed%a0%80=1", "The query is not UTF-8"),
    ],
)
def test_what_would_be_taken_for_something_else_is_refused(
    service: EmptyService, app: Listening, query: str, told: str
) -> None:
    response = service.ask("GET", f"/v1/images?{query}", service.key(Scope.READ))
    assert response.status_code == 400
    assert response.json()["code"] == "parameter_invalid"
    assert told in response.json()["detail"]
    assert not app.asked


def test_a_query_with_bare_bytes_is_refused(service: EmptyService, app: Listening) -> None:
    """A server hands them on as they came, and they would be read one by one."""
    request = {"query_string": "cursor=ä".encode()}

    async def ask(scope: Scope_, receive: Receive, send: Send) -> None:
        await service.http({**scope, **request}, receive, send)

    headers = {"Authorization": f"Bearer {service.key(Scope.READ)}"}
    response = ask_app(ask, "GET", "/v1/images", headers=headers)
    assert response.status_code == 400
    assert "The query is not UTF-8" in response.json()["detail"]
    assert not app.asked


def test_known_parameters_are_taken(service: EmptyService, app: Listening) -> None:
    query = "from=2026-01-01&to=2026-02-01T00:00:00Z&limit=5&state=done"
    assert service.ask("GET", f"/v1/images?{query}", service.key(Scope.READ)).status_code == 200
    assert app.asked


@pytest.mark.parametrize("path", ["/healthz?_=1", "/400x300/lamp.jpg?v=2"])
def test_probes_and_variants_may_come_with_anything(
    service: EmptyService, app: Listening, path: str
) -> None:
    response = service.ask("GET", path)
    assert response.status_code == (200 if path.startswith("/healthz") else 404)
    assert app.asked == (response.status_code == 404)

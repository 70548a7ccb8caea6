"""Who may do what: every route refuses those who have not its right."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import Mount

from tests.support.empty import EmptyService, empty_service
from tintype.entrypoints.http.rights import ADMIN, RIGHTS, right
from tintype.model import Scope

# Written down once more, apart from the table that it checks. Whatever is not here is for admins.
OPEN = {
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/openapi.json"),
    ("GET", "/docs"),
    ("GET", "/static/{path}"),
    ("GET", "/login"),
    ("POST", "/login"),
    ("POST", "/logout"),
}
UPLOAD = {
    ("POST", "/v1/images"),
    ("DELETE", "/v1/images/{image_id}"),
    ("POST", "/v1/events/s3"),
    ("POST", "/images"),
}
READ = {
    ("GET", "/"),
    ("GET", "/images/{image_id}"),
    ("GET", "/images/{image_id}/card"),
    ("GET", "/v1/images"),
    ("GET", "/v1/images/{image_id}"),
    ("GET", "/v1/jobs"),
    ("GET", "/v1/jobs/{job_id}"),
    ("GET", "/v1/dead-letters"),
    ("GET", "/v1/dead-letters/{job_id}"),
    ("GET", "/v1/queue"),
    ("GET", "/metrics"),
    ("GET", "/i/{variant}/{image}"),
    ("GET", "/{key}"),
}
PAGES = {("GET", "/"), ("GET", "/images/{image_id}"), ("POST", "/images")}
# What topics post to: they send a password only where they are asked for one.
BASIC = ("POST", "/v1/events/s3")
# Not every service shows metrics.
OPTIONAL = {("GET", "/metrics")}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmptyService]:
    with empty_service(tmp_path_factory.mktemp("rights"), access="private") as running:
        yield running


def routes(api: FastAPI) -> set[tuple[str, str]]:
    """Method and path of every route of a service, mounted folders included."""
    found = set()
    for route in iter_route_contexts(api.routes):
        methods = {"GET"} if isinstance(route.original_route, Mount) else route.methods
        assert methods, f"{route.path} does not say its methods"
        assert route.path_format
        found |= {(method, route.path_format) for method in methods}
    return found


def address(path: str) -> str:
    """An address that the route answers."""
    return re.sub(r"\{\w+\}", "page.css" if path.startswith("/static") else "some", path)


def needed(method: str, path: str) -> Scope | None:
    place = ("GET" if method == "HEAD" else method, path)
    if place in OPEN:
        return None
    if place in UPLOAD:
        return Scope.UPLOAD
    return Scope.READ if place in READ else Scope.ADMIN


def test_nobody_reaches_a_route_without_a_key(service: EmptyService) -> None:
    for method, path in routes(service.http):
        if needed(method, path) is None:
            continue
        response = service.ask(method, address(path))
        if (("GET" if method == "HEAD" else method), path) in PAGES:
            assert response.status_code == 303, path
            assert response.headers["location"].startswith("/login"), path
        else:
            assert response.status_code == 401, path
            schemes = response.headers["www-authenticate"]
            basic = (method, path) == BASIC
            assert schemes == ('Basic realm="tintype", Bearer' if basic else "Bearer")


def test_a_wrong_key_opens_nothing(service: EmptyService) -> None:
    for method, path in routes(service.http):
        if needed(method, path) is not None:
            response = service.ask(method, address(path), "tt_" + "a" * 43)
            assert response.status_code in (303, 401), path


@pytest.mark.parametrize("scopes", [{Scope.UPLOAD}, {Scope.READ}, {Scope.UPLOAD, Scope.READ}])
def test_a_key_of_other_scopes_is_told_which_it_lacks(
    service: EmptyService, scopes: set[Scope]
) -> None:
    key = service.key(*scopes)
    refused = 0
    for method, path in routes(service.http):
        scope = needed(method, path)
        if scope is None or scope in scopes:
            continue
        response = service.ask(method, address(path), key)
        assert response.status_code == 403, (method, path)
        if method != "HEAD":
            assert f"needs the scope {scope}" in response.text, (method, path)
        refused += 1
    assert refused


def test_what_everybody_may_ask_needs_no_key(service: EmptyService) -> None:
    for path in ("/healthz", "/openapi.json", "/docs", "/static/page.css", "/login"):
        assert service.ask("GET", path).status_code == 200, path


def test_what_is_not_there_is_told_to_admins_only(service: EmptyService) -> None:
    for method, path in (("PUT", "/v1/images"), ("POST", "/v1/nothing"), ("OPTIONS", "/")):
        assert service.ask(method, path).status_code == 401
        assert service.ask(method, path, service.key(Scope.READ)).status_code == 403
        assert service.ask(method, path, service.key(Scope.ADMIN)).status_code == 405
    assert service.ask("GET", "/v1/nothing").status_code == 404


def test_reading_what_is_not_there_is_asking_for_a_variant(tmp_path: Path) -> None:
    refusals = {"public": 404, "signed": 403, "private": 401}
    for number, (access, refusal) in enumerate(refusals.items()):
        folder = tmp_path / str(number)
        folder.mkdir()
        with empty_service(folder, access=access) as service:
            for method in ("GET", "HEAD"):
                assert service.ask(method, "/nothing").status_code == refusal, access
                assert service.ask(method, "/v1/nothing").status_code == 404
                answer = service.ask(method, "/nothing", service.key(Scope.READ))
                assert answer.status_code == 404


def test_a_route_that_nobody_thought_of_is_for_admins(tmp_path: Path) -> None:
    assert right("GET", "/v1/forgotten") is ADMIN
    with empty_service(tmp_path) as service:
        forgotten = APIRouter()
        forgotten.add_api_route("/v1/forgotten", lambda: "secret")
        service.http.include_router(forgotten)
        service.http.routes.insert(0, service.http.routes.pop())  # before the one that takes all
        assert service.ask("GET", "/v1/forgotten").status_code == 401
        assert service.ask("GET", "/v1/forgotten", service.key(Scope.READ)).status_code == 403
        assert service.ask("GET", "/v1/forgotten", service.key(Scope.ADMIN)).json() == "secret"


def test_the_table_names_routes_that_exist(service: EmptyService) -> None:
    assert set(RIGHTS) - OPTIONAL <= routes(service.http)


def test_without_keys_everybody_may_do_everything(tmp_path: Path) -> None:
    with empty_service(tmp_path, keys_needed=False, access="private") as service:
        assert service.ask("GET", "/").status_code == 200
        assert service.ask("GET", "/i/some/some").json()["code"] == "variant_not_found"
        assert service.ask("PUT", "/v1/images").status_code == 405

"""Logging in and out, and what a session's cookie may do."""

from collections.abc import Iterator
from http.cookies import Morsel, SimpleCookie
from pathlib import Path

import httpx
import pytest

from tests.support.empty import EmptyService, empty_service
from tintype.entrypoints.http.session import COOKIE
from tintype.model import Scope

OWN = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmptyService]:
    with empty_service(tmp_path_factory.mktemp("login"), access="private") as running:
        yield running


def cookie(response: httpx.Response) -> Morsel[str]:
    """The session's cookie as a response sets it."""
    return SimpleCookie(response.headers["set-cookie"])[COOKIE]


def log_in(service: EmptyService, **fields: str) -> httpx.Response:
    return service.ask("POST", "/login", data=fields)


def session(service: EmptyService, *scopes: Scope) -> dict[str, str]:
    """The headers that a browser sends after it has logged in."""
    response = log_in(service, key=service.key(*scopes))
    assert response.status_code == 303
    return {"Cookie": f"{COOKIE}={cookie(response).value}"}


def test_the_form_asks_for_a_key_and_tells_nothing(service: EmptyService) -> None:
    response = service.ask("GET", "/")
    assert response.status_code == 303
    assert response.headers["location"] == "/login"
    form = service.ask("GET", "/login")
    assert form.status_code == 200
    assert '<input id="key" type="password" name="key"' in form.text
    assert service.app.recipe.name not in form.text
    assert "set-cookie" not in form.headers


def test_a_key_begins_a_session(service: EmptyService) -> None:
    response = log_in(service, key=f" {service.key(Scope.READ)} ")
    assert (response.status_code, response.headers["location"]) == (303, "/")
    made = cookie(response)
    assert made["httponly"] is True
    assert made["samesite"] == "strict"
    assert made["path"] == "/"
    assert made["max-age"] == str(7 * 24 * 3600)
    assert not made["secure"]
    page = service.ask("GET", "/", headers={"Cookie": f"{COOKIE}={made.value}"})
    assert page.status_code == 200
    assert "Log out" in page.text


def test_the_cookie_is_for_the_public_url_alone(tmp_path: Path) -> None:
    with empty_service(tmp_path, public_url="https://img.example.com/photos/") as service:
        response = log_in(service, key=service.key(Scope.READ))
        made = cookie(response)
        assert made["secure"] is True
        assert made["path"] == "/photos"
        assert response.headers["location"] == "/photos/"
        assert service.ask("GET", "/").headers["location"] == "/photos/login"


def test_a_wrong_key_is_refused_on_the_form(service: EmptyService) -> None:
    for wrong in ("", "tt_" + "a" * 43, "<script>"):
        response = log_in(service, key=wrong)
        assert response.status_code == 401
        assert "opens nothing" in response.text
        assert "set-cookie" not in response.headers
        assert "<script>" not in response.text.partition("<main>")[2]


def test_revoking_the_key_ends_its_sessions(service: EmptyService) -> None:
    headers = session(service, Scope.READ)
    assert service.ask("GET", "/v1/images", headers=headers).status_code == 200
    newest = service.authority.access.keys()[0]
    service.authority.access.revoke(newest.id)
    assert service.ask("GET", "/v1/images", headers=headers).status_code == 401
    assert service.ask("GET", "/", headers=headers).headers["location"] == "/login"


def test_a_session_may_what_its_key_may(service: EmptyService) -> None:
    reading, sending = session(service, Scope.READ), session(service, Scope.UPLOAD)
    assert 'id="upload"' not in service.ask("GET", "/", headers=reading).text
    both = session(service, Scope.READ, Scope.UPLOAD)
    assert 'id="upload"' in service.ask("GET", "/", headers=both).text
    refused = service.ask("GET", "/", headers=sending)
    assert refused.status_code == 403
    assert "needs the scope read" in refused.text
    assert "Log out" in refused.text


def test_logging_out_takes_the_cookie_away(service: EmptyService) -> None:
    headers = session(service, Scope.READ)
    response = service.ask("POST", "/logout", headers=headers | OWN)
    assert (response.status_code, response.headers["location"]) == (303, "/login")
    made = cookie(response)
    assert (made.value, made["max-age"], made["path"]) == ("", "0", "/")


def test_logging_out_ends_the_session_whoever_copied_its_cookie(service: EmptyService) -> None:
    copied = session(service, Scope.READ)
    assert service.ask("GET", "/v1/images", headers=copied).status_code == 200
    service.ask("POST", "/logout", headers=copied | OWN)
    assert service.ask("GET", "/v1/images", headers=copied).status_code == 401
    assert service.ask("POST", "/logout", headers=copied | OWN).status_code == 303
    assert service.ask("POST", "/logout", headers=OWN).status_code == 303


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 405),
        ({"Origin": "http://localhost:8080"}, 405),
        ({}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:8080"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_a_cookie_changes_something_only_for_the_own_page(
    service: EmptyService, headers: dict[str, str], status: int
) -> None:
    by_cookie = session(service, Scope.ADMIN)
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        response = service.ask(method, "/v1/nothing", headers=by_cookie | headers)
        assert response.status_code == status
        if status == 403:
            assert response.json()["code"] == "cross_site"
    assert service.ask("GET", "/v1/images", headers=by_cookie | headers).status_code == 200


def test_a_key_in_the_header_needs_no_page(service: EmptyService) -> None:
    assert service.ask("POST", "/v1/nothing", service.key(Scope.ADMIN)).status_code == 405


def test_a_key_wins_over_the_cookie_and_a_wrong_one_too(service: EmptyService) -> None:
    headers = session(service, Scope.ADMIN)
    reading = service.key(Scope.READ)
    assert service.ask("POST", "/v1/nothing", reading, headers=headers | OWN).status_code == 403
    assert service.ask("GET", "/v1/images", "tt_wrong", headers=headers).status_code == 401


def test_what_a_proxy_asks_for_is_no_credential_of_ours(service: EmptyService) -> None:
    headers = session(service, Scope.READ) | {"Authorization": "Basic dXNlcjpwYXNz"}
    assert service.ask("GET", "/v1/images", headers=headers).status_code == 200
    del headers["Cookie"]
    assert service.ask("GET", "/v1/images", headers=headers).status_code == 401


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_is_written_in_any_case(service: EmptyService, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {service.key(Scope.READ)}"}
    assert service.ask("GET", "/v1/images", headers=headers).status_code == 200


def test_other_sites_log_nobody_in_or_out(service: EmptyService) -> None:
    for path in ("/login", "/logout"):
        foreign = {"Origin": "http://evil.example"}
        response = service.ask("POST", path, data={"key": service.key(Scope.READ)}, headers=foreign)
        assert response.status_code == 403
        assert "set-cookie" not in response.headers


def test_the_page_that_was_asked_for_comes_after_the_form(service: EmptyService) -> None:
    asked = service.ask("GET", "/images/img_a")
    assert asked.headers["location"] == "/login?next=%2Fimages%2Fimg_a"
    form = service.ask("GET", asked.headers["location"])
    assert '<input type="hidden" name="next" value="/images/img_a">' in form.text
    response = log_in(service, key=service.key(Scope.READ), next="/images/img_a")
    assert response.headers["location"] == "/images/img_a"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/a\r\nSet-Cookie: a=b",
        "/\tevil",
        "",
        "/é",
    ],
)
def test_nobody_is_sent_elsewhere_after_the_form(service: EmptyService, elsewhere: str) -> None:
    response = log_in(service, key=service.key(Scope.READ), next=elsewhere)
    assert response.headers["location"] == "/"
    headers = {"Cookie": f"{COOKIE}={cookie(response).value}"}
    again = service.ask("GET", "/login", params={"next": elsewhere}, headers=headers)
    assert again.headers["location"] == "/"


def test_a_login_link_opens_once_and_only_by_its_button(service: EmptyService) -> None:
    token = service.authority.invitations.invite()
    for _ in range(3):  # what previews links asks too
        shown = service.ask("GET", f"/login?token={token}")
        assert f'name="token" value="{token}"' in shown.text
        assert 'name="key"' not in shown.text
        assert "set-cookie" not in shown.headers
    first = log_in(service, token=token)
    assert first.status_code == 303
    headers = {"Cookie": f"{COOKIE}={cookie(first).value}"} | OWN
    assert service.ask("POST", "/v1/nothing", headers=headers).status_code == 405
    second = log_in(service, token=token)
    assert second.status_code == 401
    assert "has been used" in second.text
    assert 'name="key"' in second.text
    made = service.authority.access.keys()
    assert [key.name for key in made].count("login link") == 1


def test_a_form_of_any_size_is_not_read(service: EmptyService) -> None:
    response = log_in(service, key="a" * 10_000)
    assert response.status_code == 413
    assert "set-cookie" not in response.headers


@pytest.mark.parametrize("content", [b"", b"key", b"\xff\xfe", b"key=%ff&token=", b"{}"])
def test_what_is_no_form_is_refused(service: EmptyService, content: bytes) -> None:
    response = service.ask("POST", "/login", content=content)
    assert response.status_code == 401


def test_without_keys_there_is_nothing_to_log_in_to(tmp_path: Path) -> None:
    with empty_service(tmp_path, keys_needed=False) as service:
        assert service.ask("GET", "/login").headers["location"] == "/"
        assert "Log out" not in service.ask("GET", "/").text


def test_who_is_logged_in_is_not_asked_again(service: EmptyService) -> None:
    headers = session(service, Scope.READ)
    assert service.ask("GET", "/login", headers=headers).headers["location"] == "/"

"""Who may fetch a variant, for each kind of delivery, and what caches are told."""

import time
from collections.abc import Iterator

import pytest

from tests.support.empty import EmptyService, empty_service
from tintype.entrypoints.http.session import COOKIE
from tintype.model import Scope

PATH = "/800x600/lamp.jpg"
BY_IMAGE = "/i/800x600/img_" + "a" * 26


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmptyService]:
    with empty_service(tmp_path_factory.mktemp("signed"), access="signed") as service:
        yield service


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmptyService]:
    with empty_service(tmp_path_factory.mktemp("private"), access="private") as service:
        yield service


def code(service: EmptyService, address: str, key: str = "", **request: object) -> str:
    """Why an address answers nothing: `variant_not_found` means that one was let in."""
    response = service.ask("GET", address, key, **request)
    found: str = response.json()["code"]
    assert service.ask("HEAD", address, key, **request).status_code == response.status_code
    return found


def session(service: EmptyService, *scopes: Scope) -> dict[str, str]:
    response = service.ask("POST", "/login", data={"key": service.key(*scopes)})
    return {"Cookie": response.headers["set-cookie"].partition(";")[0]}


@pytest.mark.parametrize("path", [PATH, BY_IMAGE])
def test_a_signed_address_lets_anybody_in(signed: EmptyService, path: str) -> None:
    query = signed.authority.links.sign(path)
    assert code(signed, f"{path}?{query}") == "variant_not_found"


@pytest.mark.parametrize("path", [PATH, BY_IMAGE])
def test_an_address_without_signature_is_refused(signed: EmptyService, path: str) -> None:
    assert signed.ask("GET", path).status_code == 403
    assert code(signed, path) == "signature_invalid"


def test_a_signature_is_for_its_path_and_options(signed: EmptyService) -> None:
    query = signed.authority.links.sign(PATH)
    for address in (
        f"/400x300/lamp.jpg?{query}",
        f"{PATH}?{query}&download",
        f"{PATH}?{query}&size=2",
        f"{PATH}?{query}&{query}",
        f"{PATH}?{query}x",
        f"{PATH}/?{query}",
        f"{PATH}?{query.partition('&')[0]}",
        f"{PATH}?{query.partition('&')[2]}",
    ):
        assert code(signed, address) == "signature_invalid", address
    download = signed.authority.links.sign(PATH, [("download", "")])
    assert code(signed, f"{PATH}?{download}") == "variant_not_found"
    assert code(signed, f"{PATH}?{download.removeprefix('download=&')}") == "signature_invalid"


def test_how_a_path_is_written_does_not_matter(signed: EmptyService) -> None:
    query = signed.authority.links.sign("/800x600/ü a+b.jpg")
    for written in ("/800x600/%C3%BC%20a+b.jpg", "/800x600/%c3%bc%20a%2Bb.jpg"):
        assert code(signed, f"{written}?{query}") == "variant_not_found"


def test_an_address_that_has_expired_says_so(signed: EmptyService) -> None:
    query = signed.authority.links.sign(PATH, expires_at=int(time.time()) - 1)
    response = signed.ask("GET", f"{PATH}?{query}")
    assert response.status_code == 403
    assert response.json()["code"] == "signature_expired"
    assert code(signed, f"{PATH}?{query}x") == "signature_invalid"


def test_a_key_or_a_session_stands_in_for_a_signature(signed: EmptyService) -> None:
    assert code(signed, PATH, signed.key(Scope.READ)) == "variant_not_found"
    assert code(signed, PATH, headers=session(signed, Scope.READ)) == "variant_not_found"
    assert code(signed, PATH, signed.key(Scope.UPLOAD)) == "forbidden"
    assert code(signed, PATH, "tt_" + "a" * 43) == "unauthenticated"
    assert code(signed, PATH, headers={"Cookie": f"{COOKIE}=none"}) == "signature_invalid"


def test_a_signature_that_is_there_must_be_right_whoever_asks(signed: EmptyService) -> None:
    key = signed.key(Scope.ADMIN)
    assert code(signed, f"{PATH}?exp=1&sig=a", key) == "signature_invalid"
    assert code(signed, f"{PATH}?sig=", key) == "signature_invalid"


def test_a_private_variant_needs_a_key(private: EmptyService) -> None:
    query = private.authority.links.sign(PATH)
    for address in (PATH, f"{PATH}?{query}"):
        assert code(private, address) == "unauthenticated"
        assert code(private, address, private.key(Scope.READ)) == "variant_not_found"
        assert code(private, address, private.key(Scope.UPLOAD)) == "forbidden"
        headers = session(private, Scope.READ)
        assert code(private, address, headers=headers) == "variant_not_found"


@pytest.mark.parametrize("keys_needed", [True, False])
def test_a_public_variant_needs_nothing(
    tmp_path_factory: pytest.TempPathFactory, keys_needed: bool
) -> None:
    folder = tmp_path_factory.mktemp("public")
    with empty_service(folder, access="public", keys_needed=keys_needed) as public:
        assert code(public, PATH) == "variant_not_found"
        assert code(public, f"{PATH}?exp=1&sig=a") == "variant_not_found"


def test_no_auth_stands_in_for_a_key_and_not_for_a_signature(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("no-auth")
    with empty_service(folder, access="private", keys_needed=False) as private:
        assert code(private, PATH) == "variant_not_found"
    with empty_service(folder, access="signed", keys_needed=False) as signed:
        assert code(signed, PATH) == "signature_invalid"
        assert code(signed, PATH, signed.key(Scope.READ)) == "variant_not_found"
        query = signed.authority.links.sign(PATH)
        assert code(signed, f"{PATH}?{query}") == "variant_not_found"


def test_the_services_own_addresses_are_nobodys_variants(signed: EmptyService) -> None:
    assert code(signed, "/v1/nothing") == "not_found"

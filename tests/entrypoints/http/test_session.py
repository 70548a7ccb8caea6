"""The session's cookie: whose it is, and that nobody can make one."""

import base64
import hmac
from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
from fastapi import Request, Response

from tintype.adapters.sql import SqlCatalog
from tintype.adapters.sql.engines import open_engine
from tintype.adapters.sql.migrating import migrate
from tintype.entrypoints.http.session import COOKIE, Sessions
from tintype.model import ApiKey, Scope
from tintype.pipeline.access import Authority, digest_of


@pytest.fixture
def authority(tmp_path: Path) -> Iterator[Authority]:
    database = open_engine(f"sqlite:///{tmp_path / 'test.db'}")
    migrate(database)
    catalog = SqlCatalog(database, enqueue=lambda *_: None)
    yield Authority.over(catalog, link_seconds=60)
    database.dispose()


@pytest.fixture
def sessions(authority: Authority) -> Sessions:
    return Sessions(authority.access, "")


@pytest.fixture
def key(authority: Authority) -> ApiKey:
    return authority.access.create("test", [Scope.ADMIN])[0]


def begun(sessions: Sessions, key: ApiKey) -> str:
    response = Response()
    sessions.begin(response, key)
    return SimpleCookie(response.headers["set-cookie"])[COOKIE].value


def asking(value: str) -> Request:
    headers = [(b"cookie", f"other=1; {COOKIE}={value}".encode("latin-1", "replace"))]
    return Request({"type": "http", "headers": headers})


def test_a_cookie_is_its_keys(sessions: Sessions, key: ApiKey) -> None:
    value = begun(sessions, key)
    found = sessions.key(asking(value))
    assert found is not None
    assert found.id == key.id
    assert begun(sessions, key) != value


def test_every_change_of_the_cookie_is_no_session(sessions: Sessions, key: ApiKey) -> None:
    value = begun(sessions, key)
    assert sessions.key(asking(value)) is not None
    for place in range(len(value)):
        for bit in range(7):
            changed = value[:place] + chr(ord(value[place]) ^ 1 << bit) + value[place + 1 :]
            if not {";", '"', ",", " "} & set(changed):
                assert sessions.key(asking(changed)) is None, (place, bit)


@pytest.mark.parametrize("value", ["", ".", "a" * 43, "a" * 42, "a" * 10_000, "é" * 43])
def test_what_was_never_given_out_is_no_session(sessions: Sessions, value: str) -> None:
    assert sessions.key(asking(value)) is None


def test_who_reads_the_database_can_make_no_cookie(
    authority: Authority, sessions: Sessions, key: ApiKey
) -> None:
    """Such as one of the former release: a digest, an end, and the mark of a shared secret."""
    _, secret = authority.access.create("other", [Scope.ADMIN])
    token = begun(sessions, key)
    text = f"{digest_of(secret)}.99999999999"
    for shared in (*authority.catalog.secrets("delivery"), *authority.catalog.secrets("session")):
        digest = hmac.digest(shared.encode(), text.encode(), "sha256")
        mark = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        for forged in (f"{text}.{mark}", mark, shared, digest_of(token), digest_of(secret)):
            assert sessions.key(asking(forged)) is None


def test_a_key_itself_is_no_cookie(authority: Authority, sessions: Sessions) -> None:
    _, secret = authority.access.create("test", [Scope.READ])
    assert sessions.key(asking(secret)) is None


def test_an_ended_session_is_none_whoever_kept_the_cookie(
    authority: Authority, sessions: Sessions, key: ApiKey
) -> None:
    value, other = begun(sessions, key), begun(sessions, key)
    assert sessions.key(asking(value)) is not None
    response = Response()
    sessions.end(asking(value), response)
    assert SimpleCookie(response.headers["set-cookie"])[COOKIE].value == ""
    assert sessions.key(asking(value)) is None
    elsewhere = Authority.over(authority.catalog, link_seconds=60)
    assert Sessions(elsewhere.access, "").key(asking(value)) is None
    assert sessions.key(asking(other)) is not None


def test_a_session_ends_with_its_key(authority: Authority, sessions: Sessions, key: ApiKey) -> None:
    value = begun(sessions, key)
    assert sessions.key(asking(value)) is not None
    authority.access.revoke(key.id)
    assert sessions.key(asking(value)) is None

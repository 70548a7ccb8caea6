"""The session's cookie: whose it is, for how long, and that nobody can make one."""

from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path

import pytest
from fastapi import Request, Response

from tintype.adapters.sql import SqlCatalog
from tintype.adapters.sql.engines import open_engine
from tintype.adapters.sql.migrating import migrate
from tintype.entrypoints.http.session import COOKIE, Sessions
from tintype.model import Scope
from tintype.pipeline.access import Authority, digest_of

NOW = 1_800_000_000.0
WEEK = 7 * 24 * 3600


class Clock:
    """Unix seconds that a test moves."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def authority(tmp_path: Path) -> Iterator[Authority]:
    database = open_engine(f"sqlite:///{tmp_path / 'test.db'}")
    migrate(database)
    catalog = SqlCatalog(database, enqueue=lambda *_: None)
    yield Authority.over(catalog, link_seconds=60)
    database.dispose()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sessions(authority: Authority, clock: Clock) -> Sessions:
    return Sessions(authority.access, authority.sessions, "", clock=clock)


def begun(sessions: Sessions, secret: str) -> str:
    response = Response()
    sessions.begin(response, secret)
    return SimpleCookie(response.headers["set-cookie"])[COOKIE].value


def asking(value: str) -> Request:
    headers = [(b"cookie", f"other=1; {COOKIE}={value}".encode("latin-1", "replace"))]
    return Request({"type": "http", "headers": headers})


def test_a_session_is_its_keys_until_the_week_is_over(
    authority: Authority, sessions: Sessions, clock: Clock
) -> None:
    key, secret = authority.access.create("test", [Scope.READ])
    value = begun(sessions, secret)
    for seconds in (0, WEEK - 1):
        clock.now = NOW + seconds
        found = sessions.key(asking(value))
        assert found is not None
        assert found.id == key.id
    clock.now = NOW + WEEK
    assert sessions.key(asking(value)) is None


def test_every_change_of_the_cookie_ends_the_session(
    authority: Authority, sessions: Sessions
) -> None:
    value = begun(sessions, authority.access.create("test", [Scope.READ])[1])
    assert sessions.key(asking(value)) is not None
    for place in range(len(value)):
        for bit in range(7):
            changed = value[:place] + chr(ord(value[place]) ^ 1 << bit) + value[place + 1 :]
            if not {";", '"', ",", " "} & set(changed):
                assert sessions.key(asking(changed)) is None, (place, bit)


@pytest.mark.parametrize("value", ["", ".", "..", "a.1.b", "0" * 64 + ".9." + "a" * 43, "é" * 120])
def test_what_was_never_given_out_is_no_session(sessions: Sessions, value: str) -> None:
    assert sessions.key(asking(value)) is None


def test_a_digest_and_an_end_of_choice_need_the_right_mark(
    authority: Authority, sessions: Sessions
) -> None:
    _, secret = authority.access.create("test", [Scope.ADMIN])
    digest, end, mark = begun(sessions, secret).split(".")
    assert digest == digest_of(secret)
    longer = f"{digest}.{int(end) + 1}.{mark}"
    assert sessions.key(asking(longer)) is None
    other = digest_of(authority.access.create("other", [Scope.ADMIN])[1])
    assert sessions.key(asking(f"{other}.{end}.{mark}")) is None


def test_a_session_ends_with_its_key(authority: Authority, sessions: Sessions) -> None:
    value = begun(sessions, authority.access.create("test", [Scope.READ])[1])
    authority.access.revoke("test")
    assert sessions.key(asking(value)) is None


def test_two_rotations_end_every_session(authority: Authority, sessions: Sessions) -> None:
    value = begun(sessions, authority.access.create("test", [Scope.READ])[1])
    for alive in (True, False):
        authority.rotate()
        fresh = Authority.over(authority.catalog, link_seconds=60)
        elsewhere = Sessions(fresh.access, fresh.sessions, "", clock=sessions._clock)
        assert (elsewhere.key(asking(value)) is not None) is alive


def test_a_signature_of_an_address_marks_no_session(
    authority: Authority, sessions: Sessions
) -> None:
    _, secret = authority.access.create("test", [Scope.ADMIN])
    text, _, mark = begun(sessions, secret).rpartition(".")
    signature = authority.links.sign(text).rpartition("=")[2]
    assert len(signature) == len(mark)
    assert sessions.key(asking(f"{text}.{signature}")) is None

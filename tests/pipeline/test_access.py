"""API keys: who comes in, for how long, and what is kept of a secret."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
import structlog

from tintype.adapters.sql import SqlCatalog
from tintype.adapters.sql.engines import open_engine
from tintype.adapters.sql.migrating import migrate
from tintype.errors import (
    ApiKeyNotFoundError,
    CatalogFailedError,
    ForbiddenError,
    ParameterInvalidError,
    SignatureInvalidError,
    UnauthenticatedError,
)
from tintype.model import ApiKey, Scope
from tintype.pipeline.access import (
    ANYBODY,
    SESSION,
    Access,
    Authority,
    Caller,
    Invitations,
    digest_of,
)

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def wait(self, **time: float) -> None:
        self.now += timedelta(**time)


class CountingCatalog(SqlCatalog):
    """A real catalog that counts what is asked of it, and can be away for writes."""

    reads = 0
    writes = 0
    away = False
    meanwhile: Callable[[], object] | None = None  # what happens once, before a read ends

    def key(self, digest: str) -> ApiKey | None:
        self.reads += 1
        found = super().key(digest)
        self.happen()
        return found

    def session_key(self, digest: str) -> ApiKey | None:
        found = super().session_key(digest)
        self.happen()
        return found

    def happen(self) -> None:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            meanwhile()

    def touch_key(self, key_id: str, used_at: datetime) -> None:
        self.writes += 1
        if self.away:
            raise CatalogFailedError
        super().touch_key(key_id, used_at)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def catalog(tmp_path: Path, clock: Clock) -> Iterator[CountingCatalog]:
    database = open_engine(f"sqlite:///{tmp_path / 'test.db'}")
    migrate(database)
    yield CountingCatalog(database, enqueue=lambda *_: None, clock=clock)
    database.dispose()


@pytest.fixture
def access(catalog: CountingCatalog, clock: Clock) -> Access:
    return Access(catalog, clock=clock)


def refusal(access: Access, secret: str) -> str:
    with pytest.raises(UnauthenticatedError) as refused:
        access.admit(secret)
    return refused.value.detail


def test_a_key_opens_with_its_secret_alone(access: Access) -> None:
    key, secret = access.create("shop", [Scope.UPLOAD, Scope.READ])
    assert re.fullmatch(r"tt_[A-Za-z0-9_-]{43}", secret)
    assert re.fullmatch(r"key_[a-z2-7]{26}", key.id)
    admitted = access.admit(secret)
    assert admitted.id == key.id
    assert admitted.scopes == {Scope.UPLOAD, Scope.READ}
    for wrong in ("", "tt_", secret[:-1], secret + "a", secret.upper(), digest_of(secret), key.id):
        refusal(access, wrong)


def test_secrets_and_ids_are_never_the_same(access: Access) -> None:
    made = [access.create("many", [Scope.READ]) for _ in range(200)]
    assert len({key.id for key, _ in made}) == 200
    assert len({secret for _, secret in made}) == 200


def test_the_database_has_the_digest_and_not_the_secret(access: Access, tmp_path: Path) -> None:
    _, secret = access.create("shop", [Scope.READ])
    access.admit(secret)
    content = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert digest_of(secret).encode() in content
    assert secret.encode() not in content
    assert secret[3:].encode() not in content


def test_unknown_expired_and_revoked_keys_hear_the_same(access: Access, clock: Clock) -> None:
    _, expired = access.create("old", [Scope.READ], timedelta(hours=1))
    _, revoked = access.create("bad", [Scope.READ])
    access.admit(expired)
    access.revoke("bad")
    clock.wait(hours=1)
    answers = {refusal(access, secret) for secret in (expired, revoked, "tt_" + "a" * 43)}
    assert len(answers) == 1


def test_a_key_that_is_revoked_here_opens_nothing_at_once(access: Access) -> None:
    key, secret = access.create("shop", [Scope.READ])
    access.admit(secret)
    assert access.revoke(key.id).revoked_at == NOW
    refusal(access, secret)


def test_a_key_that_is_revoked_elsewhere_opens_nothing_after_three_seconds(
    access: Access, catalog: CountingCatalog, clock: Clock
) -> None:
    key, secret = access.create("shop", [Scope.READ])
    access.admit(secret)
    clock.wait(minutes=5)
    Access(catalog, clock=clock).revoke(key.id)
    for _ in range(30):  # asking does not put it off
        clock.wait(seconds=0.1)
        try:
            access.admit(secret)
        except UnauthenticatedError:
            break
    refusal(access, secret)


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(hours=-1)])
def test_a_clock_that_jumps_keeps_no_revoked_key_alive(
    access: Access, catalog: CountingCatalog, clock: Clock, jump: timedelta
) -> None:
    key, secret = access.create("shop", [Scope.READ])
    access.admit(secret)
    catalog.revoke_key(key.id)
    clock.now += jump
    refusal(access, secret)


def test_a_key_that_is_made_elsewhere_opens_at_once(
    access: Access, catalog: CountingCatalog, clock: Clock
) -> None:
    _, secret = Access(catalog, clock=clock).create("new", [Scope.READ])
    access.admit(secret)


def test_use_is_noted_once_a_minute_and_read_rarely(
    access: Access, catalog: CountingCatalog, clock: Clock
) -> None:
    _, secret = access.create("shop", [Scope.READ])
    for _ in range(100):
        access.admit(secret)
    assert (catalog.reads, catalog.writes) == (1, 1)
    assert access.keys()[0].last_used_at == NOW
    clock.wait(seconds=59)
    access.admit(secret)
    assert catalog.writes == 1
    clock.wait(seconds=1)
    access.admit(secret)
    assert catalog.writes == 2
    assert access.keys()[0].last_used_at == NOW + timedelta(minutes=1)


def test_use_is_noted_once_whoever_asks_at_the_same_time(
    access: Access, catalog: CountingCatalog
) -> None:
    _, secret = access.create("shop", [Scope.READ])
    access.admit(secret)
    catalog.writes = 0
    access._clock = lambda: NOW + timedelta(minutes=1)
    with ThreadPoolExecutor(8) as pool:
        admitted = list(pool.map(access.admit, [secret] * 80))
    assert len(admitted) == 80
    assert catalog.writes == 1


def test_a_database_that_cannot_note_the_use_turns_nobody_away(
    access: Access, catalog: CountingCatalog
) -> None:
    _, secret = access.create("shop", [Scope.READ])
    catalog.away = True
    access.admit(secret)


def test_what_is_remembered_does_not_grow_without_end(access: Access) -> None:
    secrets = [access.create("many", [Scope.READ])[1] for _ in range(3)]
    for secret in secrets:
        remembered = access._secrets._remembered
        remembered.update({f"{secret}{n}": (access.keys()[0], NOW) for n in range(1000)})
        access.admit(secret)
        assert len(remembered) <= 1000


def test_a_key_is_revoked_by_its_name_where_only_one_can_be_meant(access: Access) -> None:
    first, _ = access.create("shop", [Scope.READ])
    assert access.revoke("shop").id == first.id
    second, _ = access.create("shop", [Scope.READ])
    assert access.revoke("shop").id == second.id
    assert access.revoke("shop").revoked_at == NOW
    third, fourth = (access.create("shop", [Scope.READ])[0] for _ in range(2))
    with pytest.raises(ParameterInvalidError) as refused:
        access.revoke("shop")
    assert third.id in refused.value.detail
    assert fourth.id in refused.value.detail
    with pytest.raises(ApiKeyNotFoundError):
        access.revoke("nobody")


def test_an_id_is_that_key_even_where_it_is_a_name_too(access: Access) -> None:
    key, _ = access.create("shop", [Scope.READ])
    access.create(key.id, [Scope.READ])
    assert access.revoke(key.id).id == key.id


@pytest.mark.parametrize("name", ["", " ", "a" * 101, "a\nb", "a\u202eb", "a\x1b[31m"])
def test_a_name_that_cannot_be_shown_is_refused(access: Access, name: str) -> None:
    with pytest.raises(ParameterInvalidError):
        access.create(name, [Scope.READ])


def test_a_key_without_scopes_or_time_is_refused(access: Access) -> None:
    with pytest.raises(ParameterInvalidError):
        access.create("shop", [])
    with pytest.raises(ParameterInvalidError):
        access.create("shop", [Scope.READ], timedelta(0))


def test_a_caller_may_what_its_scopes_say_and_admin_everything() -> None:
    reader = Caller("key_a", frozenset({Scope.READ}))
    assert [scope for scope in Scope if reader.may(scope)] == [Scope.READ]
    with pytest.raises(ForbiddenError, match=r"needs the scope upload.*has read"):
        reader.require(Scope.UPLOAD)
    for scope in Scope:
        Caller("key_b", frozenset({Scope.ADMIN})).require(scope)
        ANYBODY.require(scope)


def test_an_invitation_opens_once(access: Access, clock: Clock) -> None:
    invitations = Invitations(access, clock=clock)
    token = invitations.invite()
    assert invitations.redeem(token).scopes == set(Scope)
    with pytest.raises(UnauthenticatedError, match="used"):
        invitations.redeem(token)
    for wrong in ("", token[:-1], invitations.invite()[1:]):
        with pytest.raises(UnauthenticatedError):
            invitations.redeem(wrong)


def refused(access: Access, token: str) -> bool:
    try:
        access.admit_session(token)
    except UnauthenticatedError:
        return True
    return False


def test_a_session_is_its_keys_for_a_week(access: Access, clock: Clock) -> None:
    key, secret = access.create("shop", [Scope.READ])
    token = access.begin_session(key)
    assert re.fullmatch(r"[\w-]{43}", token)
    assert access.admit_session(token).id == access.admit(secret).id == key.id
    clock.wait(days=6, hours=23)
    assert not refused(access, token)
    clock.wait(hours=1)
    assert refused(access, token)
    access.admit(secret)


def test_a_session_ends_with_its_key(access: Access, clock: Clock) -> None:
    short, _ = access.create("short", [Scope.READ], timedelta(hours=1))
    long, _ = access.create("long", [Scope.READ])
    tokens = [access.begin_session(key) for key in (short, long)]
    assert [refused(access, token) for token in tokens] == [False, False]
    access.revoke("long")
    assert [refused(access, token) for token in tokens] == [False, True]
    clock.wait(hours=1)
    assert [refused(access, token) for token in tokens] == [True, True]


def test_a_session_that_is_ended_opens_nothing_here_at_once_and_elsewhere_soon(
    access: Access, catalog: CountingCatalog, clock: Clock
) -> None:
    key, _ = access.create("shop", [Scope.READ])
    token, other = access.begin_session(key), access.begin_session(key)
    elsewhere = Access(catalog, clock=clock)
    assert not refused(access, token)
    assert not refused(elsewhere, token)
    access.end_session(token)
    access.end_session("never given out")
    assert refused(access, token)
    clock.wait(seconds=3)
    assert refused(elsewhere, token)
    assert not refused(elsewhere, other)


def test_what_ends_while_it_is_read_is_not_remembered(
    access: Access, catalog: CountingCatalog
) -> None:
    key, secret = access.create("shop", [Scope.READ])
    token = access.begin_session(key)
    catalog.meanwhile = lambda: access.end_session(token)
    access.admit_session(token)  # asked before it ended
    assert refused(access, token)
    catalog.meanwhile = lambda: access.revoke(key.id)
    access.admit(secret)
    refusal(access, secret)


def test_a_session_outlives_the_process(
    access: Access, catalog: CountingCatalog, clock: Clock
) -> None:
    token = access.begin_session(access.create("shop", [Scope.READ])[0])
    assert not refused(Access(catalog, clock=clock), token)


def test_a_token_is_no_secret_and_a_secret_no_token(access: Access) -> None:
    key, secret = access.create("shop", [Scope.ADMIN])
    token = access.begin_session(key)
    access.admit(secret)
    access.admit_session(token)  # both are remembered now
    refusal(access, token)
    assert refused(access, secret)


def test_nothing_in_the_database_opens_a_session(access: Access, tmp_path: Path) -> None:
    """Not even with the secrets that sign: that is what sets them apart from a signed cookie."""
    token = access.begin_session(access.create("shop", [Scope.ADMIN])[0])
    assert not refused(access, token)
    content = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert digest_of(token).encode() in content
    assert token.encode() not in content
    kept = set(re.findall(rb"[\w-]{20,}", content))
    assert digest_of(token).encode() in {each[-64:] for each in kept}
    for each in kept:
        for text in (each, each[-64:], each[-43:]):
            assert refused(access, text.decode("latin-1"))


def test_an_invitation_is_good_for_ten_minutes_and_its_key_for_a_week(
    access: Access, clock: Clock
) -> None:
    invitations = Invitations(access, clock=clock)
    soon, late = invitations.invite(), invitations.invite()
    clock.wait(minutes=9, seconds=59)
    key = invitations.redeem(soon)
    assert key.expires_at == clock.now + SESSION
    token = access.begin_session(key)
    clock.wait(seconds=1)
    with pytest.raises(UnauthenticatedError):
        invitations.redeem(late)
    clock.wait(days=6)
    assert not refused(access, token)
    clock.wait(days=1)
    assert refused(access, token)


def test_rotation_keeps_what_was_signed_before_until_the_next(catalog: CountingCatalog) -> None:
    authority = Authority.over(catalog, link_seconds=60)
    link = parse_qsl(authority.links.sign("/a.jpg"))
    assert authority.links.verify("/a.jpg", link)
    authority.rotate()
    elsewhere = Authority.over(catalog, link_seconds=60)
    assert elsewhere.links.verify("/a.jpg", link)
    authority.rotate()
    elsewhere = Authority.over(catalog, link_seconds=60)
    with pytest.raises(SignatureInvalidError):
        elsewhere.links.verify("/a.jpg", link)


def test_nothing_that_is_logged_holds_a_secret(access: Access, clock: Clock) -> None:
    with structlog.testing.capture_logs() as lines:
        key, secret = access.create("shop", [Scope.READ])
        access.admit(secret)
        access.revoke("shop")
        refusal(access, secret)
        invitations = Invitations(access, clock=clock)
        token = invitations.invite()
        session = access.begin_session(invitations.redeem(token))
        access.admit_session(session)
        access.end_session(session)
    events = [line["event"] for line in lines]
    assert events == ["api_key.created", "api_key.revoked", "api_key.created"]
    told = repr(lines)
    assert key.id in told
    for hidden in (secret, token, session, digest_of(secret), digest_of(session)):
        assert hidden not in told

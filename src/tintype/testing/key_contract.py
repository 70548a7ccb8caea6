"""The catalog's contract: API keys, sessions, and the secrets that processes share."""

# ruff: noqa: D102 - the name of a test is its sentence

import base64
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from tintype.errors import ApiKeyNotFoundError
from tintype.model import ApiKey, Scope, new_key_id
from tintype.ports.catalog import Catalog
from tintype.testing.catalog_setting import CatalogSetting, Clock


def api_key(clock: Clock, name: str = "camera", *scopes: Scope) -> ApiKey:
    """A new API key, of the scope `upload` if nothing else is said."""
    return ApiKey(new_key_id(), name, frozenset(scopes or {Scope.UPLOAD}), clock())


class KeyContract(CatalogSetting):
    """What the methods about API keys, sessions and secrets must do."""

    def test_a_key_is_found_by_its_digest(
        self, catalog: Catalog, reopen: Callable[[], Catalog], clock: Clock
    ) -> None:
        first = api_key(clock, "a 'name'", Scope.UPLOAD, Scope.READ)
        second = replace(api_key(clock, "b"), expires_at=clock() + timedelta(days=1))
        third = api_key(clock, "b", *Scope)
        for number, key in enumerate((first, second, third)):
            catalog.keep_key(key, f"digest-{number}")
        for known in (catalog, reopen()):
            found = [known.key(f"digest-{number}") for number in range(4)]
            assert found == [first, second, third, None]
            assert known.keys() == (third, second, first)

    def test_a_key_without_scopes_is_kept_as_it_is(self, catalog: Catalog, clock: Clock) -> None:
        key = replace(api_key(clock), scopes=frozenset[Scope]())
        catalog.keep_key(key, "digest")
        assert catalog.key("digest") == key

    def test_a_revoked_key_is_told_as_revoked(self, catalog: Catalog, clock: Clock) -> None:
        key, other = api_key(clock), api_key(clock)
        catalog.keep_key(key, "digest")
        catalog.keep_key(other, "other")
        before = clock.now
        revoked = catalog.revoke_key(key.id)
        assert revoked.revoked_at
        assert revoked.revoked_at > before
        assert revoked == catalog.key("digest") == replace(key, revoked_at=revoked.revoked_at)
        clock.advance(60)
        assert catalog.revoke_key(key.id) == revoked
        assert catalog.key("other") == other
        with pytest.raises(ApiKeyNotFoundError):
            catalog.revoke_key(new_key_id())

    def test_a_key_tells_when_it_was_used_last(self, catalog: Catalog, clock: Clock) -> None:
        """Whatever the order in which processes say so."""
        key = api_key(clock)
        catalog.keep_key(key, "digest")
        moment = clock.now
        for used_at in (moment, moment + timedelta(minutes=2), moment + timedelta(minutes=1)):
            catalog.touch_key(key.id, used_at)
        assert catalog.key("digest") == replace(key, last_used_at=moment + timedelta(minutes=2))
        catalog.touch_key(new_key_id(), moment)  # it may have been taken away
        assert len(catalog.keys()) == 1

    def test_a_session_is_its_keys_until_its_time_is_over(
        self, catalog: Catalog, reopen: Callable[[], Catalog], clock: Clock
    ) -> None:
        first, second = api_key(clock, "a"), api_key(clock, "b")
        catalog.keep_key(first, "first")
        catalog.keep_key(second, "second")
        until = clock.now + timedelta(hours=1)
        catalog.keep_session("one", first.id, until)
        catalog.keep_session("other", second.id, until + timedelta(hours=1))
        for known in (catalog, reopen()):
            found = [known.session_key(digest) for digest in ("one", "other", "first", "")]
            assert found == [first, second, None, None]
        clock.now = until
        assert catalog.session_key("one") is None
        assert catalog.session_key("other") == second

    def test_a_session_that_is_ended_is_gone_for_everybody(
        self, catalog: Catalog, reopen: Callable[[], Catalog], clock: Clock
    ) -> None:
        key = api_key(clock)
        catalog.keep_key(key, "digest")
        for digest in ("one", "other"):
            catalog.keep_session(digest, key.id, clock.now + timedelta(days=1))
        catalog.end_session("one")
        catalog.end_session("one")
        assert reopen().session_key("one") is None
        assert catalog.session_key("other") == key

    def test_a_session_tells_that_its_key_was_revoked(self, catalog: Catalog, clock: Clock) -> None:
        key = api_key(clock)
        catalog.keep_key(key, "digest")
        catalog.keep_session("session", key.id, clock.now + timedelta(days=1))
        assert catalog.session_key("session") == catalog.key("digest") == key
        assert catalog.revoke_key(key.id) == catalog.session_key("session")

    def test_sessions_that_are_over_go_with_the_next_one(
        self, catalog: Catalog, clock: Clock
    ) -> None:
        """Their digests may be used again, as a table that keeps them would not let them."""
        key = api_key(clock)
        catalog.keep_key(key, "digest")
        catalog.keep_session("over", key.id, clock.now + timedelta(hours=1))
        clock.advance(2 * 3600)
        catalog.keep_session("over", key.id, clock.now + timedelta(hours=1))
        assert catalog.session_key("over") == key

    def test_a_secret_is_made_once_and_stays(
        self, catalog: Catalog, reopen: Callable[[], Catalog]
    ) -> None:
        (secret,) = catalog.secrets("links")
        assert catalog.secrets("links") == reopen().secrets("links") == (secret,)
        assert len(base64.urlsafe_b64decode(secret + "=" * (-len(secret) % 4))) == 32
        assert catalog.secrets("cookies") != (secret,)

    def test_a_rotation_keeps_the_secret_before_the_newest(self, catalog: Catalog) -> None:
        (first,) = catalog.secrets("links")
        (cookie,) = catalog.secrets("cookies")
        catalog.rotate_secret("links")
        second, kept = catalog.secrets("links")
        assert kept == first != second
        catalog.rotate_secret("links")
        third, kept = catalog.secrets("links")
        assert kept == second
        assert third not in (first, second)
        assert catalog.secrets("cookies") == (cookie,)

    def test_a_rotation_may_come_first(self, catalog: Catalog) -> None:
        catalog.rotate_secret("links")
        assert len(catalog.secrets("links")) == 1

    def test_a_store_is_known_by_the_mark_that_was_kept_first(
        self, catalog: Catalog, reopen: Callable[[], Catalog]
    ) -> None:
        assert catalog.store_mark("originals") is None
        assert catalog.keep_store_mark("originals", "o-1") == "o-1"
        assert reopen().keep_store_mark("originals", "o-2") == "o-1"
        assert catalog.store_mark("originals") == reopen().store_mark("originals") == "o-1"
        assert catalog.store_mark("variants") is None
        assert catalog.keep_store_mark("variants", "v-1") == "v-1"

    def test_processes_that_start_together_know_a_store_by_one_mark(
        self, reopen: Callable[[], Catalog]
    ) -> None:
        catalogs = [reopen() for _ in range(4)]
        with ThreadPoolExecutor(4) as pool:
            for number in range(10):
                role = f"role-{number}"
                kept = pool.map(
                    lambda each, of=role: each[1].keep_store_mark(of, f"mark-{each[0]}"),
                    enumerate(catalogs),
                )
                assert set(kept) == {catalogs[0].store_mark(role)}

    def test_processes_that_start_together_share_their_first_secret(
        self, reopen: Callable[[], Catalog]
    ) -> None:
        catalogs = [reopen() for _ in range(4)]
        for name in "abcdefgh":
            with ThreadPoolExecutor(4) as pool:
                found = list(pool.map(lambda catalog, of=name: catalog.secrets(of), catalogs))
            assert len(set(found)) == 1

    def test_rotations_at_once_leave_two_secrets(self, catalog: Catalog) -> None:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(catalog.rotate_secret, ["links"] * 8))
        assert len(set(catalog.secrets("links"))) == 2

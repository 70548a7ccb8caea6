"""Who may come in, and what they may do."""

import hashlib
import secrets
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from tintype.errors import (
    ApiKeyNotFoundError,
    ForbiddenError,
    ParameterInvalidError,
    UnauthenticatedError,
)
from tintype.model import ApiKey, Scope, new_key_id
from tintype.pipeline.proofs import Proofs
from tintype.pipeline.signing import Seal, Signer
from tintype.ports.catalog import Catalog

log = structlog.get_logger()

SECRET_PREFIX = "tt_"  # noqa: S105 - what every key begins with, for those who search for leaks
_SECRET_BYTES = 32
_LONGEST_NAME = 100

SESSION = timedelta(days=7)
"""How long a session of the page lasts at the most."""

_INVITATION = timedelta(minutes=10)
_INVITED_NAME = "login link"

# What the shared secrets are kept as in the catalog.
_LINKS = "delivery"


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking, and what they may do."""

    key_id: str | None  # of their API key; None where nobody needs one
    scopes: frozenset[Scope]

    def may(self, scope: Scope) -> bool:
        """Whether they may do what takes this scope."""
        return scope in self.scopes or Scope.ADMIN in self.scopes

    def require(self, scope: Scope) -> None:
        """Raise ForbiddenError unless they may do what takes this scope."""
        if not self.may(scope):
            has = ", ".join(sorted(self.scopes))
            raise ForbiddenError(f"This needs the scope {scope}; the API key has {has}.")


ANYBODY = Caller(None, frozenset(Scope))
"""Who is asking where no keys are needed."""


def digest_of(secret: str) -> str:
    """What is kept of a secret, to find its key by.

    One round of SHA-256 is enough: slow hashes make up for secrets that can be guessed, and nobody
    guesses 256 random bits. For the same reason it does not matter that a database finds a digest
    faster or slower: who learns how a digest begins knows nothing of any secret that has it.
    """
    return hashlib.sha256(secret.encode()).hexdigest()


class Access:
    """API keys: made, asked for, listed, revoked; and the sessions that begin with them.

    A session is known by a random token, of which the catalog keeps the digest alone, as of a key's
    secret: who reads the database can neither make a session nor take one over.
    `clock` tells the time, aware of its zone. Every method may raise CatalogFailedError.
    """

    def __init__(self, catalog: Catalog, *, clock: Callable[[], datetime] = _now) -> None:
        self._catalog = catalog
        self._clock = clock
        # Apart, so that a session's token is never taken for a key's secret.
        self._secrets = Proofs(catalog, catalog.key)
        self._tokens = Proofs(catalog, catalog.session_key)

    def create(
        self, name: str, scopes: Iterable[Scope], lasting: timedelta | None = None
    ) -> tuple[ApiKey, str]:
        """Make an API key; returns it with its secret, which nobody can ever ask for again.

        With `lasting`, it expires so long after it was made. Raises ParameterInvalidError for a
        name that cannot be shown or no time at all.
        """
        given, now = frozenset(scopes), self._clock()
        if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
            raise ParameterInvalidError(
                f"A key's name has 1 to {_LONGEST_NAME} visible characters."
            )
        if not given:
            raise ParameterInvalidError("A key needs a scope: upload, read or admin.")
        if lasting is not None and lasting <= timedelta(0):
            raise ParameterInvalidError("A key cannot expire before it is made.")
        key = ApiKey(new_key_id(), name, given, now, None if lasting is None else now + lasting)
        secret = SECRET_PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
        self._catalog.keep_key(key, digest_of(secret))
        log.info("api_key.created", api_key=key.id, name=name, scopes=", ".join(sorted(given)))
        return key, secret

    def admit(self, secret: str) -> ApiKey:
        """The key that a secret proves.

        Raises UnauthenticatedError, the same for one that is unknown, has expired or was revoked.
        """
        return self._secrets.admit(digest_of(secret), self._clock())

    def begin_session(self, key: ApiKey) -> str:
        """Begin a session with a key; returns its token, which nobody can ever ask for again.

        It lasts seven days, and no longer than its key: revoking that ends it.
        """
        token = secrets.token_urlsafe(_SECRET_BYTES)
        self._catalog.keep_session(digest_of(token), key.id, self._clock() + SESSION)
        return token

    def admit_session(self, token: str) -> ApiKey:
        """The key with which the session of a token began.

        Raises UnauthenticatedError where there is none, where it has ended, or its key has.
        """
        return self._tokens.admit(digest_of(token), self._clock())

    def end_session(self, token: str) -> None:
        """End the session of a token, if there is one; other processes notice as with `revoke`."""
        self._catalog.end_session(digest_of(token))
        self._tokens.forget()

    def keys(self) -> tuple[ApiKey, ...]:
        """Every API key, newest first, those that open nothing any more too."""
        return self._catalog.keys()

    def revoke(self, which: str) -> ApiKey:
        """Let a key, given by its id or name, open nothing from now on, nor its sessions.

        Other processes notice within three seconds. Raises ApiKeyNotFoundError, and
        ParameterInvalidError for a name that several keys have which could be meant.
        """
        keys = self.keys()
        found = [key for key in keys if key.id == which] or [k for k in keys if k.name == which]
        meant = [key for key in found if not key.revoked_at] or found[:1]
        if not meant:
            raise ApiKeyNotFoundError
        if len(meant) > 1:
            ids = ", ".join(key.id for key in meant)
            raise ParameterInvalidError(f"Several keys have this name; say which by its id: {ids}")
        revoked = self._catalog.revoke_key(meant[0].id)
        self._secrets.forget()
        self._tokens.forget()
        log.info("api_key.revoked", api_key=revoked.id, name=revoked.name)
        return revoked


class Invitations:
    """One-time tokens that let somebody in without a key, for whoever reads this process's output.

    They are kept in this process alone, by their digests, and good for ten minutes.
    """

    def __init__(self, access: Access, *, clock: Callable[[], datetime] = _now) -> None:
        self._access = access
        self._clock = clock
        self._lock = threading.Lock()
        self._open: dict[str, datetime] = {}  # until when each is good, by the token's digest

    def invite(self) -> str:
        """A new token."""
        token = secrets.token_urlsafe(_SECRET_BYTES)
        with self._lock:
            self._open[digest_of(token)] = self._clock() + _INVITATION
        return token

    def redeem(self, token: str) -> ApiKey:
        """Take a token; returns a new key with every scope, as long as a session lasts.

        It is listed and revoked like any other, so that the session which begins with it can be;
        nobody gets its secret. Raises UnauthenticatedError for a token that is unknown, used or
        expired.
        """
        now = self._clock()
        with self._lock:
            until = self._open.pop(digest_of(token), now)
        if until <= now:
            raise UnauthenticatedError("This login link has been used, or has expired.")
        return self._access.create(_INVITED_NAME, Scope, SESSION)[0]


@dataclass(frozen=True, slots=True)
class Authority:
    """All that decides who may do what, over one catalog."""

    catalog: Catalog
    access: Access
    invitations: Invitations
    links: Signer  # of delivery addresses

    @classmethod
    def over(cls, catalog: Catalog, *, link_seconds: int) -> "Authority":
        """The authority of a deployment; addresses are good for `link_seconds` at the least."""
        access = Access(catalog)
        links = Seal(lambda: catalog.secrets(_LINKS))
        return cls(
            catalog,
            access,
            Invitations(access),
            Signer(links, lifetime=link_seconds),
        )

    def rotate(self) -> None:
        """Make a new secret for addresses; those that the one before has signed stay good.

        The next rotation ends them, in every process within five seconds.
        """
        self.catalog.rotate_secret(_LINKS)
        log.info("secrets.rotated")

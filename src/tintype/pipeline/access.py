"""Who may come in, and what they may do."""

import hashlib
import secrets
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import structlog

from tintype.errors import (
    ApiKeyNotFoundError,
    CatalogFailedError,
    ForbiddenError,
    ParameterInvalidError,
    UnauthenticatedError,
)
from tintype.model import ApiKey, Scope, new_key_id
from tintype.pipeline.signing import Seal, Signer
from tintype.ports.catalog import Catalog

log = structlog.get_logger()

_SECRET_PREFIX = "tt_"  # noqa: S105 - what every key begins with, for those who search for leaks
_SECRET_BYTES = 32
_LONGEST_NAME = 100

# How long this process believes what it has read of a key. A key that another process revoked
# opens nothing any more after that time.
_FRESH_SECONDS = 3.0
_MOST_REMEMBERED = 1000

# A key's last use is known to the minute: writing it down each time would make reading dear.
_USE_INTERVAL = timedelta(minutes=1)

_INVITATION = timedelta(minutes=10)
_INVITED_NAME = "login link"
_INVITED_FOR = timedelta(days=7)

# What the shared secrets are kept as in the catalog.
_LINKS = "delivery"
_SESSIONS = "session"

_NO_SUCH_KEY = "This API key opens nothing: it is unknown, has expired or was revoked."


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
    """API keys: made, asked for, listed, revoked.

    `clock` tells the time, aware of its zone. Every method may raise CatalogFailedError.
    """

    def __init__(self, catalog: Catalog, *, clock: Callable[[], datetime] = _now) -> None:
        self._catalog = catalog
        self._clock = clock
        self._lock = threading.Lock()
        self._remembered: dict[str, tuple[ApiKey, datetime]] = {}  # by digest, and when it was read

    def create(
        self, name: str, scopes: Iterable[Scope], expires_at: datetime | None = None
    ) -> tuple[ApiKey, str]:
        """Make an API key; returns it with its secret, which nobody can ever ask for again.

        Raises ParameterInvalidError for a name that cannot be shown or a time that is over.
        """
        given, now = frozenset(scopes), self._clock()
        if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
            raise ParameterInvalidError(
                f"A key's name has 1 to {_LONGEST_NAME} visible characters."
            )
        if not given:
            raise ParameterInvalidError("A key needs a scope: upload, read or admin.")
        if expires_at is not None and expires_at <= now:
            raise ParameterInvalidError("A key cannot expire before it is made.")
        key = ApiKey(new_key_id(), name, given, now, expires_at)
        secret = _SECRET_PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
        self._catalog.keep_key(key, digest_of(secret))
        log.info("api_key.created", api_key=key.id, name=name, scopes=", ".join(sorted(given)))
        return key, secret

    def admit(self, secret: str) -> ApiKey:
        """The key that a secret proves.

        Raises UnauthenticatedError, the same for one that is unknown, has expired or was revoked.
        """
        return self.admit_digest(digest_of(secret))

    def admit_digest(self, digest: str) -> ApiKey:
        """The key whose secret has this digest, for sessions that began with it; as `admit`."""
        now = self._clock()
        key = self._find(digest, now)
        if key is None or key.revoked_at or (key.expires_at and key.expires_at <= now):
            raise UnauthenticatedError(_NO_SUCH_KEY)
        self._note_use(digest, key, now)
        return key

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
        with self._lock:
            self._remembered.clear()
        log.info("api_key.revoked", api_key=revoked.id, name=revoked.name)
        return revoked

    def _find(self, digest: str, now: datetime) -> ApiKey | None:
        with self._lock:
            remembered = self._remembered.get(digest)
        if remembered and 0 <= (now - remembered[1]).total_seconds() < _FRESH_SECONDS:
            return remembered[0]
        key = self._catalog.key(digest)
        if key is not None:
            with self._lock:
                if len(self._remembered) >= _MOST_REMEMBERED:
                    self._remembered.clear()
                self._remembered[digest] = key, now
        return key

    def _note_use(self, digest: str, key: ApiKey, now: datetime) -> None:
        """Note the use of a key, unless that was done within the last minute."""
        with self._lock:
            known, read_at = self._remembered.get(digest, (key, now))
            if known.last_used_at and now - known.last_used_at < _USE_INTERVAL:
                return
            self._remembered[digest] = replace(known, last_used_at=now), read_at
        try:
            self._catalog.touch_key(key.id, now)
        except CatalogFailedError as error:  # no reason to turn anybody away
            log.warning("api_key.unnoted", api_key=key.id, detail=error.detail)


class Invitations:
    """One-time tokens that let somebody in without a key, for whoever reads this process's output.

    They are kept in this process alone, and good for ten minutes.
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

    def redeem(self, token: str) -> str:
        """Take a token; returns the secret of a new key with every scope, good for seven days.

        The key is one like any other, so that the session which begins with it can be listed and
        revoked. Raises UnauthenticatedError for a token that is unknown, used or expired.
        """
        now = self._clock()
        with self._lock:
            until = self._open.pop(digest_of(token), now)
        if until <= now:
            raise UnauthenticatedError("This login link has been used, or has expired.")
        return self._access.create(_INVITED_NAME, Scope, now + _INVITED_FOR)[1]


@dataclass(frozen=True, slots=True)
class Authority:
    """All that decides who may do what, over one catalog."""

    catalog: Catalog
    access: Access
    invitations: Invitations
    links: Signer  # of delivery addresses
    sessions: Seal  # of the page's cookies

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
            Seal(lambda: catalog.secrets(_SESSIONS)),
        )

    def rotate(self) -> None:
        """Make new secrets for addresses and sessions; those of the ones before stay good.

        The next rotation ends them, in every process within five seconds.
        """
        for name in (_LINKS, _SESSIONS):
            self.catalog.rotate_secret(name)
        log.info("secrets.rotated")

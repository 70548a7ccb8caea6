"""What proves an API key: its secret, or the token of a session that began with it."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from tintype.errors import CatalogFailedError, UnauthenticatedError
from tintype.model import ApiKey
from tintype.ports.catalog import Catalog

log = structlog.get_logger()

# How long this process believes what it has read of a key. A key that another process revoked
# opens nothing any more after that time.
_FRESH_SECONDS = 3.0
_MOST_REMEMBERED = 1000

# A key's last use is known to the minute: writing it down each time would make reading dear.
_USE_INTERVAL = timedelta(minutes=1)

_NO_SUCH_KEY = "This API key opens nothing: it is unknown, has expired or was revoked."


class Proofs:
    """Keys by the digests of what proves them, each believed for a few seconds once it is read.

    `read` gives the key of a digest, if there is one; it may block, and raise CatalogFailedError.
    """

    def __init__(self, catalog: Catalog, read: Callable[[str], ApiKey | None]) -> None:
        self._catalog = catalog
        self._read = read
        self._lock = threading.Lock()
        self._remembered: dict[str, tuple[ApiKey, datetime]] = {}  # by digest, and when it was read
        self._forgotten = 0  # how often everything was

    def admit(self, digest: str, now: datetime) -> ApiKey:
        """The key of a digest, whose use is noted; raises UnauthenticatedError.

        The error is the same for what is unknown, has expired or was revoked.
        """
        key = self._find(digest, now)
        if key is None or key.revoked_at or (key.expires_at and key.expires_at <= now):
            raise UnauthenticatedError(_NO_SUCH_KEY)
        self._note_use(digest, key, now)
        return key

    def forget(self) -> None:
        """Read every key anew, also for whoever is reading one just now."""
        with self._lock:
            self._remembered.clear()
            self._forgotten += 1

    def _find(self, digest: str, now: datetime) -> ApiKey | None:
        with self._lock:
            remembered = self._remembered.get(digest)
            forgotten = self._forgotten
        if remembered and 0 <= (now - remembered[1]).total_seconds() < _FRESH_SECONDS:
            return remembered[0]
        key = self._read(digest)
        if key is not None:
            with self._lock:
                if forgotten == self._forgotten:
                    self._remember(digest, key, now)
        return key

    def _remember(self, digest: str, key: ApiKey, now: datetime) -> None:
        known, _ = self._remembered.get(digest, (key, now))
        if len(self._remembered) >= _MOST_REMEMBERED:
            self._remembered.clear()
        # Another thread may have noted a use since this one has read the key.
        used = max(filter(None, (key.last_used_at, known.last_used_at)), default=None)
        self._remembered[digest] = replace(key, last_used_at=used), now

    def _note_use(self, digest: str, key: ApiKey, now: datetime) -> None:
        """Note the use of a key, unless that was done within the last minute."""
        with self._lock:
            known, read_at = self._remembered.get(digest, (key, now))
            if known.last_used_at and now - known.last_used_at < _USE_INTERVAL:
                return
            if digest in self._remembered:
                self._remembered[digest] = replace(known, last_used_at=now), read_at
        try:
            self._catalog.touch_key(key.id, now)
        except CatalogFailedError as error:  # no reason to turn anybody away
            log.warning("api_key.unnoted", api_key=key.id, detail=error.detail)

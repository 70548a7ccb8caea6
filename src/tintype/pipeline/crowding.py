"""How much waits, known without counting each time somebody asks."""

import threading
import time
from collections.abc import Callable

from tintype.errors import QueueFullError
from tintype.ports.catalog import Backlog, Catalog

# Counting a long queue takes long; it may take this share of one processor.
_SHARE = 0.01


class Crowding:
    """Counts the backlog now and then, and refuses more where too many wait.

    `limit` is how many jobs may be queued. Between two counts, what this process accepted is added,
    so a rush is stopped at the limit; what several processes accept within a second may exceed it.
    """

    def __init__(
        self, catalog: Catalog, limit: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.limit = limit
        self._catalog = catalog
        self._clock = clock
        self._lock = threading.Lock()
        self._backlog = Backlog(queued=0, running=0, dead=0, oldest=None)
        self._since = 0  # accepted since the last count
        self._next = 0.0

    @property
    def backlog(self) -> Backlog:
        """What waits and runs, as it was counted last."""
        return self._backlog

    def count(self) -> None:
        """Count, unless that was just done; raises CatalogFailedError."""
        began = self._clock()
        if began < self._next:
            return
        with self._lock:
            before = self._since
        backlog = self._catalog.backlog()
        with self._lock:
            self._backlog = backlog
            self._since -= before
        ended = self._clock()
        self._next = ended + (ended - began) / _SHARE

    def admit(self, key: str | None = None) -> None:
        """Raise QueueFullError where too many wait, and CatalogFailedError.

        A new version of the original at `key` takes no more room where a job of the key waits: it
        takes that one's place. The catalog is asked for that only where too many wait.
        """
        with self._lock:
            waiting = self._backlog.queued + self._since
        if waiting >= self.limit and not (key is not None and self._catalog.waits(key)):
            raise QueueFullError(f"{waiting:,} images wait already.")

    def add(self) -> None:
        """One more was accepted, which took no other one's place."""
        with self._lock:
            self._since += 1

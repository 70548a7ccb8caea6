"""How often something that fails is tried again, and how often that is told."""

import random
import threading
import time
from collections.abc import Callable

_FIRST_SECONDS = 1.0
# No longer: what waits for it goes on within seconds of the outage's end.
_LAST_SECONDS = 5.0

_FIRST_TOLD_SECONDS = 10.0
_LAST_TOLD_SECONDS = 600.0


class Outage:
    """Tells tries that fail one after the other from one that fails; safe for threads.

    `jitter` gives numbers from 0 to 1: processes that have lost the same server do not all come
    back at the same moment.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._clock = clock
        self._jitter = jitter
        self._lock = threading.Lock()
        self._began = 0.0
        self._tell_at = 0.0
        self._told_seconds = _FIRST_TOLD_SECONDS
        self.failures = 0

    @property
    def wait(self) -> float:
        """How many seconds to wait before the next try: more after each, up to five."""
        if not self.failures:
            return _FIRST_SECONDS
        longest = min(_FIRST_SECONDS * 2 ** min(self.failures, 10), _LAST_SECONDS)
        return float(longest * (1 + self._jitter()) / 2)

    @property
    def seconds(self) -> float:
        """How long it has lasted."""
        return self._clock() - self._began if self.failures else 0.0

    def fail(self) -> bool:
        """Note a failure; whether to tell of it: of the first, then ever more rarely."""
        with self._lock:
            now = self._clock()
            if not self.failures:
                self._began = self._tell_at = now
                self._told_seconds = _FIRST_TOLD_SECONDS
            self.failures += 1
            if now < self._tell_at:
                return False
            self._tell_at = now + self._told_seconds
            self._told_seconds = min(2 * self._told_seconds, _LAST_TOLD_SECONDS)
            return True

    def end(self) -> None:
        """Note that all is well."""
        with self._lock:
            self.failures = 0

"""The janitor: finds runs whose process died and puts them back into their queue."""

import threading
from collections.abc import Callable

import structlog

from tintype.adapters.durable.slots import Slots
from tintype.errors import TintypeError

log = structlog.get_logger()

_INTERVAL_SECONDS = 2.0
_PATIENCE_SECONDS = 5.0


class Janitor:
    """A thread that recovers the runs of abandoned slots, every two seconds.

    A process that starts recovers its own slot. Only where a dead process is not replaced do its
    runs need somebody else, and DBOS itself leaves that to a service of its maker.
    """

    def __init__(self, slots: Slots, recover: Callable[[str], None]) -> None:
        self._slots = slots
        self._recover = recover
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="janitor", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Stop looking; waits for a recovery under way, but not for ever on a hung database."""
        self._stopping.set()
        self._thread.join(_PATIENCE_SECONDS)

    def _watch(self) -> None:
        while not self._stopping.wait(_INTERVAL_SECONDS):
            try:
                self._slots.visit_abandoned(self._recover)
            except TintypeError as error:
                log.warning("janitor.failed", code=error.code, detail=error.detail)

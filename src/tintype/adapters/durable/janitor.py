"""The janitor: finds runs that nobody works on any more and puts them back into the queue."""

import threading
import time
from typing import Protocol

import structlog

from tintype.adapters.durable.slots import Slot
from tintype.errors import TintypeError
from tintype.outage import Outage

log = structlog.get_logger()

_INTERVAL_SECONDS = 2.0
_PATIENCE_SECONDS = 5.0
# How long a run of this very process must have been nobody's. DBOS takes a run and begins it in
# two steps; this is longer than the second may wait for a connection.
_STRAY_SECONDS = 30.0


class Runs(Protocol):
    """The unfinished runs of all processes."""

    def owners(self) -> set[str]:
        """The processes that have any, by name."""
        ...

    def unfinished(self, owner: str) -> set[str]:
        """The ids of those that a process took and has not finished."""
        ...

    def running(self) -> set[str]:
        """The ids of those that this process works on."""
        ...

    def requeue(self, run_ids: set[str]) -> None:
        """Put these back into the queue."""
        ...


class Janitor:
    """A thread that looks every two seconds for runs that were begun and that nobody works on.

    Those of dead processes, for one; DBOS itself leaves these to a service of its maker. For
    another, strays of this process: a run is marked as taken and then begun, and as the database
    may go away between, it can be taken and never begun, or have ended without DBOS knowing.
    """

    def __init__(self, slot: Slot, runs: Runs) -> None:
        self._slot = slot
        self._runs = runs
        self._strays: dict[str, float] = {}  # since when
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
        outage = Outage()
        while True:
            try:
                if self._slot.held:
                    self._look()
                    outage.end()
            except TintypeError as error:
                if outage.fail():
                    log.warning(
                        "janitor.failed",
                        code=error.code,
                        detail=error.detail,
                        count=outage.failures,
                    )
            if self._stopping.wait(_INTERVAL_SECONDS):
                return

    def _look(self) -> None:
        owners = self._runs.owners()
        self._slot.visit_abandoned(owners - {self._slot.name}, self._recover)
        if self._slot.name in owners or self._strays:
            self._find_strays()

    def _recover(self, owner: str) -> None:
        if found := self._runs.unfinished(owner):  # read now that the owner is known to be gone
            self._runs.requeue(found)
            log.warning("runs.recovered", slot=owner, count=len(found))

    def _find_strays(self) -> None:
        now = time.monotonic()
        nobodys = self._runs.unfinished(self._slot.name) - self._runs.running()
        self._strays = {run_id: self._strays.get(run_id, now) for run_id in nobodys}
        found = {run_id for run_id, since in self._strays.items() if now - since >= _STRAY_SECONDS}
        if found:
            self._runs.requeue(found)
            log.warning("runs.strayed", count=len(found))

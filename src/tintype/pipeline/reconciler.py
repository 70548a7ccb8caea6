"""Starts what was accepted and never started, counts the backlog, forgets what ended long ago."""

import threading
import time

import structlog

from tintype.errors import TintypeError
from tintype.outage import Outage
from tintype.pipeline.crowding import Crowding
from tintype.ports.catalog import Catalog
from tintype.ports.engine import Engine

log = structlog.get_logger()

# A run is started right after its acceptance; five seconds later somebody must have died between.
_GRACE_SECONDS = 5.0

# What a run did is in the catalog; the engine's own record only helps to look into an accident.
_KEEP_RUNS_SECONDS = 24 * 3600.0
# Longer than anybody tries to send the same upload again.
_KEEP_IDEMPOTENCY_SECONDS = 7 * 24 * 3600.0
_SWEEP_INTERVAL_SECONDS = 3600.0


class Reconciler:
    """A thread that compares the catalog's promises with the engine's runs."""

    def __init__(
        self, catalog: Catalog, engine: Engine, crowding: Crowding, history_seconds: float
    ) -> None:
        self._catalog = catalog
        self._engine = engine
        self._crowding = crowding
        self._history_seconds = history_seconds
        self._next_sweep = time.monotonic()
        self._sweeping = False  # whether there may be more to forget
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="reconciler", daemon=True)

    def start(self) -> None:
        """Begin to look: once a second, and up to five seconds apart while that fails."""
        self._thread.start()

    def stop(self) -> None:
        """Stop looking; returns when the thread has ended."""
        self._stopping.set()
        self._thread.join()

    def _watch(self) -> None:
        outage = Outage()
        while not self._stopping.wait(outage.wait):
            try:
                self._look()
            except TintypeError as error:
                if outage.fail():
                    log.warning(
                        "reconciler.failed",
                        code=error.code,
                        detail=error.detail,
                        count=outage.failures,
                    )
                continue
            if outage.failures:
                log.info("reconciler.recovered", seconds=round(outage.seconds, 1))
                outage.end()

    def _look(self) -> None:
        for run in self._catalog.overdue(_GRACE_SECONDS):
            log.warning("run.reconciled", run=run.id)
            self._engine.start(run, priority=self._catalog.job(run.job_id).priority)
        self._crowding.count()
        if time.monotonic() >= self._next_sweep:
            self._next_sweep = time.monotonic() + _SWEEP_INTERVAL_SECONDS
            self._engine.sweep(_KEEP_RUNS_SECONDS)
            self._sweeping = True
        if self._sweeping:
            self._sweeping = self._forget() > 0

    def _forget(self) -> int:
        """Forget a part of what is over, as runs must not wait for the rest; how much it was."""
        forgotten = self._catalog.forget(_KEEP_IDEMPOTENCY_SECONDS)
        return forgotten + self._catalog.sweep(self._history_seconds)

"""The engine port on DBOS."""

import threading
import time
from collections.abc import Callable
from contextvars import Context
from pathlib import Path

import sqlalchemy
import structlog

from tintype.adapters.durable.backend import Library
from tintype.adapters.durable.databases import address, file_of, is_file
from tintype.adapters.durable.inside import LeftError
from tintype.adapters.durable.janitor import Janitor
from tintype.adapters.durable.sessions import SessionSlot
from tintype.adapters.durable.slots import FileSlot, Slot
from tintype.model import Priority, Run

log = structlog.get_logger()

# Runs taken from the queue per decoder child. Polling is the only way to learn of more, so a child
# that becomes free between two polls finds one waiting.
_RUNS_PER_THREAD = 4
_DRAIN_INTERVAL_SECONDS = 0.02


class DurableEngine:
    """Durable runs in a SQLite file or on a Postgres server, which may be the catalog's.

    `threads` is how many runs make progress at once (the decoder children). At most four times as
    many are taken from the queue, and where there are as many in this process, however they came,
    `start` enqueues. Processes that share a database may differ in it. Each looks at the queue
    every `poll_seconds`: by default 0.1 on SQLite and 0.25 on Postgres. `slots` is a folder that
    all processes on a SQLite file share; by default it is beside the file, as `<database>.slots`.

    Runs that wait go by their priority, then in the order in which they were enqueued. (To the
    millisecond; on SQLite with Python older than 3.12 to the second, and within it in the order in
    which they were written.) Neither a delay nor a recovery changes a run's place.

    When a process dies, another one that lives, or starts, runs again what it had: within a few
    seconds on SQLite, within ten on Postgres. There a process counts as dead when the server has
    had no session of it for three seconds, or has not heard of it for ten, so a restart of the
    server takes no run away from anybody; on SQLite one that is only frozen counts as alive. As
    long as a process can reach the server, nobody else runs what it runs. One that could not, and
    comes back, takes no new runs before it is seen alive again; what it still runs may be run
    elsewhere by then. DBOS records an outcome only of who took the run last, and the catalog
    accepts writes only of the last lease: what such a process makes of its old runs has no effect.

    Postgres must be version 14 or newer, and be reached directly or by a pooler that gives each
    connection a session of its own. A process takes at most 13 connections, and keeps 5.

    While the database is away, nothing is taken and `start` fails; all goes on when it is back. An
    outcome that could not be recorded is no loss: the run is run again after 30 seconds, and finds
    that its work is done.

    No run is given up, however often it takes its process down. A process has one launched engine
    at a time.
    """

    def __init__(
        self,
        url: str,
        *,
        threads: int,
        slots: Path | None = None,
        poll_seconds: float | None = None,
    ) -> None:
        self._address = address(url)
        self._concurrency = _RUNS_PER_THREAD * threads
        self._slots_folder = slots
        self._poll_seconds = poll_seconds
        self._working = False
        self._stopped = False
        self._parts: tuple[Library, Janitor, Slot] | None = None

    def launch(self, handler: Callable[[Run], None]) -> None:
        """Start working: recover what dead processes left, then take what is enqueued.

        `handler` is called in many threads at once. Raises CatalogFailedError where the database
        or the slots cannot be used.
        """
        if self._parts:
            raise RuntimeError("this engine was launched before")
        slot = self._new_slot()
        slot.claim()
        ready = threading.Event()

        def body(job_id: str, attempt: int) -> None:
            ready.wait()  # what is taken may come before its handler can start another run
            self._perform(handler, Run(job_id, attempt))

        try:
            library = Library(
                self._address,
                slot.name,
                body,
                room=lambda: self._concurrency if self._working and slot.held else 0,
                poll_seconds=self._poll_seconds or _poll_seconds(self._address),
            )
            janitor = Janitor(slot, library)
            janitor.start()
            self._parts = library, janitor, slot
            self._working = True
        except BaseException:
            slot.release()
            raise
        finally:
            ready.set()

    def _new_slot(self) -> Slot:
        if is_file(self._address):
            return FileSlot(self._slots_folder or Path(f"{file_of(self._address)}.slots"))
        return SessionSlot(self._address)

    def start(self, run: Run, *, priority: Priority = Priority.NORMAL) -> None:
        """Start a run in this process at once; enqueue it without room, while paused and draining.

        `priority` counts where it is enqueued. Takes about 2 ms. Raises CatalogFailedError where
        the run is not durable.
        """
        library, _, slot = self._launched()
        begins = self._working and slot.held and not library.paused
        if begins and len(library.running()) < self._concurrency:
            library.start(run)
        else:
            library.enqueue(run, 0.0, priority)

    def enqueue(
        self, run: Run, *, delay: float = 0.0, priority: Priority = Priority.NORMAL
    ) -> None:
        """Start a run when a worker is free, after `delay` seconds at the earliest.

        A delayed run may be up to 2 seconds late. Raises CatalogFailedError.
        """
        self._library.enqueue(run, delay, priority)

    def enqueue_within(
        self, connection: sqlalchemy.Connection, run: Run, delay: float, priority: Priority
    ) -> None:
        """Enqueue as a part of the caller's transaction: it commits and rolls back with it.

        The connection must be to this engine's database. Works until `close`, also while
        draining. Raises SQLAlchemy's errors, as the caller's own statements do.
        """
        self._library.enqueue_within(connection, run, delay, priority)

    @property
    def paused(self) -> bool:
        """Whether nothing is begun, as of this process's last look at the queue."""
        return self._library.paused

    def pause(self) -> None:
        """Begin no more runs, in any process and after any restart, until `resume`.

        Another process hears of it when it looks at the queue. What was taken from the queue
        before goes on. Raises CatalogFailedError.
        """
        self._library.pause()

    def resume(self) -> None:
        """Begin runs again, in every process; raises CatalogFailedError."""
        self._library.resume()

    def sweep(self, older_than_seconds: float) -> int:
        """Forget the runs that ended longer ago than this; returns how many. DBOS keeps them all.

        An id that was forgotten could be started again, once more in vain: the catalog's `claim`
        refuses a run whose job is final or has a later attempt. Raises CatalogFailedError.
        """
        return self._library.sweep(older_than_seconds)

    def retire(self) -> None:
        """Take no new runs from now on; what runs goes on, and what is started is enqueued."""
        self._working = False

    def drain(self, timeout: float) -> bool:
        """Take no new runs and wait up to `timeout` seconds for the rest; True if all ended.

        Runs that did not end, or were taken and had not begun, are run again by another process
        once this one is gone.
        """
        library, janitor, slot = self._launched()
        self.retire()
        if not self._stopped:
            self._stopped = True
            janitor.stop()
            deadline = time.monotonic() + timeout
            while library.running() and time.monotonic() < deadline:
                time.sleep(_DRAIN_INTERVAL_SECONDS)
            library.stop()
        ended = not library.running()
        if ended:
            slot.release()
        return ended

    def close(self) -> None:
        """Let go of everything; without a drain before it, what runs will be run again."""
        if self._parts:
            self.drain(0.0)
            self._library.close()

    @property
    def _library(self) -> Library:
        return self._launched()[0]

    def _launched(self) -> tuple[Library, Janitor, Slot]:
        if not self._parts:
            raise RuntimeError("launch the engine first")
        return self._parts

    def _perform(self, handler: Callable[[Run], None], run: Run) -> None:
        if not self._working:
            raise LeftError(run.id)
        try:
            # A context of its own: DBOS would take a run that the handler starts for a child of
            # this one, record it as a step and hold the handler to its order when run again.
            Context().run(handler, run)
        except Exception:  # whatever it is, it ends this run and no other
            log.exception("run.crashed", run=run.id)


def _poll_seconds(address: sqlalchemy.URL) -> float:
    return 0.1 if is_file(address) else 0.25

"""The engine port on DBOS."""

import threading
from collections.abc import Callable
from contextvars import Context
from pathlib import Path

import sqlalchemy
import structlog

from tintype.adapters.durable.backend import Library, database_file
from tintype.adapters.durable.janitor import Janitor
from tintype.adapters.durable.slots import FileSlots, Slot
from tintype.model import Run

log = structlog.get_logger()

# Runs taken from the queue per decoder child. Polling is the only way to learn of more, so a child
# that becomes free between two polls finds one waiting.
_RUNS_PER_THREAD = 4


class DurableEngine:
    """Durable runs in a SQLite database, which may be the catalog's.

    `threads` is how many runs make progress at once (the decoder children). At most four times as
    many are taken from the queue, and where there are as many in this process, however they came,
    `start` enqueues. Each process looks at the queue every `poll_seconds`. `slots` is a folder that
    all processes on the database share; by default it is beside the file, as `<database>.slots`.

    A process has one launched engine at a time. A run that has taken its whole process down
    more than 20 times is given up without the handler being asked.
    """

    def __init__(
        self, url: str, *, threads: int, slots: Path | None = None, poll_seconds: float = 0.1
    ) -> None:
        self._url = url
        self._concurrency = _RUNS_PER_THREAD * threads
        self._slots_folder = slots
        self._poll_seconds = poll_seconds
        self._lock = threading.Lock()
        self._working = False
        self._runs = 0  # in this process, now
        self._parts: tuple[Library, Janitor, Slot] | None = None

    def launch(self, handler: Callable[[Run], None]) -> None:
        """Start working: recover what a dead process left, then take what is enqueued.

        `handler` is called in many threads at once. Raises CatalogFailedError where the database
        or the slots cannot be used, SettingsInvalidError where it is no SQLite file.
        """
        if self._parts:
            raise RuntimeError("this engine was launched before")
        beside = Path(f"{database_file(self._url)}.slots")
        slots = FileSlots(self._slots_folder or beside)
        slot = slots.claim()
        ready = threading.Event()

        def body(job_id: str, attempt: int) -> None:
            ready.wait()  # what is recovered may come before its handler can start another run
            self._perform(handler, Run(job_id, attempt))

        try:
            library = Library.launch(
                self._url,
                slot.name,
                body,
                concurrency=self._concurrency,
                poll_seconds=self._poll_seconds,
            )
            janitor = Janitor(slots, library.recover)
            janitor.start()
            self._parts = library, janitor, slot
            self._working = True
        except BaseException:
            slot.release()
            raise
        finally:
            ready.set()

    def start(self, run: Run) -> None:
        """Start a run in this process at once, or enqueue it where there is no room.

        Takes about 2 ms. Raises CatalogFailedError where the run is not durable.
        """
        with self._lock:
            room = self._working and self._runs < self._concurrency
        if room:
            self._library.start(run)
        else:
            self._library.enqueue(run, 0.0)

    def enqueue(self, run: Run, *, delay: float = 0.0) -> None:
        """Start a run when a worker is free, after `delay` seconds at the earliest.

        A delayed run may be up to 2 seconds late. Raises CatalogFailedError.
        """
        self._library.enqueue(run, delay)

    def enqueue_within(self, connection: sqlalchemy.Connection, run: Run, delay: float) -> None:
        """Enqueue as a part of the caller's transaction: it commits and rolls back with it.

        The connection must be to this engine's database. Works until `close`, also while
        draining. Raises SQLAlchemy's errors, as the caller's own statements do.
        """
        self._library.enqueue_within(connection, run, delay)

    def sweep(self, older_than_seconds: float) -> int:
        """Forget the runs that ended longer ago than this; returns how many. DBOS keeps them all.

        An id that was forgotten could be started again, once more in vain: the catalog's `claim`
        refuses a run whose job is final or has a later attempt. Raises CatalogFailedError.
        """
        return self._library.sweep(older_than_seconds)

    def drain(self, timeout: float) -> bool:
        """Take no new runs and wait up to `timeout` seconds for the rest; True if all ended.

        Takes at least a second, unless `timeout` is 0. Runs that did not end, or were taken and
        had not begun, are run again by another process once this one is gone.
        """
        library, janitor, slot = self._launched()
        with self._lock:
            was_working, self._working = self._working, False
        if was_working:
            janitor.stop()
            library.stop(timeout)
        with self._lock:
            ended = self._runs == 0
        if was_working and ended:
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
        with self._lock:
            if not self._working:
                raise _Left(run.id)
            self._runs += 1
        try:
            # A context of its own: DBOS would take a run that the handler starts for a child of
            # this one, record it as a step and hold the handler to its order when run again.
            Context().run(handler, run)
        except Exception:  # whatever it is, it ends this run and no other
            log.exception("run.crashed", run=run.id)
        finally:
            with self._lock:
                self._runs -= 1


class _Left(BaseException):
    """This run was taken but must not begin, as the process is about to stop.

    Not an Exception, which DBOS would record as the run's outcome. What is recorded stays
    unfinished, and is recovered like the runs of a dead process.
    """

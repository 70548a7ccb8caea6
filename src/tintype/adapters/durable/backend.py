"""DBOS as Tintype uses it; only this module and `inside` name it.

One workflow without steps: DBOS only remembers that a run was started and whether it ended. What
happens inside a run is recorded by the pipeline. Arguments are a job id and a number, written as
JSON: nothing in the database is ever unpickled.
"""

import logging
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import sqlalchemy
from dbos import (
    DBOS,
    DBOSClient,
    DBOSConfig,
    DBOSPortableJSONSerializer,
    EnqueueOptions,
    Queue,
    SetWorkflowID,
    WorkflowStatusString,
)
from dbos import error as dbos_error
from sqlalchemy.exc import SQLAlchemyError

from tintype.adapters.durable.databases import close_pool, open_pool
from tintype.adapters.durable.inside import Inside, is_launched
from tintype.adapters.durable.quiet import Quiet
from tintype.errors import CatalogFailedError
from tintype.model import Priority, Run

_APPLICATION = "tintype"
# Runs are recovered only by processes of the same version. The default is a hash of the source
# code, which would strand every unfinished run at each upgrade.
_VERSION = "tintype-1"
_WORKFLOW = "run"
_QUEUE = "images"
# The lowest number goes first. A run that was started and never waited has 0, and goes before all
# others when it is recovered: it was begun already.
_PRIORITIES: Mapping[Priority, int] = {Priority.HIGH: 1, Priority.NORMAL: 2, Priority.LOW: 3}
# What the queue's row says of how many runs a process takes: none while the queue is paused, else
# some. How many those are each process knows for itself.
_NONE = 0
_SOME = 1
# DBOS sleeps this long between looks at messages, which Tintype does not use, and stops no sooner.
_IDLE_SECONDS = 0.1
_SWEEP_BATCH = 500
_FINISHED = [
    WorkflowStatusString.SUCCESS.value,
    WorkflowStatusString.ERROR.value,
    WorkflowStatusString.CANCELLED.value,
    WorkflowStatusString.MAX_RECOVERY_ATTEMPTS_EXCEEDED.value,
]


class Library:
    """DBOS, working for one engine. DBOS allows one in a process at a time."""

    def __init__(
        self,
        address: sqlalchemy.URL,
        executor: str,
        body: Callable[[str, int], None],
        *,
        room: Callable[[], int],
        poll_seconds: float,
    ) -> None:
        """Create or migrate DBOS's tables and begin to look at the queue.

        `executor` is this process's name, which no process had before. `body` gets a job id and an
        attempt, in a thread of its own; `room` says how many runs of the queue may be in this
        process at once. Raises CatalogFailedError.
        """
        self._room = room
        self._paused = True  # until the row was read
        self._set_at = 0.0  # when this process changed it last
        self._quiet = Quiet()
        self._quiet.install()
        self._database = open_pool(address)
        try:
            with _named_failures():
                self._launch(executor, body, poll_seconds)
        except BaseException:
            self._let_go()
            raise

    def _launch(self, executor: str, body: Callable[[str, int], None], poll: float) -> None:
        # With any handler of its own, DBOS adds no console handler, and what it logs goes the
        # way of every other library's lines.
        logging.getLogger("dbos").addHandler(logging.NullHandler())
        serializer = DBOSPortableJSONSerializer()
        dbos = DBOS(
            config=DBOSConfig(
                name=_APPLICATION,
                application_version=_VERSION,
                executor_id=executor,
                system_database_url=self._database.url.render_as_string(hide_password=False),
                system_database_engine=self._database,
                serializer=serializer,
                log_level="WARNING",  # INFO advertises a service
                notification_listener_polling_interval_sec=_IDLE_SECONDS,
                use_listen_notify=False,  # for messages only, which Tintype does not use
                run_migrations=True,
            )
        )
        if is_launched(dbos):
            raise RuntimeError("DBOS serves one engine in a process: drain the other one first")
        try:
            # How often a run may take its process down is for the pipeline to decide.
            self._workflow = DBOS.workflow(name=_WORKFLOW, max_recovery_attempts=None)(body)
            DBOS.launch()
            self._inside = Inside(dbos, poll, self._see, self._room_here)
            DBOS.register_queue(
                _QUEUE,
                worker_concurrency=_SOME,
                polling_interval_sec=poll,
                on_conflict="never_update",  # it may be paused
            )
            self._client = DBOSClient(
                system_database_engine=self._database,
                application_name=_APPLICATION,
                serializer=serializer,
                retry_connection_errors=False,
            )
            self._paused = self._row().worker_concurrency == _NONE
        except BaseException:
            DBOS.destroy(destroy_registry=True)
            raise

    # --- runs ---

    def start(self, run: Run) -> None:
        """Start a run in this process; an id that is known stays as it is."""
        known = SetWorkflowID(run.id, workflow_id_reuse_policy="reject")
        with _named_failures(), suppress(dbos_error.DBOSWorkflowIDInUseError), known:
            DBOS.start_workflow(self._workflow, run.job_id, run.attempt)

    def enqueue(self, run: Run, delay: float, priority: Priority) -> None:
        """Put a run into the queue; an id that is known stays as it is."""
        with _named_failures(), suppress(dbos_error.DBOSWorkflowIDInUseError):
            self._client.enqueue(_options(run, delay, priority), run.job_id, run.attempt)

    def enqueue_within(
        self, connection: sqlalchemy.Connection, run: Run, delay: float, priority: Priority
    ) -> None:
        """Put a run into the queue by the caller's transaction; errors are SQLAlchemy's."""
        # An id that is known is found by an insert that changes nothing, not by a failing one:
        # the transaction stays usable.
        with suppress(dbos_error.DBOSWorkflowIDInUseError):
            self._client.enqueue_in_transaction(
                connection, _options(run, delay, priority), run.job_id, run.attempt
            )

    # --- the queue ---

    @property
    def paused(self) -> bool:
        """Whether nothing is taken from the queue, as of the last look at it."""
        return self._paused

    def pause(self) -> None:
        """Have every process take nothing from the queue, from its next look on."""
        self._set_row(_NONE)

    def resume(self) -> None:
        """Have every process take runs from the queue again."""
        self._set_row(_SOME)

    def _set_row(self, concurrency: int) -> None:
        with _named_failures():
            self._row().set_worker_concurrency(concurrency)
        self._paused, self._set_at = concurrency == _NONE, time.monotonic()

    def _row(self) -> Queue:
        queue = self._client.retrieve_queue(_QUEUE)
        if queue is None:
            raise CatalogFailedError("The engine's queue is missing from the database")
        return queue

    def _see(self, row: int | None, read_at: float) -> None:
        if read_at >= self._set_at:
            self._paused = row == _NONE

    def _room_here(self) -> int:
        return 0 if self._paused else self._room()

    # --- what is left behind ---

    def running(self) -> set[str]:
        """The ids of the runs that this process works on."""
        return self._inside.running()

    def owners(self) -> set[str]:
        """The processes that have unfinished runs, by name."""
        return {owner for _, owner in self._unfinished()}

    def unfinished(self, owner: str) -> set[str]:
        """The ids of the runs that a process took and has not finished."""
        return {run_id for run_id, its_owner in self._unfinished() if its_owner == owner}

    def requeue(self, run_ids: set[str]) -> None:
        """Put unfinished runs back into the queue; what they have ended with until then stays.

        Who runs one of them now can no longer record its outcome.
        """
        with _named_failures():
            self._client.resume_workflows(sorted(run_ids), queue_name=_QUEUE)

    def _unfinished(self) -> list[tuple[str, str]]:
        with _named_failures():
            return self._inside.unfinished()

    def sweep(self, older_than_seconds: float) -> int:
        """Delete finished runs that ended longer ago than this; returns how many."""
        before = (datetime.now(UTC) - timedelta(seconds=older_than_seconds)).isoformat()
        deleted = 0
        with _named_failures():
            while batch := self._client.list_workflows(
                status=_FINISHED,
                name=_WORKFLOW,
                completed_before=before,
                limit=_SWEEP_BATCH,
                load_input=False,
                load_output=False,
            ):
                self._client.delete_workflows([finished.workflow_id for finished in batch])
                deleted += len(batch)
        return deleted

    # --- the end ---

    def stop(self) -> None:
        """Stop DBOS. The outcome of what still runs is not recorded, so it is run again."""
        DBOS.destroy(destroy_registry=True)

    def close(self) -> None:
        """Let go of the database."""
        self._client.destroy()
        self._let_go()

    def _let_go(self) -> None:
        close_pool(self._database)
        self._quiet.remove()


def _options(run: Run, delay: float, priority: Priority) -> EnqueueOptions:
    options = EnqueueOptions(
        workflow_name=_WORKFLOW,
        queue_name=_QUEUE,
        workflow_id=run.id,
        workflow_id_reuse_policy="reject",
        app_version=_VERSION,
        priority=_PRIORITIES[priority],
    )
    if delay > 0:
        options["delay_seconds"] = delay
    return options


@contextmanager
def _named_failures() -> Generator[None]:
    try:
        yield
    except dbos_error.DBOSWorkflowIDInUseError:
        raise
    except (SQLAlchemyError, dbos_error.DBOSException) as failure:
        raise CatalogFailedError from failure

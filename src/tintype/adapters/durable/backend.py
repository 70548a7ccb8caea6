"""DBOS as Tintype uses it; no other module names it.

One workflow without steps: DBOS only remembers that a run was started and whether it ended. What
happens inside a run is recorded by the pipeline. Arguments are a job id and a number, written as
JSON: nothing in the database is ever unpickled.
"""

import logging
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from sqlite3 import Connection as SqliteConnection

import sqlalchemy
from dbos import (
    DBOS,
    DBOSClient,
    DBOSConfig,
    DBOSPortableJSONSerializer,
    EnqueueOptions,
    SetWorkflowID,
    WorkflowStatusString,
)
from dbos import error as dbos_error
from sqlalchemy.exc import SQLAlchemyError

from tintype.errors import CatalogFailedError, SettingsInvalidError
from tintype.model import Run

_APPLICATION = "tintype"
# Runs are recovered only by processes of the same version. The default is a hash of the source
# code, which would strand every unfinished run at each upgrade.
_VERSION = "tintype-1"
_WORKFLOW = "run"
_QUEUE = "images"
# How often a run may take its whole process down before it is given up. Deaths from outside
# count as well, hence not five.
_MAX_RECOVERIES = 20
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
        self, database: sqlalchemy.Engine, client: DBOSClient, workflow: Callable[[str, int], None]
    ) -> None:
        self._database = database
        self._client = client
        self._workflow = workflow

    @classmethod
    def launch(
        cls,
        url: str,
        slot: str,
        body: Callable[[str, int], None],
        *,
        concurrency: int,
        poll_seconds: float,
    ) -> "Library":
        """Create or migrate DBOS's tables, recover the slot's runs and poll the queue.

        `body` gets a job id and an attempt, in a thread of its own; at most `concurrency` runs of
        the queue are in this process at once. Raises CatalogFailedError.
        """
        # With any handler of its own, DBOS adds no console handler, and what it logs goes the
        # way of every other library's lines.
        logging.getLogger("dbos").addHandler(logging.NullHandler())
        database = sqlite_engine(url)
        serializer = DBOSPortableJSONSerializer()
        config = DBOSConfig(
            name=_APPLICATION,
            application_version=_VERSION,
            executor_id=slot,
            system_database_url=url,
            system_database_engine=database,
            serializer=serializer,
            log_level="WARNING",  # INFO advertises a service
            notification_listener_polling_interval_sec=_IDLE_SECONDS,
            run_migrations=True,
        )
        with _named_failures():
            if DBOS(config=config)._launched:  # noqa: SLF001 - it says so in no other way
                raise RuntimeError("DBOS serves one engine in a process: drain the other one first")
            try:
                workflow = DBOS.workflow(name=_WORKFLOW, max_recovery_attempts=_MAX_RECOVERIES)(
                    body
                )
                DBOS.launch()
                DBOS.register_queue(
                    _QUEUE,
                    worker_concurrency=concurrency,
                    polling_interval_sec=poll_seconds,
                    on_conflict="always_update",
                )
                client = DBOSClient(
                    system_database_engine=database,
                    application_name=_APPLICATION,
                    serializer=serializer,
                )
            except BaseException:
                DBOS.destroy(destroy_registry=True)
                database.dispose()
                raise
        return cls(database, client, workflow)

    def start(self, run: Run) -> None:
        """Start a run in this process; an id that is known stays as it is."""
        known = SetWorkflowID(run.id, workflow_id_reuse_policy="reject")
        with _named_failures(), suppress(dbos_error.DBOSWorkflowIDInUseError), known:
            DBOS.start_workflow(self._workflow, run.job_id, run.attempt)

    def enqueue(self, run: Run, delay: float) -> None:
        """Put a run into the queue; an id that is known stays as it is."""
        with _named_failures(), suppress(dbos_error.DBOSWorkflowIDInUseError):
            self._client.enqueue(_options(run, delay), run.job_id, run.attempt)

    def enqueue_within(self, connection: sqlalchemy.Connection, run: Run, delay: float) -> None:
        """Put a run into the queue by the caller's transaction; errors are SQLAlchemy's."""
        # An id that is known is found by an insert that changes nothing, not by a failing one:
        # the transaction stays usable.
        with suppress(dbos_error.DBOSWorkflowIDInUseError):
            self._client.enqueue_in_transaction(
                connection, _options(run, delay), run.job_id, run.attempt
            )

    def recover(self, slot: str) -> None:
        """Put the unfinished runs of a dead slot back into their queue."""
        with _named_failures():
            DBOS._recover_pending_workflows([slot])  # noqa: SLF001 - a test guards that it exists

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

    def stop(self, timeout: float) -> None:
        """Stop polling at once, wait up to `timeout` seconds for what runs, then stop all else.

        DBOS looks once a second whether anything runs, for the first time after one second.
        Outcomes of what ends later are not recorded, so it is run again.
        """
        DBOS.destroy(workflow_completion_timeout_sec=math.ceil(timeout), destroy_registry=True)

    def close(self) -> None:
        """Let go of the database."""
        self._client.destroy()
        self._database.dispose()


def database_file(url: str) -> Path:
    """The file of a `sqlite:///path` URL; raises SettingsInvalidError for any other."""
    address = sqlalchemy.make_url(url)
    if address.get_backend_name() != "sqlite" or address.database in (None, "", ":memory:"):
        raise SettingsInvalidError(
            "The engine needs a database file, like sqlite:////data/tintype.db"
        )
    return Path(str(address.database))


def sqlite_engine(url: str) -> sqlalchemy.Engine:
    """Connections to a SQLite file, set as DBOS sets its own, and with a write-ahead log.

    The log (WAL) lets readers and a writer work at once, and halves the cost of a run. IMMEDIATE
    takes the write lock when a transaction begins: a later upgrade could fail as deadlocked.
    """
    engine = sqlalchemy.create_engine(url, pool_size=20, max_overflow=0, pool_timeout=30)

    @sqlalchemy.event.listens_for(engine, "connect")
    def set_pragmas(connection: SqliteConnection, _record: object) -> None:
        connection.isolation_level = "IMMEDIATE"
        connection.execute("PRAGMA busy_timeout=30000")  # milliseconds; first, as the next may wait
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA foreign_keys=ON")

    return engine


def _options(run: Run, delay: float) -> EnqueueOptions:
    options = EnqueueOptions(
        workflow_name=_WORKFLOW,
        queue_name=_QUEUE,
        workflow_id=run.id,
        workflow_id_reuse_policy="reject",
        app_version=_VERSION,
    )
    if delay > 0:
        options["delay_seconds"] = delay
    return options


@contextmanager
def _named_failures() -> Iterator[None]:
    try:
        yield
    except dbos_error.DBOSWorkflowIDInUseError:
        raise
    except (SQLAlchemyError, dbos_error.DBOSException) as failure:
        raise CatalogFailedError from failure

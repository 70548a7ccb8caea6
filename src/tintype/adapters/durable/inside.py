"""What Tintype needs of DBOS and DBOS does not offer: every use of a private part is here.

A test for each guards it against a version of DBOS that works otherwise.
"""

# ruff: noqa: SLF001 - see above

import time
from collections.abc import Callable
from typing import Any, NoReturn

import sqlalchemy
from dbos import DBOS, Queue

# For how long what the queue's row says is believed.
_BELIEF_SECONDS = 0.5
# How much longer a look at the queue takes that fails: DBOS itself does not slow down.
_AWAY_SECONDS = 1.0


class Inside:
    """A launched DBOS, made to behave in six points.

    - How many runs this process takes, and how often it looks, is its own matter. DBOS keeps both
      in the queue's row, which all processes share. What that says of the number goes to `seen`
      within half a second, with the (monotonic) time before it was read; `room` says how many runs
      of the queue may be here at once.
    - A look that finds nothing costs one small query instead of three large ones, which would be
      most of what an idle process does.
    - Which runs were taken and have not ended is read from the index that holds these alone. DBOS's
      own list reads every run there ever was: SQLite takes such an index only where the statement
      itself names the state.
    - While a database is away, DBOS looks at the queue once a second, and not as often as usual.
    - An operation whose connection is lost fails. DBOS would try it again for ever, up to 90
      seconds apart: whoever starts a run would hang, and so would the runs that have just ended.
    - A run whose outcome is not this process's to record just ends. DBOS would keep its thread
      waiting for the outcome that another process records, even beyond the end of the process.
    """

    def __init__(
        self,
        dbos: DBOS,
        poll_seconds: float,
        seen: Callable[[int | None, float], None],
        room: Callable[[], int],
    ) -> None:
        self._active = dbos._active_workflows_set
        self._system = dbos._sys_db
        self._poll_seconds = poll_seconds
        self._seen = seen
        self._room = room
        self._read = self._system.get_queue
        self._scopes = self._system.dequeue_scopes
        self._row: Queue | None = None
        self._until = 0.0
        schema = f"{self._system.schema}." if self._system.schema else ""
        self._waiting = sqlalchemy.text(  # in the words of the index that makes it quick
            f"SELECT 1 FROM {schema}workflow_status WHERE queue_name = :name"  # noqa: S608 - a name
            " AND status = 'ENQUEUED' AND status IN ('ENQUEUED', 'PENDING') LIMIT 1"
        )
        self._unfinished = sqlalchemy.text(
            f"SELECT workflow_uuid, executor_id FROM {schema}workflow_status"  # noqa: S608 - a name
            " WHERE status = 'PENDING'"
        )
        replaced: dict[str, object] = {
            "get_queue": self._get_queue,
            "dequeue_scopes": self._dequeue_scopes,
            "await_workflow_result": _await_workflow_result,
            "_retry_connection_errors": False,
        }
        for name, replacement in replaced.items():
            getattr(self._system, name)  # there is such a part
            setattr(self._system, name, replacement)

    def running(self) -> set[str]:
        """The ids of the runs that this process works on."""
        return set(self._active.activeList())

    def unfinished(self) -> list[tuple[str, str]]:
        """The ids of all runs that were taken and have not ended, and who took them."""
        with self._system.engine.connect() as connection:
            found = connection.execute(self._unfinished).all()
        return [(row.workflow_uuid, row.executor_id) for row in found]

    def _get_queue(self, name: str, **options: Any) -> Queue | None:
        now = time.monotonic()
        if self._row is None or self._row.name != name or now >= self._until:
            self._row = self._read_row(name, options)
            self._until = now + _BELIEF_SECONDS
            if self._row is not None:
                self._seen(self._row._worker_concurrency, now)
        if self._row is not None:
            self._row._worker_concurrency = self._room()
            self._row._polling_interval_sec = self._poll_seconds
        return self._row

    def _read_row(self, name: str, options: dict[str, Any]) -> Queue | None:
        try:
            return self._read(name, **options)
        except Exception:
            time.sleep(_AWAY_SECONDS)
            raise

    def _dequeue_scopes(self, queue_name: str) -> list[str | None]:
        """Where DBOS looks for runs that wait; nowhere where there is none or no room for it."""
        if self._room() == 0:
            return []
        with self._system.engine.connect() as connection:
            waits = connection.execute(self._waiting, {"name": queue_name}).first()
        return self._scopes(queue_name) if waits else []


def is_launched(dbos: DBOS) -> bool:
    """Whether DBOS works already, for somebody else."""
    return dbos._launched


def _await_workflow_result(*_arguments: object, **_options: object) -> NoReturn:
    raise LeftError


class LeftError(BaseException):
    """A run ends here without an outcome: another process runs it, or will.

    Not an Exception, which DBOS would record as the run's outcome. What is recorded stays as it is.
    """

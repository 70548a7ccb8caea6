"""What the tests of the durable engine play with: databases to look into and processes to kill."""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy

from tintype.adapters.durable.databases import address, is_file
from tintype.testing.engine_contract import PATIENCE_SECONDS

JOB = sqlalchemy.Table("job", sqlalchemy.MetaData(), sqlalchemy.Column("id", sqlalchemy.String))

_WORKER = Path(__file__).with_name("worker.py")


class Database:
    """A database as a test sees it, past DBOS; its tables have the same names everywhere."""

    def __init__(self, url: str) -> None:
        self.url = url
        found = address(url)
        self.is_file = is_file(found)
        self._engine = sqlalchemy.create_engine(
            found,
            poolclass=sqlalchemy.NullPool,
            connect_args={} if self.is_file else {"options": "-c search_path=dbos,public"},
        )

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What a query finds."""
        with self._engine.connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(query)]

    def execute(self, *statements: str) -> None:
        """Change something, in one transaction."""
        with self._engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    def statuses(self) -> dict[str, str]:
        """What DBOS says of each run."""
        return dict(self.rows("SELECT workflow_uuid, status FROM workflow_status"))

    def empty(self) -> None:
        """Forget all runs and queues of a Postgres database."""
        tables = self.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'dbos'")
        names = ", ".join(f"dbos.{name}" for (name,) in tables if name != "dbos_migrations")
        self.execute(f"TRUNCATE {names}")

    def end_sessions(self, holding: str) -> None:
        """End each session of a Postgres server that holds such a lock."""
        self.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks"
            f" WHERE locktype = '{holding}' AND pid <> pg_backend_pid()"
        )


def wait_until(reached: Callable[[], bool]) -> None:
    """Return when this is so."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not reached():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


class Worker:
    """A worker process and the way to talk to it."""

    def __init__(self, database: Database, journal: Path, seconds: float, threads: int) -> None:
        arguments = [database.url, str(journal), str(seconds), str(threads)]
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", _WORKER, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._line() == "ready"

    def tell(self, verb: str, job: str) -> None:
        """Have it `start` or `enqueue` the first attempt of a job."""
        assert self._ask(verb, job) == job

    def paused(self) -> bool:
        """Whether its engine says that it is paused."""
        return self._ask("paused", "?") == "paused"

    def kill(self) -> None:
        """Kill it in cold blood."""
        self.process.kill()
        self._close()

    def finish(self) -> str:
        """Have it drain and exit; returns how that went."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        answer = self._line()
        self._close()
        return answer

    def _ask(self, *words: str) -> str:
        assert self.process.stdin is not None
        print(*words, file=self.process.stdin, flush=True)
        return self._line()

    def _line(self) -> str:
        assert self.process.stdout is not None
        line: str = self.process.stdout.readline()
        return line.strip()

    def _close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.wait(PATIENCE_SECONDS)
        self.process.stdin.close()
        self.process.stdout.close()


class Journal:
    """What the runs of all worker processes of a test have noted."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "journal"

    def count(self, event: str) -> Counter[str]:
        """How often each run has begun or ended."""
        return Counter(run for what, run, _ in self._lines() if what == event)

    def places(self, event: str) -> Counter[int]:
        """How many runs have begun or ended in each process."""
        return Counter(int(pid) for what, _, pid in self._lines() if what == event)

    def _lines(self) -> list[list[str]]:
        text = self._path.read_text() if self._path.exists() else ""
        return [line.split() for line in text.splitlines()]

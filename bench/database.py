"""Empty databases to measure with."""

import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

from tests.support.postgres import binary, running_postgres


class Database(StrEnum):
    """Where catalog and engine are."""

    SQLITE = "sqlite"
    POSTGRES = "postgres"

    @property
    def release(self) -> str:
        """What is measured with, and how it is set."""
        if self is Database.SQLITE:
            return f"SQLite {sqlite3.sqlite_version}"
        told = subprocess.run(
            [binary("postgres"), "--version"], capture_output=True, text=True, check=True
        )
        return f"PostgreSQL {told.stdout.split()[2]}, a server of its own with fsync off"


@contextmanager
def empty_database(kind: Database, folder: Path) -> Iterator[str]:
    """The URL of a file in `folder`, or of a database on a server that is gone afterwards."""
    if kind is Database.SQLITE:
        folder.mkdir(parents=True, exist_ok=True)
        yield f"sqlite:///{folder / 'tintype.db'}"
        return
    # Not a folder within another program's: every user must be able to enter it.
    with tempfile.TemporaryDirectory(prefix="tintype-pg-") as temporary:
        Path(temporary).chmod(0o755)
        with running_postgres(Path(temporary) / "server") as server:
            yield server.database()

"""Databases: how they are opened, locked and what their failures mean."""

import re
import sqlite3
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import cast

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import ConnectionPoolEntry

from tintype.errors import CatalogFailedError, SettingsInvalidError

# How long anything is waited for: another one's write, a free connection, a server.
_PATIENCE_SECONDS = 30.0
# Connections that are kept open, and how many more there may be in a rush.
_KEPT_CONNECTIONS = 8
_MORE_CONNECTIONS = 56
# Execution options: what the transaction is for, as SQLite must be told at its begin.
_WRITES = "tintype_writes"
_DURABLE = "tintype_durable"


def open_engine(url: str, *, patience: float = _PATIENCE_SECONDS) -> sa.Engine:
    """The database at `sqlite:///path` or `postgresql://…`; no connection is made yet.

    Nothing is waited for longer than about `patience` seconds: another one's write, a free
    connection, a server's answer. On SQLite: a write-ahead log, so that readers never wait; writes
    take their lock at the begin; foreign keys hold. Raises SettingsInvalidError for any other URL.
    """
    try:
        address = sa.make_url(url)
    except (ArgumentError, ValueError):  # a port that is no number
        raise SettingsInvalidError(_ALLOWED) from None
    if address.drivername == "sqlite" and address.database not in (None, "", ":memory:"):
        return _open_sqlite(address, patience)
    if address.drivername == "postgresql":
        from tintype.adapters.sql.postgres import open_postgres  # a driver that SQLite needs not

        return open_postgres(address, patience)
    raise SettingsInvalidError(_ALLOWED)


_ALLOWED = "The database is a URL like sqlite:////data/tintype.db or postgresql://user@host/name"


class Transactions:
    """The kinds of transactions; database errors leave them as CatalogFailedError."""

    def __init__(self, engine: sa.Engine) -> None:
        self._failures = engine.dialect.loaded_dbapi.Error
        self._reading = self._glancing = engine
        if engine.dialect.name == "postgresql":
            self._reading = engine.execution_options(isolation_level="REPEATABLE READ")
            self._glancing = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._writing = engine.execution_options(**{_WRITES: True})
        self._committing = self._writing.execution_options(**{_DURABLE: True})
        self._writer = threading.Lock() if engine.dialect.name == "sqlite" else None

    @contextmanager
    def read(self) -> Generator[sa.Connection]:
        """A transaction that only reads, and sees one state of the database."""
        with self._named_failures(), self._reading.connect() as connection:
            yield connection

    @contextmanager
    def glance(self) -> Generator[sa.Connection]:
        """What `read` is, for a single statement: that spares a server two questions."""
        with self._named_failures(), self._glancing.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Generator[sa.Connection]:
        """A transaction that writes, and commits unless something is raised.

        It is on disk at the latest with the next `commit`: in a power cut SQLite may lose the
        last ones, never an earlier one without the later ones, and never a part of one.
        """
        with self._turn(), self._named_failures(), self._writing.begin() as connection:
            yield connection

    @contextmanager
    def commit(self) -> Generator[sa.Connection]:
        """A transaction that writes, and is on disk at its end unless something is raised.

        Postgres syncs every transaction, unless its administrator has set `synchronous_commit` to
        less than `on`, its default; then it keeps what that setting promises.
        """
        with self._turn(), self._named_failures(), self._committing.begin() as connection:
            yield connection

    @contextmanager
    def migrate(self) -> Generator[sa.Connection]:
        """A transaction like `commit` that may wait and work for as long as it must.

        On SQLite it waits for its turn no longer than others do.
        """
        with self.commit() as connection:
            if connection.dialect.name != "postgresql":
                yield connection
                return
            from tintype.adapters.sql.postgres import unhurried

            with unhurried(connection):
                yield connection

    @contextmanager
    def _turn(self) -> Generator[None]:
        """Have the threads of this process write one after the other on SQLite.

        There is one writer at a time anyway; but SQLite's own way to wait is to sleep and look
        again, which costs more than the writing where many wait.
        """
        if self._writer is None:
            yield
            return
        if not self._writer.acquire(timeout=_PATIENCE_SECONDS):
            raise CatalogFailedError("The database failed: another write takes too long")
        try:
            yield
        finally:
            self._writer.release()

    @contextmanager
    def _named_failures(self) -> Generator[None]:
        """Turn a database's errors into CatalogFailedError, without addresses and values."""
        try:
            yield
        except DBAPIError as error:
            raise CatalogFailedError(f"The database failed: {_reason(error.orig)}") from error
        except self._failures as error:
            raise CatalogFailedError(f"The database failed: {_reason(error)}") from error
        except PoolTimeoutError as error:
            reason = "too many connections are in use"
            raise CatalogFailedError(f"The database failed: {reason}") from error


def _reason(error: BaseException | None) -> str:
    """What a driver's error means. A server's own words may hold hosts, users and rows' values."""
    if isinstance(error, sqlite3.Error):
        return str(error)
    if getattr(error, "sqlstate", None) is None:
        return "the server cannot be reached, or does not answer"
    # The driver's classes are named after the standard's conditions, as in DeadlockDetected.
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(error).__name__).lower()


def _open_sqlite(address: sa.URL, patience: float) -> sa.Engine:
    engine = sa.create_engine(
        address,
        pool_size=_KEPT_CONNECTIONS,
        max_overflow=_MORE_CONNECTIONS,
        pool_timeout=patience,
        pool_use_lifo=True,  # its pages are in memory, which another's write makes void
        connect_args={"timeout": patience},
        hide_parameters=True,
    )
    sa.event.listen(engine, "connect", _prepare)
    sa.event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself; `_begin` does
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA foreign_keys=ON")


def _begin(connection: sa.Connection) -> None:
    options = connection.get_execution_options()
    level = "FULL" if options.get(_DURABLE) else "NORMAL"
    # Past SQLAlchemy's own execution, which would cost as much as a real statement.
    database = cast("sqlite3.Connection", connection.connection.driver_connection)
    if connection.info.get("synchronous", "NORMAL") != level:
        database.execute(f"PRAGMA synchronous={level}")
        connection.info["synchronous"] = level
    database.execute("BEGIN IMMEDIATE" if options.get(_WRITES) else "BEGIN")

"""Databases: how they are opened, locked and what their failures mean."""

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from typing import cast

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import ConnectionPoolEntry

from tintype.errors import CatalogFailedError, SettingsInvalidError

# How long a write waits for another one, in this process or another, before it fails.
_BUSY_SECONDS = 30
# Connections that are kept open, and how many more there may be in a rush.
_KEPT_CONNECTIONS = 8
_MORE_CONNECTIONS = 56
# Execution options: what the transaction is for, as SQLite must be told at its begin.
_WRITES = "tintype_writes"
_DURABLE = "tintype_durable"


def open_engine(url: str) -> sa.Engine:
    """The database at `sqlite:///path` or `postgresql://…`; no connection is made yet.

    On SQLite: a write-ahead log, so that readers never wait; writes take their lock at the begin;
    foreign keys hold. Raises SettingsInvalidError for any other URL.
    """
    try:
        address = sa.make_url(url)
    except ArgumentError:
        raise SettingsInvalidError(_ALLOWED) from None
    if address.drivername == "sqlite" and address.database not in (None, "", ":memory:"):
        engine = sa.create_engine(
            address,
            pool_size=_KEPT_CONNECTIONS,
            max_overflow=_MORE_CONNECTIONS,
            pool_timeout=_BUSY_SECONDS,
        )
        sa.event.listen(engine, "connect", _prepare)
        sa.event.listen(engine, "begin", _begin)
        return engine
    if address.drivername == "postgresql":
        return sa.create_engine(
            address.set(drivername="postgresql+psycopg"),
            pool_size=_KEPT_CONNECTIONS,
            max_overflow=_MORE_CONNECTIONS,
            pool_pre_ping=True,
        )
    raise SettingsInvalidError(_ALLOWED)


_ALLOWED = "The database is a URL like sqlite:////data/tintype.db or postgresql://user@host/name"


class Transactions:
    """The three kinds of transactions; database errors leave them as CatalogFailedError."""

    def __init__(self, engine: sa.Engine) -> None:
        self._reading = engine
        self._writing = engine.execution_options(**{_WRITES: True})
        self._committing = self._writing.execution_options(**{_DURABLE: True})

    @contextmanager
    def read(self) -> Generator[sa.Connection]:
        """A transaction that only reads, and sees one state of the database."""
        with _named_failures(), self._reading.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Generator[sa.Connection]:
        """A transaction that writes, and commits unless something is raised.

        It is on disk at the latest with the next `commit`: in a power cut SQLite may lose the
        last ones, never an earlier one without the later ones, and never a part of one.
        """
        with _named_failures(), self._writing.begin() as connection:
            yield connection

    @contextmanager
    def commit(self) -> Generator[sa.Connection]:
        """A transaction that writes, and is on disk at its end unless something is raised."""
        with _named_failures(), self._committing.begin() as connection:
            yield connection


@contextmanager
def _named_failures() -> Generator[None]:
    """Turn a database's errors into CatalogFailedError, without addresses and values."""
    try:
        yield
    except DBAPIError as error:
        raise CatalogFailedError(f"The database failed: {_reason(error.orig)}") from error
    except sqlite3.Error as error:
        raise CatalogFailedError(f"The database failed: {_reason(error)}") from error
    except PoolTimeoutError as error:
        raise CatalogFailedError("The database failed: too many connections are in use") from error


def _reason(error: BaseException | None) -> str:
    # SQLite's messages are fixed phrases; a server's may hold hosts, users and values of rows.
    return str(error) if isinstance(error, sqlite3.Error) else type(error).__name__


def _prepare(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself; `_begin` does
    connection.execute(f"PRAGMA busy_timeout={_BUSY_SECONDS * 1000}")
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

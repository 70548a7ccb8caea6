"""The databases that runs are kept in: SQLite files and Postgres servers, and how they are reached.

Each knows how its connections are set, how often a process looks at its queue, and by what kind of
lock the processes that share it see that one of them is gone.
"""

from collections.abc import Mapping
from pathlib import Path
from sqlite3 import Connection as SqliteConnection

import sqlalchemy
from psycopg import Connection as PostgresConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from tintype.errors import SettingsInvalidError

# How libpq notices that a server is gone without a word: it gives a connection up whose data or
# probes nobody has acknowledged for about ten seconds.
_POSTGRES: Mapping[str, object] = {
    "application_name": "tintype",
    "connect_timeout": 5,  # seconds, for each address of the server
    "keepalives_idle": 5,  # seconds
    "keepalives_interval": 2,  # seconds
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,  # milliseconds
}
# A process whose machine froze within a transaction must not hold its rows for ever.
_IDLE_TRANSACTION_SECONDS = 30

_ALLOWED = (
    "The engine needs a database file, like sqlite:////data/tintype.db,"
    " or a server, like postgresql://user@host/name"
)


def address(url: str) -> sqlalchemy.URL:
    """What a `sqlite:///path` or `postgresql://…` URL says, with the driver that is used.

    Raises SettingsInvalidError for any other.
    """
    try:
        found = sqlalchemy.make_url(url)
    except (ArgumentError, ValueError):  # a port that is no number
        raise SettingsInvalidError(_ALLOWED) from None
    if found.drivername == "sqlite" and found.database not in (None, "", ":memory:"):
        return found
    if found.drivername == "postgresql" and found.database:
        return found.set(drivername="postgresql+psycopg")
    raise SettingsInvalidError(_ALLOWED)


def is_file(address: sqlalchemy.URL) -> bool:
    """Whether the database is a SQLite file."""
    return address.get_backend_name() == "sqlite"


def file_of(address: sqlalchemy.URL) -> Path:
    """The file of a SQLite database."""
    return Path(str(address.database))


def open_pool(address: sqlalchemy.URL) -> sqlalchemy.Engine:
    """Connections for DBOS; none is made yet."""
    return _sqlite_pool(address) if is_file(address) else _postgres_pool(address)


def close_pool(pool: sqlalchemy.Engine) -> None:
    """Close all connections, those in use as soon as they are no longer."""

    @sqlalchemy.event.listens_for(pool, "checkin")
    def close(_connection: object, record: ConnectionPoolEntry) -> None:
        record.invalidate()

    pool.dispose()


def postgres_options(address: sqlalchemy.URL) -> dict[str, object]:
    """The connection settings that the URL itself does not make."""
    return {name: value for name, value in _POSTGRES.items() if name not in address.query}


def _sqlite_pool(address: sqlalchemy.URL) -> sqlalchemy.Engine:
    """Connections to a SQLite file, set as DBOS sets its own, and with a write-ahead log.

    The log (WAL) lets readers and a writer work at once, and halves the cost of a run. IMMEDIATE
    takes the write lock when a transaction begins: a later upgrade could fail as deadlocked.
    What was used last is used first: its pages are in memory, which another's write makes void.
    """
    engine = sqlalchemy.create_engine(
        address, pool_size=20, max_overflow=0, pool_timeout=30, pool_use_lifo=True
    )

    @sqlalchemy.event.listens_for(engine, "connect")
    def set_pragmas(connection: SqliteConnection, _record: object) -> None:
        connection.isolation_level = "IMMEDIATE"
        connection.execute("PRAGMA busy_timeout=30000")  # milliseconds; first, as the next may wait
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA foreign_keys=ON")

    return engine


def _postgres_pool(address: sqlalchemy.URL) -> sqlalchemy.Engine:
    """A few connections to a server, of which an idle process keeps up to four.

    They are not tried before each use, as that would cost a round trip: the queue is looked at
    several times a second, and the first to find its connection broken has all others renewed.
    """
    engine = sqlalchemy.create_engine(
        address,
        pool_size=4,
        max_overflow=8,
        pool_timeout=10,  # seconds
        pool_use_lifo=True,
        connect_args=postgres_options(address),
    )

    @sqlalchemy.event.listens_for(engine, "connect")
    def set_timeouts(connection: PostgresConnection, _record: object) -> None:
        connection.execute(
            f"SET idle_in_transaction_session_timeout = '{_IDLE_TRANSACTION_SECONDS}s'"
        )
        connection.commit()  # SET belongs to the transaction until then

    return engine

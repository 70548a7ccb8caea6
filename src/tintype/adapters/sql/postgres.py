"""Connections to a Postgres server that nobody waits for without an end."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, cast

import psycopg
import sqlalchemy as sa
from psycopg.types.string import StrDumperUnknown

# Connections that are kept open, and how many more there may be in a rush. A server has 100 by
# default, for all processes together.
_KEPT_CONNECTIONS = 8
_MORE_CONNECTIONS = 8
# How a connection finds out that its network swallows everything, while it waits: seconds.
_KEEPALIVES = {"keepalives_idle": "10", "keepalives_interval": "5", "keepalives_count": "3"}


def open_postgres(address: sa.URL, patience: float) -> sa.Engine:
    """The database of a `postgresql://` URL; what the URL itself says of a connection wins.

    A lock is waited for half as long as `patience`, a statement may take three quarters of it. Then
    the server gives up; it also ends a transaction whose process says nothing for as long, so that
    others get its locks. Where the server itself says nothing, the connection is given up.
    """
    milliseconds = int(patience * 1000)
    options = {
        "lock_timeout": milliseconds // 2,
        "statement_timeout": milliseconds * 3 // 4,
        "idle_in_transaction_session_timeout": milliseconds // 3,
    }
    told = [f"-c {name}={value}" for name, value in options.items()]
    ours = {
        "connect_timeout": str(max(2, int(patience / 3))),  # a lower one would not be kept
        "tcp_user_timeout": str(milliseconds),
        **_KEEPALIVES,
    }
    query = ours | dict(address.query)
    query["options"] = " ".join([*told, *address.normalized_query.get("options", ())])
    engine = sa.create_engine(
        address.set(drivername="postgresql+psycopg", query=query),
        isolation_level="READ COMMITTED",  # whatever the server's default: locks rely on it
        pool_size=_KEPT_CONNECTIONS,
        max_overflow=_MORE_CONNECTIONS,
        pool_timeout=patience,
        pool_pre_ping=True,
        hide_parameters=True,
    )

    def connect(_dialect: Any, _record: Any, arguments: Any, options: Any) -> ImpatientConnection:
        connection = ImpatientConnection.connect(*arguments, **options)
        connection.patience = patience
        connection.adapters.register_dumper(str, _Text)
        return connection

    sa.event.listen(engine, "do_connect", connect)
    return engine


@contextmanager
def unhurried(connection: sa.Connection) -> Generator[None]:
    """Let what is done in a transaction take as long as it must."""
    driver = cast("ImpatientConnection", connection.connection.driver_connection)
    patience, driver.patience = driver.patience, None
    try:
        for name in ("lock_timeout", "statement_timeout"):
            connection.exec_driver_sql(f"SET LOCAL {name} = 0")
        yield
    finally:
        driver.patience = patience


class ImpatientConnection(psycopg.Connection[Any]):
    """A connection that gives a server up that says nothing for `patience` seconds.

    Nothing else notices a server that is frozen while its host is not: its kernel confirms what is
    sent to it.
    """

    patience: float | None = None

    def wait(self, gen: Generator[Any, Any, Any], *args: Any, **options: Any) -> Any:
        """Do what psycopg does to hear from the server, but not for ever."""
        return super().wait(self._heard(gen), *args, **options)

    def _heard(self, gen: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
        heard_at = time.monotonic()
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted  # nothing, several times a second, while nothing is heard
                if ready:
                    heard_at = time.monotonic()
                elif self.patience and time.monotonic() - heard_at > self.patience:
                    self.pgconn.finish()
                    raise psycopg.OperationalError("the server does not answer")
                wanted = gen.send(ready)
        except StopIteration as end:
            return end.value


class _Text(StrDumperUnknown):
    """Text for a server that keeps every character but NUL.

    Nothing that is looked for has one, and what is kept with one is a name for people.
    """

    def dump(self, obj: str) -> Any:
        return super().dump(obj.replace("\0", "\N{REPLACEMENT CHARACTER}"))

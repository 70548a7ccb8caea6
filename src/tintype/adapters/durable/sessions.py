"""Slots on Postgres: advisory locks that live as long as a session of the server."""

import hashlib
import threading
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager

import sqlalchemy
import structlog
from sqlalchemy.exc import SQLAlchemyError

from tintype.adapters.durable.databases import postgres_options
from tintype.adapters.durable.slots import new_name
from tintype.errors import CatalogFailedError

log = structlog.get_logger()

_HEARTBEAT_SECONDS = 1.0
_RECONNECT_SECONDS = 0.5
_CONNECT_SECONDS = 2
# The server ends a session that has said nothing for this long, be its machine off, frozen or cut
# off: without that it would wait for hours.
_SILENCE_SECONDS = 10
# For how long a lock must have been free. After a restart of the server every lock is, until its
# owner has connected again: that takes a heartbeat and a connection.
_SURE_SECONDS = 3.0
_PATIENCE_SECONDS = 5.0


class SessionSlot:
    """A slot as a session advisory lock, for processes of any number of machines.

    The lock is held by a connection of its own, on which this process says once a second that it
    lives. Where the session is lost (the server was restarted, somebody ended it, the network was
    away), a new one takes the lock again at once. Until then this process takes no new runs; what
    it has goes on, and is its own as long as it gets its lock back within three seconds.
    """

    def __init__(self, address: sqlalchemy.URL) -> None:
        self.name = new_name()
        self._engine = sqlalchemy.create_engine(
            address,
            poolclass=sqlalchemy.NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args=postgres_options(address) | {"connect_timeout": _CONNECT_SECONDS},
        )
        self._talking = threading.Lock()  # one thread at a time may use the connection
        self._connection: sqlalchemy.Connection | None = None
        self._free_since: dict[str, float] = {}  # as this session has seen it
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep_alive, name="slot", daemon=True)

    @property
    def held(self) -> bool:
        """Whether the others can see that this process lives, as far as it knows."""
        return self._connection is not None

    def claim(self) -> None:
        """Be seen alive from now on; raises CatalogFailedError."""
        try:
            self._connect()
        except SQLAlchemyError as failure:
            raise CatalogFailedError from failure
        self._thread.start()

    def visit_abandoned(self, names: Iterable[str], visit: Callable[[str], None]) -> None:
        """Call `visit` with each of these names whose lock was free for three seconds.

        Without a session it does nothing, and counts from the beginning when there is one again.
        """
        wanted = set(names)
        for name in self._free_since.keys() - wanted:
            self._free_since.pop(name, None)
        for name in wanted:
            with self._tried(name) as free:
                if free and self._sure(name):
                    visit(name)
                    self._free_since.pop(name, None)

    def release(self) -> None:
        """Give the slot back, as death would."""
        self._stopping.set()
        if self._talking.acquire(timeout=_PATIENCE_SECONDS):  # else the server does not answer
            try:
                self._disconnect()
            finally:
                self._talking.release()

    def _sure(self, name: str) -> bool:
        now = time.monotonic()
        return now - self._free_since.setdefault(name, now) >= _SURE_SECONDS

    @contextmanager
    def _tried(self, name: str) -> Generator[bool]:
        """Hold the lock of this name within, if nobody else does."""
        free = self._ask("pg_try_advisory_lock", name)
        if not free:
            self._free_since.pop(name, None)
            yield False
            return
        try:
            yield True
        finally:
            self._ask("pg_advisory_unlock", name)

    def _ask(self, function: str, name: str) -> bool:
        """Ask the server for or about a lock; False where there is no session to hold one."""
        with self._talking:
            if self._connection is None:
                return False
            try:
                return _call(self._connection, function, name)
            except SQLAlchemyError:
                self._lose()
                return False

    def _keep_alive(self) -> None:
        while not self._stopping.wait(_HEARTBEAT_SECONDS if self.held else _RECONNECT_SECONDS):
            with self._talking:
                if not self._stopping.is_set():
                    self._beat()

    def _beat(self) -> None:
        if self._connection is not None:
            try:
                self._connection.exec_driver_sql("SELECT 1")
            except SQLAlchemyError:
                self._lose()
            else:
                return
        try:
            self._connect()
        except SQLAlchemyError:
            return  # in half a second again
        if self.held:
            log.warning("slot.regained", slot=self.name)

    def _lose(self) -> None:
        self._disconnect()
        log.warning("slot.lost", slot=self.name)

    def _connect(self) -> None:
        """Take the own lock in a new session, unless somebody visits this name just now."""
        connection = self._engine.connect()
        try:
            connection.exec_driver_sql(f"SET idle_session_timeout = '{_SILENCE_SECONDS}s'")
            taken = _call(connection, "pg_try_advisory_lock", self.name)
        except SQLAlchemyError:
            connection.close()
            raise
        if taken:
            self._connection = connection
        else:
            connection.close()

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        self._free_since.clear()
        if connection is not None:
            connection.close()


def _call(connection: sqlalchemy.Connection, function: str, name: str) -> bool:
    """Call a function of an advisory lock, which is known by a number."""
    digest = hashlib.sha256(f"tintype.slot.{name}".encode()).digest()
    number = int.from_bytes(digest[:8], "big", signed=True)
    result = connection.exec_driver_sql(f"SELECT {function}({number})").scalar()
    return bool(result)

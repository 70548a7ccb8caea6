"""What a database is like, found out without changing anything in it."""

import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa

from tintype.adapters.sql.diagnosis import explained, require_usable
from tintype.adapters.sql.engines import Transactions, open_engine
from tintype.adapters.sql.migrating import VERSION_TABLE, revisions
from tintype.adapters.sql.schema import SECRETS
from tintype.adapters.sql.shared_secrets import MARK_OF
from tintype.errors import CatalogFailedError

# Long enough for a server that is busy, short enough for somebody who waits for the answer.
_PATIENCE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Condition:
    """What a database is like."""

    server: str  # such as SQLite 3.46.1
    revision: str | None  # of the catalog's tables; None where there are none yet
    newest: str  # the revision that this release makes
    known: bool  # whether this release knows the database's revision
    journal: str | None  # SQLite's journal mode; None elsewhere
    ahead: float  # by how many seconds the server's clock is ahead of this host's
    marks: Mapping[str, str] = field(default_factory=dict)  # of the stores, by their roles


def examine(url: str) -> Condition | None:
    """The condition of the database at a URL; None where its SQLite file does not exist yet.

    Raises CatalogFailedError where it cannot be reached, read or written to, and
    SettingsInvalidError for a URL that is not understood.
    """
    engine = open_engine(url, patience=_PATIENCE_SECONDS)
    try:
        if engine.dialect.name == "sqlite":
            return _examine_file(Path(str(engine.url.database)))
        with explained(engine):
            return _ask_server(engine)
    finally:
        engine.dispose()


def _examine_file(file: Path) -> Condition | None:
    try:
        file.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CatalogFailedError(f"The database failed: {error.strerror}") from error
    # Past the catalog's own connections: those would make the file a Tintype database.
    address = f"file:{quote(str(file))}?mode=rw"
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=_PATIENCE_SECONDS)) as connection:
            connection.isolation_level = None
            (journal,) = connection.execute("PRAGMA journal_mode").fetchone()
            tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            names = {name for (name,) in tables}
            revision = VERSION_TABLE in names and connection.execute(_REVISION).fetchone()
            marks = connection.execute(_MARKS).fetchall() if SECRETS.name in names else ()
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("PRAGMA user_version = 0")  # fails where it cannot be written to
            connection.execute("ROLLBACK")
    except sqlite3.Error as error:
        raise CatalogFailedError(f"The database failed: {error}") from error
    server = f"SQLite {sqlite3.sqlite_version}"
    return _condition(server, revision[0] if revision else None, marks, journal=journal)


def _ask_server(engine: sa.Engine) -> Condition:
    with Transactions(engine).read() as connection:
        began = time.time()
        version, now = connection.exec_driver_sql(
            "SELECT current_setting('server_version'), clock_timestamp()"
        ).one()
        # The server looked at its clock somewhere between the question and the answer.
        here = (began + time.time()) / 2
        found = sa.inspect(connection).has_table(VERSION_TABLE)
        revision = connection.exec_driver_sql(_REVISION).scalar() if found else None
        kept = sa.inspect(connection).has_table(SECRETS.name)
        marks = connection.exec_driver_sql(_MARKS).all() if kept else ()
        require_usable(connection, made=revision == revisions()[0])
    ahead = (now - datetime.fromtimestamp(here, UTC)).total_seconds()
    return _condition(f"PostgreSQL {version.partition(' ')[0]}", revision, marks, ahead=ahead)


_REVISION = f"SELECT version_num FROM {VERSION_TABLE}"  # noqa: S608 - a constant
_MARKS = (
    f"SELECT name, value FROM {SECRETS.name}"  # noqa: S608 - constants
    f" WHERE substr(name, 1, {len(MARK_OF)}) = '{MARK_OF}'"
)


def _condition(
    server: str,
    revision: str | None,
    marks: Iterable[Sequence[str]],
    *,
    journal: str | None = None,
    ahead: float = 0.0,
) -> Condition:
    known = revisions()
    return Condition(
        server=server,
        revision=revision,
        newest=known[0],
        known=revision is None or revision in known,
        journal=journal,
        ahead=ahead,
        marks={name.removeprefix(MARK_OF): mark for name, mark in marks},
    )

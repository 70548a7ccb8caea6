"""Catalogs in a SQLite file and on a Postgres server; their queue is a table of the same database.

The fixture `database` makes each test that uses it run on both.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from tests.support.postgres import PostgresServer
from tintype.adapters.sql import SqlCatalog, migrate, open_engine
from tintype.adapters.sql.schema import METADATA
from tintype.model import Priority, Run
from tintype.testing.catalog_setting import Clock, Enqueued

DATABASES = ("sqlite", "postgres")

QUEUE = sa.Table(
    "queue",
    sa.MetaData(),
    sa.Column("place", sa.Integer, primary_key=True),
    sa.Column("job_id", sa.Text),
    sa.Column("attempt", sa.Integer),
    sa.Column("delay", sa.Float),
    sa.Column("priority", sa.Text),
)


def enqueue(connection: sa.Connection, run: Run, delay: float, priority: Priority) -> None:
    row = {"job_id": run.job_id, "attempt": run.attempt, "delay": delay, "priority": str(priority)}
    connection.execute(QUEUE.insert(), row)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with all tables, made once: copying it is quicker than making one."""
    path = tmp_path_factory.mktemp("template") / "catalog.db"
    _prepare(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def used_postgres(postgres: PostgresServer) -> str:
    """The URL of a database with all tables; emptying it is quicker than making one."""
    url = postgres.database()
    _prepare(url)
    return url


def _prepare(url: str) -> None:
    engine = open_engine(url)
    migrate(engine)
    with engine.begin() as connection:
        QUEUE.create(connection)
    engine.dispose()


@pytest.fixture
def sqlite(template: Path, tmp_path: Path) -> str:
    """The URL of a SQLite file with all tables, and empty."""
    path = tmp_path / "catalog.db"
    path.write_bytes(template.read_bytes())
    return f"sqlite:///{path}"


@pytest.fixture
def emptied_postgres(used_postgres: str) -> str:
    """The URL of a Postgres database with all tables, and empty."""
    truncate(used_postgres)
    return used_postgres


def truncate(url: str) -> None:
    """Empty all tables of a Postgres database."""
    names = ", ".join([*METADATA.tables, QUEUE.name])
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"TRUNCATE {names} RESTART IDENTITY".encode())


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest) -> str:
    """The URL of a database with all tables, and empty: of a file, then of a server."""
    name = {"sqlite": "sqlite", "postgres": "emptied_postgres"}[request.param]
    return str(request.getfixturevalue(name))


@pytest.fixture
def engine(database: str) -> Iterator[sa.Engine]:
    opened = open_engine(database)
    yield opened
    opened.dispose()


@pytest.fixture
def reopen(database: str, clock: Clock) -> Iterator[Callable[[], SqlCatalog]]:
    engines: list[sa.Engine] = []

    def reopen() -> SqlCatalog:
        engines.append(open_engine(database))
        return SqlCatalog(engines[-1], enqueue, clock=clock)

    yield reopen
    for engine in engines:
        engine.dispose()


@pytest.fixture
def enqueued(engine: sa.Engine) -> Callable[[], Sequence[Enqueued]]:
    def enqueued() -> list[Enqueued]:
        with engine.connect() as connection:
            rows = connection.execute(sa.select(QUEUE).order_by(QUEUE.c.place)).all()
        return [
            Enqueued(Run(row.job_id, row.attempt), row.delay, Priority(row.priority))
            for row in rows
        ]

    return enqueued


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def catalog(reopen: Callable[[], SqlCatalog]) -> SqlCatalog:
    return reopen()

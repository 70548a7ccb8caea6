"""A catalog in a SQLite file, with a queue that is a table of the same file."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa

from tintype.adapters.sql import SqlCatalog, migrate, open_engine
from tintype.model import Run
from tintype.testing.catalog_contract import Clock

QUEUE = sa.Table(
    "queue",
    sa.MetaData(),
    sa.Column("place", sa.Integer, primary_key=True),
    sa.Column("job_id", sa.Text),
    sa.Column("attempt", sa.Integer),
    sa.Column("delay", sa.Float),
)


def enqueue(connection: sa.Connection, run: Run, delay: float) -> None:
    row = {"job_id": run.job_id, "attempt": run.attempt, "delay": delay}
    connection.execute(QUEUE.insert(), row)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with all tables, made once: copying it is quicker than making one."""
    path = tmp_path_factory.mktemp("template") / "catalog.db"
    engine = open_engine(f"sqlite:///{path}")
    migrate(engine)
    with engine.begin() as connection:
        QUEUE.create(connection)
    engine.dispose()
    return path


@pytest.fixture
def database(template: Path, tmp_path: Path) -> Path:
    """The file of a catalog with all tables, and empty."""
    path = tmp_path / "catalog.db"
    path.write_bytes(template.read_bytes())
    return path


@pytest.fixture
def engine(database: Path) -> Iterator[sa.Engine]:
    opened = open_engine(f"sqlite:///{database}")
    yield opened
    opened.dispose()


@pytest.fixture
def reopen(database: Path, clock: Clock) -> Iterator[Callable[[], SqlCatalog]]:
    engines: list[sa.Engine] = []

    def reopen() -> SqlCatalog:
        engines.append(open_engine(f"sqlite:///{database}"))
        return SqlCatalog(engines[-1], enqueue, clock=clock)

    yield reopen
    for engine in engines:
        engine.dispose()


@pytest.fixture
def enqueued(engine: sa.Engine) -> Callable[[], Sequence[tuple[Run, float]]]:
    def enqueued() -> list[tuple[Run, float]]:
        with engine.connect() as connection:
            rows = connection.execute(sa.select(QUEUE).order_by(QUEUE.c.place))
            return [(Run(row.job_id, row.attempt), row.delay) for row in rows]

    return enqueued


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def catalog(reopen: Callable[[], SqlCatalog]) -> SqlCatalog:
    return reopen()

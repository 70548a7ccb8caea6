"""Engines on a SQLite file and on a Postgres server.

The fixture `database` makes each test that uses it run on both.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.adapters.durable.stage import Database, Worker
from tests.support.postgres import PostgresServer
from tintype.adapters.durable import DurableEngine
from tintype.adapters.sql.engines import Transactions, open_engine


@pytest.fixture(scope="session")
def used_postgres(postgres: PostgresServer) -> Database:
    """A database with DBOS's tables; emptying it is quicker than making one."""
    database = Database(postgres.database())
    engine = DurableEngine(database.url, threads=1)
    engine.launch(lambda _: None)
    engine.drain(0.0)
    engine.close()
    return database


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Database:
    return Database(f"sqlite:///{tmp_path / 'tintype.db'}")


@pytest.fixture
def on_postgres(used_postgres: Database) -> Database:
    used_postgres.empty()
    return used_postgres


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> Database:
    found: Database = request.getfixturevalue(f"on_{request.param}")
    return found


@pytest.fixture
def make_engine(database: Database) -> Iterator[Callable[..., DurableEngine]]:
    engines: list[DurableEngine] = []

    def make(threads: int = 2) -> DurableEngine:
        engines.append(DurableEngine(database.url, threads=threads))
        return engines[-1]

    yield make
    for engine in engines:
        engine.close()


@pytest.fixture
def engine(make_engine: Callable[..., DurableEngine]) -> DurableEngine:
    return make_engine()


@pytest.fixture
def one_at_a_time(
    make_engine: Callable[..., DurableEngine], monkeypatch: pytest.MonkeyPatch
) -> DurableEngine:
    """An engine that begins a run when the one before has ended."""
    monkeypatch.setattr("tintype.adapters.durable.engine._RUNS_PER_THREAD", 1)
    return make_engine(threads=1)


@pytest.fixture
def catalog(database: Database) -> Iterator[Transactions]:
    """The catalog's way to the same database, with a table of jobs."""
    connections = open_engine(database.url)
    with connections.begin() as connection:
        connection.exec_driver_sql("DROP TABLE IF EXISTS job")
        connection.exec_driver_sql("CREATE TABLE job (id TEXT PRIMARY KEY)")
    yield Transactions(connections)
    connections.dispose()


@pytest.fixture
def make_worker(database: Database, tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    workers: list[Worker] = []

    def make(seconds: float, threads: int = 2) -> Worker:
        workers.append(Worker(database, tmp_path / "journal", seconds, threads))
        return workers[-1]

    yield make
    for worker in workers:
        if worker.process.returncode is None:
            worker.kill()

"""The SQL catalog: the contract, and what only a database can do wrong."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from tests.adapters.sql.conftest import enqueue
from tests.adapters.sql.first_release import FirstRelease
from tintype.adapters.sql import SqlCatalog, open_engine
from tintype.errors import CatalogFailedError, SettingsInvalidError
from tintype.model import ImageState, Priority, Run
from tintype.ports.catalog import Which
from tintype.testing.catalog_contract import CatalogContract
from tintype.testing.catalog_setting import DIED, Clock, Enqueued, accept, begin, dead


class TestCatalog(CatalogContract):
    @pytest.fixture
    def reopen(self, reopen: Callable[[], SqlCatalog]) -> Callable[[], SqlCatalog]:
        return reopen

    @pytest.fixture
    def enqueued(
        self, enqueued: Callable[[], Sequence[Enqueued]]
    ) -> Callable[[], Sequence[Enqueued]]:
        return enqueued


def failing(connection: sa.Connection, run: Run, delay: float, priority: Priority) -> None:
    enqueue(connection, run, delay, priority)
    raise CatalogFailedError


def test_a_queue_that_fails_undoes_the_acceptance(
    engine: sa.Engine, enqueued: Callable[[], Sequence[Enqueued]], clock: Clock
) -> None:
    catalog = SqlCatalog(engine, failing, clock=clock)
    with pytest.raises(CatalogFailedError):
        accept(catalog, enqueue=True)
    assert (catalog.images().items, enqueued()) == ((), [])


def test_a_queue_that_fails_undoes_the_retry(
    engine: sa.Engine, enqueued: Callable[[], Sequence[Enqueued]], clock: Clock
) -> None:
    catalog = SqlCatalog(engine, failing, clock=clock)
    accepted = accept(catalog)
    lease = begin(catalog, accepted.run)
    with pytest.raises(CatalogFailedError):
        catalog.retry(lease, DIED, delay=1)
    assert (catalog.failures(accepted.job.id), enqueued()) == ((), [])
    assert catalog.current(lease)


def test_a_queue_that_fails_undoes_the_revival(
    engine: sa.Engine, enqueued: Callable[[], Sequence[Enqueued]], clock: Clock
) -> None:
    catalog = SqlCatalog(engine, failing, clock=clock)
    jobs = [dead(catalog, key) for key in "ab"]
    with pytest.raises(CatalogFailedError):
        catalog.revive(jobs[0].id)
    with pytest.raises(CatalogFailedError):
        catalog.redrive(Which())
    assert enqueued() == []
    assert list(catalog.dead_letters().items) == jobs[::-1]


def test_the_queues_own_database_errors_are_named(engine: sa.Engine, clock: Clock) -> None:
    def broken(connection: sa.Connection, run: Run, delay: float, priority: Priority) -> None:
        connection.exec_driver_sql("INSERT INTO nowhere VALUES (1)")

    with pytest.raises(CatalogFailedError, match=r"no such table|undefined table"):
        accept(SqlCatalog(engine, broken, clock=clock), enqueue=True)


def test_two_processes_share_a_database(reopen: Callable[[], SqlCatalog]) -> None:
    catalogs = [reopen() for _ in range(4)]

    def work(number: int) -> bool:
        catalog = catalogs[number % len(catalogs)]
        return catalog.current(begin(catalog, accept(catalog, f"originals/{number}").run))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(40)))


def test_of_four_processes_one_ends_each_run(database: str, catalog: SqlCatalog) -> None:
    jobs = [accept(catalog, f"originals/{number}").job.id for number in range(60)]
    command = [sys.executable, "-m", "tests.adapters.sql.claimer", database, *jobs]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    ended = [process.communicate(timeout=60)[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0] * 4
    assert sorted(job for found in ended for job in found) == sorted(jobs)
    assert catalog.counts()[ImageState.DONE] == len(jobs)
    assert all(len(catalog.attempts(job)) == 1 for job in jobs)


def test_a_redrive_may_be_of_more_than_one_statement_takes(
    engine: sa.Engine, catalog: SqlCatalog, enqueued: Callable[[], Sequence[Enqueued]]
) -> None:
    wrote = FirstRelease()
    dead = [wrote.job(wrote.image(), "dead", attempts=1, error="store_failed") for _ in range(1300)]
    with engine.begin() as connection:
        wrote.write(connection)
    assert catalog.drop(Which(code="store_failed"), limit=600) == 600
    assert catalog.redrive(Which(), limit=600) == 600
    assert [each.run for each in enqueued()] == [Run(job, 2) for job in dead[600:1200]]
    assert [job.id for job in catalog.dead_letters(limit=200).items] == dead[:1199:-1]
    assert catalog.redrive(Which(prefix="originals/"), limit=600) == 100
    counts = catalog.counts()
    assert (counts[ImageState.QUEUED], counts[ImageState.DEAD]) == (700, 600)


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///:memory:",
        "mysql://localhost/x",
        "nonsense",
        "",
        "sqlite+pysqlite:///x",
    ],
)
def test_a_url_of_another_database_is_refused(url: str) -> None:
    with pytest.raises(SettingsInvalidError, match="sqlite:////data"):
        open_engine(url)


def test_a_server_is_reached_through_the_driver_that_is_installed() -> None:
    assert open_engine("postgresql://user@host/name").driver == "psycopg"

"""The SQL catalog: the contract, and what only a database can do wrong."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.adapters.sql.conftest import QUEUE, enqueue
from tintype.adapters.sql import SqlCatalog, open_engine
from tintype.adapters.sql.schema import IMAGES, JOBS
from tintype.errors import CatalogFailedError, SettingsInvalidError
from tintype.model import Run
from tintype.testing.catalog_contract import DIED, CatalogContract, Clock, accept, begin, done


class TestSqlite(CatalogContract):
    @pytest.fixture
    def reopen(self, reopen: Callable[[], SqlCatalog]) -> Callable[[], SqlCatalog]:
        return reopen

    @pytest.fixture
    def enqueued(
        self, enqueued: Callable[[], Sequence[tuple[Run, float]]]
    ) -> Callable[[], Sequence[tuple[Run, float]]]:
        return enqueued


def failing(connection: sa.Connection, run: Run, delay: float) -> None:
    enqueue(connection, run, delay)
    raise CatalogFailedError


def test_a_queue_that_fails_undoes_the_acceptance(
    engine: sa.Engine, enqueued: Callable[[], Sequence[tuple[Run, float]]], clock: Clock
) -> None:
    catalog = SqlCatalog(engine, failing, clock=clock)
    with pytest.raises(CatalogFailedError):
        accept(catalog, enqueue=True)
    assert (catalog.images().items, enqueued()) == ((), [])


def test_a_queue_that_fails_undoes_the_retry(
    engine: sa.Engine, enqueued: Callable[[], Sequence[tuple[Run, float]]], clock: Clock
) -> None:
    catalog = SqlCatalog(engine, failing, clock=clock)
    accepted = accept(catalog)
    lease = begin(catalog, accepted.run)
    with pytest.raises(CatalogFailedError):
        catalog.retry(lease, DIED, delay=1)
    assert (catalog.failures(accepted.job.id), enqueued()) == ((), [])
    assert catalog.current(lease)


def test_the_queues_own_database_errors_are_named(engine: sa.Engine, clock: Clock) -> None:
    def broken(connection: sa.Connection, run: Run, delay: float) -> None:
        connection.exec_driver_sql("INSERT INTO nowhere VALUES (1)")

    with pytest.raises(CatalogFailedError, match="no such table"):
        accept(SqlCatalog(engine, broken, clock=clock), enqueue=True)


def test_acceptances_are_synced_and_the_rest_is_not(engine: sa.Engine, clock: Clock) -> None:
    levels: list[int] = []

    def observe(connection: sa.Connection, *_: Any) -> None:
        levels.append(connection.exec_driver_sql("PRAGMA synchronous").scalar_one())

    catalog = SqlCatalog(engine, enqueue, clock=clock)
    sa.event.listen(engine, "commit", observe)
    run = accept(catalog).run
    begin(catalog, run)
    accept(catalog, "originals/b.jpg")
    assert levels == [2, 1, 2]  # FULL, NORMAL, FULL


def test_sqlite_is_opened_for_many_processes(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        pragmas = ("journal_mode", "busy_timeout", "foreign_keys", "synchronous")
        values = [connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in pragmas]
    assert values == ["wal", 30_000, 1, 1]


def test_readers_do_not_wait_for_a_writer(engine: sa.Engine, catalog: SqlCatalog) -> None:
    accepted = done(catalog)
    with engine.execution_options(tintype_writes=True).begin() as writer:
        writer.execute(QUEUE.insert(), {"job_id": "x"})
        assert catalog.image(accepted.image.id).variants
        assert catalog.counts()


def test_two_processes_share_a_database(reopen: Callable[[], SqlCatalog]) -> None:
    catalogs = [reopen() for _ in range(4)]

    def work(number: int) -> bool:
        catalog = catalogs[number % len(catalogs)]
        return catalog.current(begin(catalog, accept(catalog, f"originals/{number}").run))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(40)))


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


def test_a_file_that_is_no_database_is_named(
    database: Path, reopen: Callable[[], SqlCatalog]
) -> None:
    database.write_bytes(b"something else " * 1000)
    with pytest.raises(CatalogFailedError, match="not a database") as caught:
        reopen().check()
    assert str(database) not in caught.value.detail


def test_a_database_that_cannot_be_opened_is_named(
    database: Path, reopen: Callable[[], SqlCatalog]
) -> None:
    database.unlink()
    database.mkdir()
    for ask in (reopen().check, reopen().counts):
        with pytest.raises(CatalogFailedError, match="unable to open") as caught:
            ask()
        assert caught.value.retryable
        assert str(database) not in caught.value.detail


def fill(catalog: SqlCatalog) -> None:
    for number in range(1000):
        accept(catalog, f"originals/{number}")


def test_a_full_disk_loses_nothing_and_passes(catalog: SqlCatalog, engine: sa.Engine) -> None:
    first = accept(catalog)

    def limit(pages: int) -> None:
        def limited(connection: Any, *_: Any) -> None:
            connection.execute(f"PRAGMA max_page_count={pages}")

        engine.dispose()
        sa.event.listen(engine, "connect", limited)

    limit(1)  # SQLite makes that the present size
    full = SqlCatalog(engine, enqueue)
    with pytest.raises(CatalogFailedError, match="full"):
        fill(full)
    assert full.image(first.image.id) == first.image
    limit(1_000_000)
    assert accept(full, "originals/after").run
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
        images = connection.execute(sa.select(sa.func.count()).select_from(IMAGES)).scalar_one()
        jobs = connection.execute(sa.select(sa.func.count()).select_from(JOBS)).scalar_one()
    assert images == jobs


def test_check_finds_a_database_that_is_read_only(engine: sa.Engine, catalog: SqlCatalog) -> None:
    accept(catalog)

    def refuse(connection: Any, *_: Any) -> None:
        connection.execute("PRAGMA query_only=ON")

    sa.event.listen(engine, "connect", refuse)
    with pytest.raises(CatalogFailedError, match="readonly"):
        SqlCatalog(engine, enqueue).check()


def test_no_query_but_counts_reads_a_whole_table(engine: sa.Engine) -> None:
    """With an index for each question, the hundred-thousandth image costs what the first did."""
    statements: list[tuple[str, Any]] = []

    def record(_c: Any, _u: Any, statement: str, parameters: Any, _x: Any, many: bool) -> None:
        statements.append((statement, parameters[0] if many else parameters))

    sa.event.listen(engine, "before_cursor_execute", record)
    every = SqlCatalog(engine, enqueue)
    first = accept(every, idempotency=("key", "print"))
    lease = begin(every, first.run)
    every.claim_keys(lease, {"small": "small/a.jpg"})
    every.current(lease)
    accept(every, version="v2")
    every.retry(lease, DIED, delay=1)
    accepted = done(every, "originals/b.jpg")
    every.failures(first.job.id)
    every.overdue(5)
    every.image_by_key("originals/b.jpg")
    every.variant_by_key("small/originals/b.jpg")
    every.job(accepted.job.id)
    cursor = every.images(limit=1).next
    every.images(cursor=cursor, state=accepted.image.state)
    every.images(since=accepted.image.created_at, until=accepted.image.created_at)
    every.jobs(cursor=every.jobs(limit=1).next, state=accepted.image.state)
    sa.event.remove(engine, "before_cursor_execute", record)
    plans = {}
    with engine.connect() as connection:
        for statement, parameters in statements:
            if statement.startswith("INSERT"):
                continue
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans[statement] = [row.detail for row in rows]
    assert len(plans) > 20
    whole = {
        statement: plan
        for statement, plan in plans.items()
        if any(step.startswith("SCAN") and " USING " not in step for step in plan)
        or any("TEMP B-TREE FOR ORDER BY" in step and "variants" not in statement for step in plan)
    }
    assert whole == {}

"""The SQL catalog on SQLite: what only a file can do wrong."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.adapters.sql.conftest import QUEUE, enqueue
from tintype.adapters.sql import SqlCatalog
from tintype.adapters.sql.schema import IMAGES, JOBS
from tintype.errors import CatalogFailedError
from tintype.testing.catalog_setting import Clock, accept, begin, done


@pytest.fixture
def database(sqlite: str) -> str:
    return sqlite


@pytest.fixture
def file(sqlite: str) -> Path:
    return Path(sqlite.removeprefix("sqlite:///"))


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


def test_a_file_that_is_no_database_is_named(file: Path, reopen: Callable[[], SqlCatalog]) -> None:
    file.write_bytes(b"something else " * 1000)
    with pytest.raises(CatalogFailedError, match="not a database") as caught:
        reopen().check()
    assert str(file) not in caught.value.detail


def test_a_database_that_cannot_be_opened_is_named(
    file: Path, reopen: Callable[[], SqlCatalog]
) -> None:
    file.unlink()
    file.mkdir()
    for ask in (reopen().check, reopen().counts):
        with pytest.raises(CatalogFailedError, match="unable to open") as caught:
            ask()
        assert caught.value.retryable
        assert str(file) not in caught.value.detail


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

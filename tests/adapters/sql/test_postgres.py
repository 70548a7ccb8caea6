"""The SQL catalog on Postgres: what only a server can do wrong."""

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from tests.adapters.sql.conftest import QUEUE, enqueue
from tests.support.postgres import PostgresServer, running_postgres
from tintype.adapters.sql import SqlCatalog, migrate, open_engine
from tintype.adapters.sql.engines import Transactions
from tintype.adapters.sql.schema import JOBS
from tintype.errors import CatalogFailedError
from tintype.model import ImageState, Priority, Run
from tintype.testing.catalog_setting import Clock, accept, begin, done

SECRET = "correct-horse"


@pytest.fixture
def database(emptied_postgres: str) -> str:
    return emptied_postgres


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A server that a test may stop."""
    folder = Path(tempfile.mkdtemp(prefix="tintype-pg-"))
    folder.chmod(0o755)
    with running_postgres(folder / "server") as server:
        yield server
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def opened() -> Iterator[Callable[..., sa.Engine]]:
    """Opens databases, and closes them at the end."""
    engines: list[sa.Engine] = []

    def opened(url: str, **options: float) -> sa.Engine:
        engines.append(open_engine(url, **options))
        return engines[-1]

    yield opened
    for engine in engines:
        engine.dispose()


@pytest.fixture
def prepared(opened: Callable[..., sa.Engine]) -> Callable[..., SqlCatalog]:
    """Opens a catalog in an empty database."""

    def prepared(url: str, **options: float) -> SqlCatalog:
        engine = opened(url, **options)
        migrate(engine)
        with engine.begin() as connection:
            QUEUE.create(connection)
        return SqlCatalog(engine, enqueue)

    return prepared


def failure(action: Callable[[], Any]) -> str:
    with pytest.raises(CatalogFailedError) as caught:
        action()
    assert caught.value.retryable
    return caught.value.detail


@pytest.mark.crash
@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_server_that_was_away_is_used_again(
    own_server: PostgresServer, prepared: Callable[..., SqlCatalog], mode: str
) -> None:
    catalog = prepared(own_server.database(), patience=10)
    accepted = accept(catalog)
    lease = begin(catalog, accepted.run)
    with ThreadPoolExecutor(6) as pool:  # so that the pool has several connections
        list(pool.map(lambda _: catalog.counts(), range(24)))
    own_server.stop(mode)
    for ask in (lambda: accept(catalog, "originals/b.jpg"), catalog.counts, catalog.check):
        detail = failure(ask)
        assert "cannot be reached" in detail or "shutdown" in detail
        assert "tintype-pg" not in detail
    own_server.start()
    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(lambda _: catalog.current(lease), range(24)))
    catalog.finish(lease, ImageState.DONE)
    assert catalog.image(accepted.image.id).state is ImageState.DONE


@pytest.mark.crash
def test_a_server_that_stops_within_a_transaction_undoes_it(
    own_server: PostgresServer,
    opened: Callable[..., sa.Engine],
    prepared: Callable[..., SqlCatalog],
) -> None:
    url = own_server.database()
    catalog, engine = prepared(url), opened(url)

    def stopping(connection: sa.Connection, run: Run, delay: float, priority: Priority) -> None:
        own_server.stop("immediate")
        connection.execute(sa.select(JOBS))

    failure(lambda: accept(SqlCatalog(engine, stopping), enqueue=True))
    own_server.start()
    assert catalog.images().items == ()
    assert accept(catalog).run


@pytest.mark.crash
def test_a_server_that_is_frozen_is_given_up(
    own_server: PostgresServer, prepared: Callable[..., SqlCatalog]
) -> None:
    catalog = prepared(own_server.database(), patience=2)
    run = accept(catalog).run
    assert run
    own_server.freeze()
    try:
        with ThreadPoolExecutor(3) as pool:
            asked = [
                pool.submit(failure, ask)
                for ask in (catalog.counts, catalog.check, lambda: catalog.claim(run))
            ]
            assert all("does not answer" in each.result(timeout=60) for each in asked)
        assert "does not answer" in failure(catalog.check)  # by a connection that it makes anew
    finally:
        own_server.thaw()
    begin(catalog, run)


def test_a_lock_that_another_holds_is_not_waited_for_without_an_end(
    emptied_postgres: str, opened: Callable[..., sa.Engine]
) -> None:
    catalog = SqlCatalog(opened(emptied_postgres, patience=2), enqueue)
    accepted = accept(catalog)
    with psycopg.connect(emptied_postgres) as other:
        other.execute("LOCK TABLE jobs")
        assert "lock not available" in failure(lambda: accept(catalog, "originals/b.jpg"))
    begin(catalog, accepted.run)


def test_a_process_that_stops_within_a_transaction_lets_its_locks_go(
    emptied_postgres: str, opened: Callable[..., sa.Engine]
) -> None:
    engine = opened(emptied_postgres, patience=2)
    catalog = SqlCatalog(engine, enqueue)
    locked, freed = threading.Event(), threading.Event()

    def stopped(connection: sa.Connection, run: Run, delay: float, priority: Priority) -> None:
        locked.set()
        freed.wait(timeout=60)

    with ThreadPoolExecutor(1) as pool:
        stuck = pool.submit(failure, lambda: accept(SqlCatalog(engine, stopped), enqueue=True))
        assert locked.wait(timeout=60)
        deadline = time.monotonic() + 60
        while True:  # the key is locked until the server has had enough
            assert time.monotonic() < deadline
            try:
                accepted = accept(catalog)
            except CatalogFailedError:
                continue
            break
        freed.set()
        stuck.result(timeout=60)
    assert [image.id for image in catalog.images().items] == [accepted.image.id]


def test_a_deadlock_is_a_failure_that_may_pass(
    engine: sa.Engine, catalog: SqlCatalog, emptied_postgres: str
) -> None:
    first, second = accept(catalog, "originals/a").job, accept(catalog, "originals/b").job
    touch = "UPDATE jobs SET size = size + 1 WHERE id = %s"
    with psycopg.connect(emptied_postgres) as other, ThreadPoolExecutor(1) as pool:
        other.execute("SET deadlock_timeout = '1h'")  # so that the catalog is the victim
        other.execute(touch, [second.id])

        def crossing(connection: sa.Connection, run: Run, delay: float, priority: Any) -> None:
            connection.exec_driver_sql(touch, (first.id,))
            waiting = pool.submit(other.execute, touch, [first.id])
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.2)
            connection.exec_driver_sql(touch, (second.id,))

        crossed = SqlCatalog(engine, crossing)
        assert "deadlock detected" in failure(lambda: accept(crossed, "originals/c", enqueue=True))
    assert accept(catalog, "originals/c").run


def test_a_connection_that_was_cut_is_replaced(catalog: SqlCatalog, emptied_postgres: str) -> None:
    accepted = accept(catalog)
    with psycopg.connect(emptied_postgres, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
    assert catalog.image(accepted.image.id) == accepted.image


def test_an_error_names_no_address_and_no_value(engine: sa.Engine, clock: Clock) -> None:
    def broken(connection: sa.Connection, run: Run, delay: float, priority: Priority) -> None:
        connection.execute(JOBS.insert(), {"id": SECRET, "image_id": SECRET, "state": None})

    with pytest.raises(CatalogFailedError) as caught:
        accept(SqlCatalog(engine, broken, clock=clock), enqueue=True)
    assert caught.value.detail == "The database failed: not null violation"


@pytest.mark.parametrize("name", ["nobody:correct-horse@", "tintype@127.0.0.1:1"])
def test_a_server_that_refuses_is_named_without_its_address(
    emptied_postgres: str, opened: Callable[..., sa.Engine], name: str
) -> None:
    folder = emptied_postgres.partition("host=")[2]
    tail = "/nowhere" if "127" in name else f"/nowhere?host={folder}"
    detail = failure(SqlCatalog(opened(f"postgresql://{name}{tail}"), enqueue).check)
    assert "cannot be reached" in detail
    for told in (SECRET, folder, "127.0.0.1", "nobody", "nowhere"):
        assert told not in detail


def test_what_the_url_says_of_a_connection_wins(
    emptied_postgres: str, opened: Callable[..., sa.Engine]
) -> None:
    theirs = "&connect_timeout=7&options=-c%20lock_timeout%3D77&application_name=ours"
    engine = opened(emptied_postgres + theirs, patience=8)
    with engine.connect() as connection:
        told = {
            name: connection.exec_driver_sql(f"SHOW {name}").scalar_one()
            for name in (
                "lock_timeout",
                "statement_timeout",
                "idle_in_transaction_session_timeout",
                "application_name",
                "transaction_isolation",
            )
        }
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        parameters = driver.info.get_parameters()
    assert told == {
        "lock_timeout": "77ms",
        "statement_timeout": "6s",
        "idle_in_transaction_session_timeout": "2666ms",
        "application_name": "ours",
        "transaction_isolation": "read committed",
    }
    assert parameters["connect_timeout"] == "7"
    assert (parameters["tcp_user_timeout"], parameters["keepalives_idle"]) == ("8000", "10")


def test_a_strict_server_changes_nothing(
    emptied_postgres: str, opened: Callable[..., sa.Engine]
) -> None:
    """Locks and what is read after them belong together at one level of isolation only."""
    strict = "&options=-c%20default_transaction_isolation%3Dserializable"
    catalog = SqlCatalog(opened(emptied_postgres + strict), enqueue)
    with ThreadPoolExecutor(8) as pool:
        accepted = list(pool.map(lambda n: accept(catalog, version=f"v{n}"), range(24)))
    assert len({each.image.id for each in accepted}) == 1
    assert catalog.counts()[ImageState.QUEUED] == 1


def test_a_server_in_another_zone_tells_the_time_in_utc(
    emptied_postgres: str, opened: Callable[..., sa.Engine], clock: Clock
) -> None:
    elsewhere = "&options=-c%20timezone%3DAsia/Kolkata"
    catalog = SqlCatalog(opened(emptied_postgres + elsewhere), enqueue, clock=clock)
    job = accept(catalog).job
    told = catalog.job(job.id)
    assert told.created_at.isoformat() == job.created_at.isoformat() == clock.now.isoformat()


def test_what_is_read_in_several_questions_belongs_together(
    engine: sa.Engine, catalog: SqlCatalog
) -> None:
    accept(catalog)
    count = sa.select(sa.func.count()).select_from(JOBS)
    with Transactions(engine).read() as reader:
        before = reader.execute(count).scalar_one()
        accept(catalog, "originals/b.jpg")
        assert reader.execute(count).scalar_one() == before == 1


def test_readers_do_not_wait_for_a_writer(engine: sa.Engine, catalog: SqlCatalog) -> None:
    accepted = done(catalog)
    with engine.begin() as writer:
        writer.execute(JOBS.update().values(size=11))
        assert catalog.job(accepted.job.id).original.size == 10
        assert catalog.counts()

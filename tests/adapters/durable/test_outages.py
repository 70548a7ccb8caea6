"""Databases that are away for a while: nothing is lost, nothing spins, work goes on by itself."""

import resource
import shutil
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.adapters.durable.stage import Database, Journal, Worker, wait_until
from tests.support.postgres import PostgresServer, running_postgres
from tintype.adapters.durable import DurableEngine
from tintype.errors import CatalogFailedError
from tintype.model import Run
from tintype.testing.engine_contract import RecordingHandler

RUNS = [Run(f"job_{number}", 1) for number in range(12)]


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """A server of the test's own, to be stopped."""
    folder = Path(tempfile.mkdtemp(prefix="tintype-pg-"))
    folder.chmod(0o755)
    with running_postgres(folder / "server") as server:
        yield server
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def on_server(server: PostgresServer) -> Database:
    return Database(server.database())


@pytest.fixture
def engine(on_server: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[DurableEngine]:
    monkeypatch.setattr("tintype.adapters.durable.janitor._STRAY_SECONDS", 3.0)
    engine = DurableEngine(on_server.url, threads=2)
    yield engine
    engine.close()


class Slow:
    """A handler whose runs take a moment, so that some are under way whatever happens."""

    def __init__(self) -> None:
        self.ended: set[Run] = set()

    def __call__(self, run: Run) -> None:
        time.sleep(0.5)
        self.ended.add(run)


def recorded(database: Database, runs: list[Run]) -> bool:
    return database.statuses() == {run.id: "SUCCESS" for run in runs}


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_work_goes_on_after_a_server_was_stopped(
    engine: DurableEngine,
    server: PostgresServer,
    on_server: Database,
    caplog: pytest.LogCaptureFixture,
    mode: str,
) -> None:
    handler = Slow()
    engine.launch(handler)
    for run in RUNS:
        engine.enqueue(run)
    wait_until(lambda: bool(handler.ended))
    threads = {thread.name for thread in threading.enumerate()}
    server.stop(mode)
    began = time.process_time()
    time.sleep(5.0)
    used = time.process_time() - began
    with pytest.raises(CatalogFailedError):
        engine.start(Run("job_lost", 1))
    with pytest.raises(CatalogFailedError):
        engine.enqueue(Run("job_lost", 1))
    server.start()
    wait_until(lambda: recorded(on_server, RUNS))
    assert handler.ended == set(RUNS)
    assert threads <= {thread.name for thread in threading.enumerate()}
    assert used < 1.0, "seconds of one processor in five"
    assert 0 < len([each for each in caplog.records if each.name == "dbos"]) < 20


def test_work_goes_on_after_a_server_was_frozen(
    engine: DurableEngine, server: PostgresServer, on_server: Database
) -> None:
    handler = Slow()
    engine.launch(handler)
    for run in RUNS:
        engine.enqueue(run)
    wait_until(lambda: bool(handler.ended))
    server.freeze()
    began = time.process_time()
    time.sleep(12.0)  # longer than the server waits for a silent session, and DBOS for a new one
    used = time.process_time() - began
    server.thaw()
    wait_until(lambda: recorded(on_server, RUNS))
    assert handler.ended == set(RUNS)
    assert used < 2.4, "seconds of one processor in twelve"


@pytest.mark.crash
def test_a_restart_of_the_server_takes_no_run_away_from_anybody(
    server: PostgresServer, on_server: Database, tmp_path: Path
) -> None:
    journal = Journal(tmp_path)
    workers = [Worker(on_server, tmp_path / "journal", 12.0, 2) for _ in range(2)]
    try:
        for number, run in enumerate(RUNS):
            workers[number % 2].tell("start", run.job_id)
        wait_until(lambda: len(journal.count("begin")) == len(RUNS))
        server.stop("immediate")
        time.sleep(2.0)
        server.start()
        wait_until(lambda: len(journal.count("end")) == len(RUNS))
        wait_until(lambda: recorded(on_server, RUNS))
        assert set(journal.count("begin").values()) == {1}
        assert [worker.finish() for worker in workers] == ["drained", "drained"]
    finally:
        for worker in workers:
            if worker.process.returncode is None:
                worker.kill()


# --- SQLite ---


@pytest.fixture
def file_engine(
    on_sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[DurableEngine, Database]]:
    monkeypatch.setattr("tintype.adapters.durable.janitor._STRAY_SECONDS", 3.0)
    engine = DurableEngine(on_sqlite.url, threads=2)
    yield engine, on_sqlite
    engine.close()


def test_work_goes_on_after_a_file_was_locked(
    file_engine: tuple[DurableEngine, Database], tmp_path: Path
) -> None:
    engine, database = file_engine
    handler = Slow()
    engine.launch(handler)
    for run in RUNS:
        engine.enqueue(run)
    wait_until(lambda: bool(handler.ended))
    other = sqlite3.connect(tmp_path / "tintype.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    began = time.process_time()
    time.sleep(5.0)
    used = time.process_time() - began
    other.execute("COMMIT")
    other.close()
    wait_until(lambda: recorded(database, RUNS))
    assert handler.ended == set(RUNS)
    assert used < 1.0, "seconds of one processor in five"


@contextmanager
def no_file_grows_beyond(size: int) -> Iterator[None]:
    """Have this process's writes fail as they would on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_work_goes_on_after_a_file_could_not_grow(
    file_engine: tuple[DurableEngine, Database], tmp_path: Path
) -> None:
    engine, database = file_engine
    handler = RecordingHandler(holding=RUNS[:2])
    engine.launch(handler)
    for run in RUNS[:2]:
        engine.start(run)
    handler.wait_until_begun(*RUNS[:2])
    with no_file_grows_beyond((tmp_path / "tintype.db-wal").stat().st_size):
        with pytest.raises(CatalogFailedError):
            engine.start(RUNS[2])
        handler.release()
        handler.wait_until_ended(*RUNS[:2])
        wait_until(lambda: not engine._library.running())
        assert set(database.statuses().values()) == {"PENDING"}
    engine.start(RUNS[2])
    wait_until(lambda: recorded(database, RUNS[:3]))
    assert set(handler.begun) == set(RUNS[:3])

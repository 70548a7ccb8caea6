"""The durable engine: its contract, and what it owes to SQLite, to DBOS and to kill -9."""

import json
import os
import random
import sqlite3
import subprocess
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from dbos import DBOS

from tintype.adapters.durable import DurableEngine
from tintype.adapters.durable.backend import Library, sqlite_engine
from tintype.adapters.durable.slots import FileSlots
from tintype.errors import CatalogFailedError, SettingsInvalidError
from tintype.model import Run
from tintype.testing.engine_contract import PATIENCE_SECONDS, EngineContract, RecordingHandler

WORKER = Path(__file__).with_name("durable_worker.py")


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "tintype.db"


@pytest.fixture
def make_engine(database: Path) -> Iterator[Callable[[], DurableEngine]]:
    engines: list[DurableEngine] = []

    def make() -> DurableEngine:
        engines.append(DurableEngine(f"sqlite:///{database}", threads=2))
        return engines[-1]

    yield make
    for engine in engines:
        engine.close()


@pytest.fixture
def engine(make_engine: Callable[[], DurableEngine]) -> DurableEngine:
    return make_engine()


class TestContract(EngineContract):
    @pytest.fixture
    def make_engine(self, make_engine: Callable[[], DurableEngine]) -> Callable[[], DurableEngine]:
        return make_engine


def rows(database: Path, query: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(database)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def wait_until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not reached():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


class Worker:
    """A worker process and the way to talk to it."""

    def __init__(self, database: Path, journal: Path, seconds: float = 0.0) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", WORKER, database, journal, str(seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._line() == "ready"

    def tell(self, verb: str, job: str) -> None:
        assert self.process.stdin is not None
        print(verb, job, file=self.process.stdin, flush=True)
        assert self._line() == job

    def kill(self) -> None:
        self.process.kill()
        self._close()

    def finish(self) -> str:
        assert self.process.stdin is not None
        self.process.stdin.close()
        answer = self._line()
        self._close()
        return answer

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def _close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.wait(PATIENCE_SECONDS)
        self.process.stdin.close()
        self.process.stdout.close()


@pytest.fixture
def make_worker(database: Path, tmp_path: Path) -> Iterator[Callable[[float], Worker]]:
    workers: list[Worker] = []

    def make(seconds: float) -> Worker:
        workers.append(Worker(database, tmp_path / "journal", seconds))
        return workers[-1]

    yield make
    for worker in workers:
        if worker.process.returncode is None:
            worker.kill()


def journal(tmp_path: Path, event: str) -> Counter[str]:
    """How often each run began or ended, in all workers of a test."""
    path = tmp_path / "journal"
    lines = path.read_text().splitlines() if path.exists() else []
    return Counter(line.split()[1] for line in lines if line.startswith(event))


# --- SQLite ---


def test_connections_use_a_write_ahead_log_and_immediate_transactions(database: Path) -> None:
    connections = sqlite_engine(f"sqlite:///{database}")
    with connections.connect() as connection:
        pragma = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        }
        raw: Any = connection.connection.dbapi_connection
        assert raw.isolation_level == "IMMEDIATE"
    connections.dispose()
    normal = 1
    assert pragma == {
        "journal_mode": "wal",
        "synchronous": normal,
        "busy_timeout": 30_000,
        "foreign_keys": 1,
    }


def test_dbos_works_on_a_write_ahead_log(engine: DurableEngine, database: Path) -> None:
    engine.launch(RecordingHandler())
    assert rows(database, "PRAGMA journal_mode") == [("wal",)]


def test_a_database_that_cannot_be_opened_is_a_named_failure(tmp_path: Path) -> None:
    missing = tmp_path / "missing" / "tintype.db"
    engine = DurableEngine(f"sqlite:///{missing}", threads=1, slots=tmp_path / "slots")
    with pytest.raises(CatalogFailedError):
        engine.launch(RecordingHandler())
    engine.close()
    assert FileSlots(tmp_path / "slots").claim().name == "slot-0"


@pytest.mark.parametrize(
    "url", ["postgresql://localhost/tintype", "sqlite://", "sqlite:///:memory:"]
)
def test_a_database_that_is_no_file_is_refused(url: str) -> None:
    with pytest.raises(SettingsInvalidError, match="The engine needs a database file"):
        DurableEngine(url, threads=1).launch(RecordingHandler())


def test_an_engine_can_be_launched_after_one_that_failed(
    tmp_path: Path, engine: DurableEngine
) -> None:
    broken = DurableEngine(f"sqlite:///{tmp_path}", threads=1)
    with pytest.raises(CatalogFailedError):
        broken.launch(RecordingHandler())
    handler = RecordingHandler()
    engine.launch(handler)
    engine.start(Run("job_a", 1))
    handler.wait_until_ended(Run("job_a", 1))


def test_a_process_launches_one_engine_at_a_time(
    make_engine: Callable[[], DurableEngine], tmp_path: Path
) -> None:
    first = make_engine()
    handler = RecordingHandler()
    first.launch(handler)
    second = DurableEngine(f"sqlite:///{tmp_path / 'other.db'}", threads=1)
    with pytest.raises(RuntimeError, match="one engine in a process"):
        second.launch(RecordingHandler())
    first.start(Run("job_a", 1))
    handler.wait_until_ended(Run("job_a", 1))


def test_a_database_that_fails_is_a_named_failure(engine: DurableEngine, database: Path) -> None:
    engine.launch(RecordingHandler())
    with sqlite3.connect(database) as connection:
        connection.execute("ALTER TABLE workflow_input RENAME TO mislaid")
    connection.close()
    with pytest.raises(CatalogFailedError):
        engine.start(Run("job_a", 1))
    with pytest.raises(CatalogFailedError):
        engine.enqueue(Run("job_a", 1))
    assert rows(database, "SELECT * FROM workflow_status") == []


def test_nothing_can_be_started_before_launch(engine: DurableEngine) -> None:
    with pytest.raises(RuntimeError, match="launch the engine first"):
        engine.start(Run("job_a", 1))


# --- within the caller's transaction ---


@pytest.fixture
def catalog(database: Path) -> Iterator[sqlalchemy.Engine]:
    """A catalog's connections to the same file: it begins its transactions itself."""
    connections = sqlalchemy.create_engine(f"sqlite:///{database}")

    @sqlalchemy.event.listens_for(connections, "connect")
    def leave_begin_to_us(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA busy_timeout=30000")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")

    @sqlalchemy.event.listens_for(connections, "begin")
    def begin(connection: sqlalchemy.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    with connections.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE job (id TEXT PRIMARY KEY)")
    yield connections
    connections.dispose()


JOB = sqlalchemy.Table("job", sqlalchemy.MetaData(), sqlalchemy.Column("id", sqlalchemy.String))


def test_a_run_is_enqueued_with_the_callers_commit(
    engine: DurableEngine, catalog: sqlalchemy.Engine, database: Path
) -> None:
    handler = RecordingHandler()
    engine.launch(handler)
    with catalog.begin() as connection:
        connection.execute(JOB.insert().values(id="job_a"))
        engine.enqueue_within(connection, Run("job_a", 1), 0.0)
        connection.execute(JOB.insert().values(id="after"))
        time.sleep(0.5)
        assert not handler.begun
    handler.wait_until_ended(Run("job_a", 1))
    assert rows(database, "SELECT id FROM job ORDER BY id") == [("after",), ("job_a",)]


def test_a_run_is_not_enqueued_where_the_caller_rolls_back(
    engine: DurableEngine, catalog: sqlalchemy.Engine, database: Path
) -> None:
    handler = RecordingHandler()
    engine.launch(handler)
    with catalog.connect() as connection:
        connection.execute(JOB.insert().values(id="job_a"))
        engine.enqueue_within(connection, Run("job_a", 1), 0.0)
        connection.rollback()
    engine.enqueue(Run("job_b", 1))
    handler.wait_until_ended(Run("job_b", 1))
    assert handler.begun == Counter([Run("job_b", 1)])
    assert rows(database, "SELECT workflow_uuid FROM workflow_status") == [("job_b:1",)]
    assert rows(database, "SELECT workflow_uuid FROM workflow_input") == [("job_b:1",)]
    assert rows(database, "SELECT id FROM job") == []


def test_a_known_id_leaves_the_callers_transaction_usable(
    engine: DurableEngine, catalog: sqlalchemy.Engine, database: Path
) -> None:
    handler = RecordingHandler()
    engine.launch(handler)
    engine.start(Run("job_a", 1))
    handler.wait_until_ended(Run("job_a", 1))
    with catalog.begin() as connection:
        connection.execute(JOB.insert().values(id="before"))
        engine.enqueue_within(connection, Run("job_a", 1), 0.0)
        engine.enqueue_within(connection, Run("job_a", 2), 0.0)
        engine.enqueue_within(connection, Run("job_a", 2), 0.0)
        connection.execute(JOB.insert().values(id="later"))
    handler.wait_until_ended(Run("job_a", 2))
    assert rows(database, "SELECT id FROM job") == [("before",), ("later",)]
    assert handler.begun == Counter([Run("job_a", 1), Run("job_a", 2)])


def test_a_delay_is_kept_within_a_transaction(
    engine: DurableEngine, catalog: sqlalchemy.Engine
) -> None:
    handler = RecordingHandler()
    engine.launch(handler)
    begin = time.monotonic()
    with catalog.begin() as connection:
        engine.enqueue_within(connection, Run("job_a", 2), 1.5)
    handler.wait_until_begun(Run("job_a", 2))
    assert time.monotonic() - begin >= 1.49


def test_the_catalog_may_enqueue_while_the_engine_drains(
    make_engine: Callable[[], DurableEngine], catalog: sqlalchemy.Engine
) -> None:
    engine = make_engine()
    engine.launch(RecordingHandler())
    assert engine.drain(PATIENCE_SECONDS)
    with catalog.begin() as connection:
        engine.enqueue_within(connection, Run("job_a", 1), 0.0)
    handler = RecordingHandler()
    make_engine().launch(handler)
    handler.wait_until_ended(Run("job_a", 1))


# --- what DBOS keeps ---


def test_nothing_in_the_database_is_a_pickle(
    engine: DurableEngine, catalog: sqlalchemy.Engine, database: Path
) -> None:
    recording = RecordingHandler()

    def handler(run: Run) -> None:
        recording(run)
        raise ValueError("an error is not pickled either")

    engine.launch(handler)
    engine.start(Run("job_a", 1))
    engine.enqueue(Run("job_b", 1))
    with catalog.begin() as connection:
        engine.enqueue_within(connection, Run("job_c", 1), 0.0)
    recording.wait_until_ended(*(Run(f"job_{name}", 1) for name in "abc"))
    assert engine.drain(PATIENCE_SECONDS)
    assert rows(database, "SELECT DISTINCT serialization FROM workflow_status") == [
        ("portable_json",)
    ]
    inputs = rows(database, "SELECT inputs FROM workflow_input ORDER BY workflow_uuid")
    assert [json.loads(content)["positionalArgs"] for (content,) in inputs] == [
        ["job_a", 1],
        ["job_b", 1],
        ["job_c", 1],
    ]
    outputs = rows(database, "SELECT output, error FROM workflow_output")
    assert outputs == [("null", None)] * 3


def test_a_run_that_a_handler_starts_is_no_step_of_its_own_run(
    engine: DurableEngine, database: Path
) -> None:
    recording = RecordingHandler()

    def handler(run: Run) -> None:
        if run.attempt == 1:
            engine.start(Run(run.job_id, 2))
        recording(run)

    engine.launch(handler)
    engine.start(Run("job_a", 1))
    recording.wait_until_ended(Run("job_a", 1), Run("job_a", 2))
    assert rows(database, "SELECT * FROM operation_outputs") == []
    parents = rows(database, "SELECT DISTINCT parent_workflow_id FROM workflow_status")
    assert parents == [(None,)]


def test_what_a_process_has_no_room_for_is_enqueued(database: Path) -> None:
    engine = DurableEngine(f"sqlite:///{database}", threads=1)
    runs = [Run(f"job_{number}", 1) for number in range(12)]
    handler = RecordingHandler(holding=runs)
    engine.launch(handler)
    for run in runs[:4]:
        engine.start(run)
        handler.wait_until_begun(run)
    for run in runs[4:]:
        engine.start(run)
    wait_until(lambda: len(handler.begun) == 8)
    time.sleep(0.5)
    assert len(handler.begun) == 8
    assert rows(database, "SELECT DISTINCT queue_name FROM workflow_status ORDER BY 1") == [
        (None,),
        ("images",),
    ]
    handler.release()
    handler.wait_until_ended(*runs)
    engine.close()


@pytest.fixture
def taken(
    make_engine: Callable[[], DurableEngine], monkeypatch: pytest.MonkeyPatch, database: Path
) -> Run:
    """A run that a process took at the very moment at which it was told to drain."""
    run = Run("job_a", 1)
    stop = Library.stop

    def take_and_stop(self: Library, timeout: float) -> None:
        self.start(run)
        stop(self, timeout)

    engine, handler = make_engine(), RecordingHandler()
    engine.launch(handler)
    with monkeypatch.context() as patch:
        patch.setattr(Library, "stop", take_and_stop)
        assert engine.drain(1.0)
    assert not handler.begun
    assert rows(database, "SELECT status FROM workflow_status") == [("PENDING",)]
    return run


def test_a_run_that_was_taken_and_had_not_begun_is_left_to_the_next_process(
    taken: Run, engine: DurableEngine
) -> None:
    handler = RecordingHandler()
    engine.launch(handler)
    handler.wait_until_ended(taken)
    assert handler.begun == Counter([taken])


@pytest.mark.usefixtures("taken")
def test_a_run_that_took_its_process_down_too_often_is_given_up(
    engine: DurableEngine, database: Path
) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE workflow_status SET recovery_attempts = 21")
    connection.close()
    handler = RecordingHandler()
    engine.launch(handler)
    given_up = [("MAX_RECOVERY_ATTEMPTS_EXCEEDED",)]
    wait_until(lambda: rows(database, "SELECT status FROM workflow_status") == given_up)
    assert not handler.begun


def test_sweep_forgets_finished_runs_and_no_others(engine: DurableEngine, database: Path) -> None:
    ended, running, waiting = Run("job_a", 1), Run("job_b", 1), Run("job_c", 1)
    handler = RecordingHandler(holding=[running])
    engine.launch(handler)
    engine.start(ended)
    engine.start(running)
    engine.enqueue(waiting, delay=3600)
    handler.wait_until_ended(ended)
    handler.wait_until_begun(running)
    known = "SELECT workflow_uuid FROM workflow_status ORDER BY 1"
    wait_until(lambda: ("SUCCESS",) in rows(database, "SELECT status FROM workflow_status"))
    assert engine.sweep(3600) == 0
    assert rows(database, known) == [("job_a:1",), ("job_b:1",), ("job_c:1",)]
    assert engine.sweep(-1) == 1
    assert rows(database, known) == [("job_b:1",), ("job_c:1",)]
    handler.release()


def test_sweep_deletes_more_than_a_batch(engine: DurableEngine, database: Path) -> None:
    engine.launch(RecordingHandler())
    for number in range(501):
        engine.enqueue(Run(f"job_{number}", 1), delay=3600)
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE workflow_status SET status = 'SUCCESS', completed_at = 1000")
    connection.close()
    assert engine.sweep(3600) == 501
    assert rows(database, "SELECT * FROM workflow_status") == []
    assert rows(database, "SELECT * FROM workflow_input") == []


def test_the_private_call_that_recovers_runs_still_exists() -> None:
    assert callable(DBOS._recover_pending_workflows)


def test_dbos_takes_nothing_from_the_environment_or_the_network_and_says_nothing(
    tmp_path: Path,
) -> None:
    script = """
        import logging, sqlite3, sys
        from tintype.adapters.durable import DurableEngine
        from tintype.model import Run
        from tintype.testing.engine_contract import RecordingHandler

        def watch(event, arguments):
            if event.startswith(("socket.connect", "socket.getaddrinfo", "urllib.")):
                print("network:", event, arguments)

        sys.addaudithook(watch)
        logging.basicConfig(stream=sys.stdout)
        handler = RecordingHandler()
        engine = DurableEngine("sqlite:///own.db", threads=1)
        engine.launch(handler)
        engine.start(Run("job_a", 1))
        engine.enqueue(Run("job_b", 1))
        handler.wait_until_ended(Run("job_a", 1), Run("job_b", 1))
        engine.start(Run("job_b", 1))
        engine.enqueue(Run("job_a", 1))
        engine.drain(60)
        engine.close()
        query = "SELECT DISTINCT executor_id, application_version FROM workflow_status"
        print(sqlite3.connect("own.db").execute(query).fetchall())
    """
    noise = {
        "DBOS__APPVERSION": "env-version",
        "DBOS__VMID": "env-executor",
        "DBOS__APPID": "env-app",
        "DBOS_APP_NAME": "env-name",
        "DBOS_SYSTEM_DATABASE_URL": "sqlite:///env.db",
        "DBOS__CONDUCTOR_APP_NAME": "env-name",
        "DBOS__CONDUCTOR_KEY": "env-key",
        "DBOS__CONDUCTOR_URL": "wss://localhost:1",
        "DBOS__OTLP_TRACES_ENDPOINT": "http://localhost:1",
        "DBOS__OTLP_LOGS_ENDPOINT": "http://localhost:1",
    }
    (tmp_path / "dbos-config.yaml").write_text(
        "name: file-name\nsystem_database_url: sqlite:///f.db"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(script)],
        cwd=tmp_path,
        env=os.environ | noise,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    assert (done.stderr, done.stdout) == ("", "[('slot-0', 'tintype-1')]\n")
    made = {path.name for path in tmp_path.iterdir()} - {"own.db-wal", "own.db-shm"}
    assert made == {"dbos-config.yaml", "own.db", "own.db.slots"}


# --- slots ---


def test_slots_are_unique_among_the_living_and_reused_after_death(tmp_path: Path) -> None:
    slots = FileSlots(tmp_path / "slots")
    first, second, third = slots.claim(), slots.claim(), slots.claim()
    assert [first.name, second.name, third.name] == ["slot-0", "slot-1", "slot-2"]
    second.release()
    again = slots.claim()
    assert again.name == "slot-1"
    for slot in (first, again, third):
        slot.release()


def test_abandoned_slots_are_held_while_they_are_visited(tmp_path: Path) -> None:
    slots = FileSlots(tmp_path)
    (tmp_path / "notes.txt").touch()
    living, dead = slots.claim(), slots.claim()
    dead.release()
    visited = []

    def visit(name: str) -> None:
        visited.append(name)
        claimed = slots.claim()
        assert claimed.name == "slot-2"
        claimed.release()

    slots.visit_abandoned(visit)
    living.release()
    assert visited == ["slot-1"]


def test_a_folder_that_cannot_hold_slots_is_a_named_failure(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    slots = FileSlots(tmp_path / "file")
    with pytest.raises(CatalogFailedError, match="Cannot lock a worker slot"):
        slots.claim()
    with pytest.raises(CatalogFailedError, match="Cannot lock a worker slot"):
        slots.visit_abandoned(lambda _: None)


# --- processes that die ---


@pytest.mark.crash
@pytest.mark.parametrize("verb", ["start", "enqueue"])
def test_a_run_whose_process_is_killed_is_run_again_after_a_restart_with_other_code(
    make_worker: Callable[[float], Worker],
    engine: DurableEngine,
    database: Path,
    tmp_path: Path,
    verb: str,
) -> None:
    worker = make_worker(3600.0)
    worker.tell(verb, "job_a")
    wait_until(lambda: journal(tmp_path, "begin") == {"job_a:1": 1})
    worker.kill()
    handler = RecordingHandler()
    engine.launch(handler)
    handler.wait_until_ended(Run("job_a", 1))
    assert handler.begun == Counter([Run("job_a", 1)])
    assert rows(database, "SELECT executor_id, application_version FROM workflow_status") == [
        ("slot-0", "tintype-1")
    ]


@pytest.mark.crash
def test_a_dead_workers_runs_are_taken_over_by_a_living_one(
    make_worker: Callable[[float], Worker], engine: DurableEngine, tmp_path: Path
) -> None:
    dying = make_worker(3600.0)
    runs = [Run(f"job_{number}", 1) for number in range(6)]
    for number, run in enumerate(runs):
        dying.tell("start" if number % 2 else "enqueue", run.job_id)
    wait_until(lambda: len(journal(tmp_path, "begin")) == len(runs))
    handler = RecordingHandler()
    engine.launch(handler)
    own = Run("job_own", 1)
    engine.start(own)
    handler.wait_until_ended(own)
    time.sleep(3.0)
    assert handler.begun == Counter([own]), "a living worker was robbed"
    dying.kill()
    handler.wait_until_ended(*runs)
    assert handler.begun == Counter([own, *runs])


@pytest.mark.crash
def test_a_run_that_outlives_the_drain_is_run_by_the_next_process(
    make_worker: Callable[[float], Worker], engine: DurableEngine, tmp_path: Path
) -> None:
    worker = make_worker(3600.0)
    worker.tell("start", "job_stuck")
    wait_until(lambda: journal(tmp_path, "begin") == {"job_stuck:1": 1})
    assert worker.finish() == "gave up"
    handler = RecordingHandler()
    engine.launch(handler)
    handler.wait_until_ended(Run("job_stuck", 1))
    assert handler.begun == Counter([Run("job_stuck", 1)])


@pytest.mark.crash
@pytest.mark.timeout(300)
def test_no_run_is_lost_however_often_processes_are_killed(
    make_worker: Callable[[float], Worker], database: Path, tmp_path: Path
) -> None:
    chance = random.Random(7)
    jobs = [f"job_{number}" for number in range(60)]
    expected = {f"{job}:1" for job in jobs}
    workers = [make_worker(0.05), make_worker(0.05)]
    for number, job in enumerate(jobs):
        if number % 12 == 6:  # five times
            victim = chance.randrange(2)
            time.sleep(chance.uniform(0.0, 0.3))
            workers[victim].kill()
            workers[victim] = make_worker(0.05)
        workers[chance.randrange(2)].tell(chance.choice(["start", "enqueue"]), job)
    outcomes = "SELECT workflow_uuid FROM workflow_status WHERE status = 'SUCCESS'"
    wait_until(lambda: {run for (run,) in rows(database, outcomes)} == expected)
    assert set(journal(tmp_path, "end")) == expected
    assert [worker.finish() for worker in workers] == ["drained", "drained"]
    assert rows(database, "PRAGMA integrity_check") == [("ok",)]

"""Processes that share a database, and die."""

import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.adapters.durable.stage import Database, Journal, Worker, wait_until
from tintype.adapters.durable import DurableEngine
from tintype.model import Run
from tintype.testing.engine_contract import RecordingHandler

MakeWorker = Callable[..., Worker]


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path)


def test_a_pause_holds_in_every_process_and_after_a_restart(
    make_worker: MakeWorker, engine: DurableEngine, journal: Journal
) -> None:
    worker = make_worker(0.0)
    engine.launch(RecordingHandler())
    assert not worker.paused()
    engine.pause()
    wait_until(worker.paused)
    worker.tell("start", "job_a")
    worker.tell("enqueue", "job_b")
    time.sleep(1.5)
    worker.kill()
    worker = make_worker(0.0)
    assert worker.paused()
    assert engine.drain(0.0)
    time.sleep(1.5)
    assert journal.count("begin") == {}
    engine.resume()
    wait_until(lambda: journal.count("end") == {"job_a:1": 1, "job_b:1": 1})
    assert not worker.paused()


def test_each_process_takes_as_much_as_its_own_threads_allow(
    make_worker: MakeWorker, journal: Journal
) -> None:
    large, small = make_worker(3600.0, threads=3), make_worker(3600.0, threads=1)
    for number in range(20):
        small.tell("enqueue", f"job_{number}")
    wait_until(lambda: len(journal.count("begin")) == 16)
    time.sleep(1.0)
    assert journal.places("begin") == {large.process.pid: 12, small.process.pid: 4}


@pytest.mark.crash
@pytest.mark.parametrize("verb", ["start", "enqueue"])
def test_a_run_whose_process_is_killed_is_run_again_after_a_restart_with_other_code(
    make_worker: MakeWorker,
    engine: DurableEngine,
    database: Database,
    journal: Journal,
    verb: str,
) -> None:
    worker = make_worker(3600.0)
    worker.tell(verb, "job_a")
    wait_until(lambda: journal.count("begin") == {"job_a:1": 1})
    worker.kill()
    handler = RecordingHandler()
    engine.launch(handler)
    handler.wait_until_ended(Run("job_a", 1))
    assert handler.begun == Counter([Run("job_a", 1)])
    versions = database.rows("SELECT DISTINCT application_version FROM workflow_status")
    assert versions == [("tintype-1",)]


@pytest.mark.crash
def test_a_dead_workers_runs_are_taken_over_by_a_living_one(
    make_worker: MakeWorker, engine: DurableEngine, journal: Journal
) -> None:
    dying = make_worker(3600.0)
    runs = [Run(f"job_{number}", 1) for number in range(6)]
    for number, run in enumerate(runs):
        dying.tell("start" if number % 2 else "enqueue", run.job_id)
    wait_until(lambda: len(journal.count("begin")) == len(runs))
    handler = RecordingHandler()
    engine.launch(handler)
    own = Run("job_own", 1)
    engine.start(own)
    handler.wait_until_ended(own)
    time.sleep(6.0)
    assert handler.begun == Counter([own]), "a living worker was robbed"
    dying.kill()
    killed = time.monotonic()
    handler.wait_until_ended(*runs)
    assert time.monotonic() - killed < 10.0, "this is promised"
    assert handler.begun == Counter([own, *runs])


@pytest.mark.crash
def test_a_run_that_outlives_the_drain_is_run_by_the_next_process(
    make_worker: MakeWorker, engine: DurableEngine, journal: Journal
) -> None:
    worker = make_worker(3600.0)
    worker.tell("start", "job_stuck")
    wait_until(lambda: journal.count("begin") == {"job_stuck:1": 1})
    assert worker.finish() == "gave up"
    handler = RecordingHandler()
    engine.launch(handler)
    handler.wait_until_ended(Run("job_stuck", 1))
    assert handler.begun == Counter([Run("job_stuck", 1)])


@pytest.mark.crash
def test_what_a_frozen_process_had_is_taken_over_and_its_outcome_is_not_recorded(
    on_postgres: Database, tmp_path: Path, journal: Journal
) -> None:
    """On SQLite a frozen process keeps its lock, so there its runs wait for it."""
    frozen, living = (Worker(on_postgres, tmp_path / "journal", 20.0, 2) for _ in range(2))
    frozen.tell("start", "job_a")
    wait_until(lambda: journal.count("begin") == {"job_a:1": 1})
    frozen.process.send_signal(signal.SIGSTOP)
    wait_until(lambda: journal.count("begin") == {"job_a:1": 2})
    frozen.process.send_signal(signal.SIGCONT)
    wait_until(lambda: journal.count("end") == {"job_a:1": 1})
    assert journal.places("end") == {frozen.process.pid: 1}
    time.sleep(1.0)
    assert on_postgres.statuses() == {"job_a:1": "PENDING"}
    frozen.tell("enqueue", "job_b")
    wait_until(lambda: on_postgres.statuses()["job_a:1"] == "SUCCESS")
    assert journal.places("end")[living.process.pid] == 1
    wait_until(lambda: on_postgres.statuses()["job_b:1"] == "SUCCESS")
    assert journal.count("begin") == {"job_a:1": 2, "job_b:1": 1}
    assert frozen.finish() == "drained"
    assert living.finish() == "drained"


@pytest.mark.crash
@pytest.mark.timeout(300)
def test_no_run_is_lost_however_often_processes_are_killed(
    make_worker: MakeWorker, database: Database, journal: Journal
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
    wait_until(lambda: database.statuses() == dict.fromkeys(expected, "SUCCESS"))
    assert set(journal.count("end")) == expected
    assert [worker.finish() for worker in workers] == ["drained", "drained"]
    if database.is_file:
        assert database.rows("PRAGMA integrity_check") == [("ok",)]

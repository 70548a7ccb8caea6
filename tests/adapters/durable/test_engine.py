"""What the durable engine owes beyond its contract, on both databases."""

import json
import time
from collections import Counter
from collections.abc import Callable

import pytest

from tests.adapters.durable.stage import JOB, Database, wait_until
from tintype.adapters.durable import DurableEngine
from tintype.adapters.sql.engines import Transactions
from tintype.errors import CatalogFailedError
from tintype.model import Priority, Run
from tintype.testing.engine_contract import PATIENCE_SECONDS, RecordingHandler


def test_nothing_can_be_started_before_launch(engine: DurableEngine) -> None:
    with pytest.raises(RuntimeError, match="launch the engine first"):
        engine.start(Run("job_a", 1))


def test_a_process_launches_one_engine_at_a_time(
    make_engine: Callable[..., DurableEngine],
) -> None:
    first, second = make_engine(), make_engine()
    handler = RecordingHandler()
    first.launch(handler)
    with pytest.raises(RuntimeError, match="one engine in a process"):
        second.launch(RecordingHandler())
    first.start(Run("job_a", 1))
    handler.wait_until_ended(Run("job_a", 1))


def test_an_engine_can_be_launched_after_one_that_failed(
    make_engine: Callable[..., DurableEngine], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise CatalogFailedError

    with monkeypatch.context() as patch:
        patch.setattr("tintype.adapters.durable.backend.Inside", fail)
        with pytest.raises(CatalogFailedError):
            make_engine().launch(RecordingHandler())
    engine, handler = make_engine(), RecordingHandler()
    engine.launch(handler)
    engine.start(Run("job_a", 1))
    handler.wait_until_ended(Run("job_a", 1))


def test_a_database_that_fails_is_a_named_failure(
    engine: DurableEngine, database: Database
) -> None:
    engine.launch(RecordingHandler())
    database.execute("ALTER TABLE workflow_input RENAME TO mislaid")
    try:
        with pytest.raises(CatalogFailedError):
            engine.start(Run("job_a", 1))
        with pytest.raises(CatalogFailedError):
            engine.enqueue(Run("job_a", 1))
    finally:
        database.execute("ALTER TABLE mislaid RENAME TO workflow_input")
    assert database.statuses() == {}


# --- within the caller's transaction ---


def test_a_run_is_enqueued_with_the_callers_commit(
    engine: DurableEngine, catalog: Transactions, database: Database
) -> None:
    handler = RecordingHandler()
    engine.launch(handler)
    with catalog.commit() as connection:
        connection.execute(JOB.insert().values(id="job_a"))
        engine.enqueue_within(connection, Run("job_a", 1), 0.0, Priority.NORMAL)
        connection.execute(JOB.insert().values(id="after"))
        time.sleep(0.7)
        assert not handler.begun
    handler.wait_until_ended(Run("job_a", 1))
    assert database.rows("SELECT id FROM job ORDER BY id") == [("after",), ("job_a",)]


def test_a_run_is_not_enqueued_where_the_caller_rolls_back(
    engine: DurableEngine, catalog: Transactions, database: Database
) -> None:
    handler = RecordingHandler()
    engine.launch(handler)
    with catalog.write() as connection:
        connection.execute(JOB.insert().values(id="job_a"))
        engine.enqueue_within(connection, Run("job_a", 1), 0.0, Priority.NORMAL)
        connection.rollback()
    engine.enqueue(Run("job_b", 1))
    handler.wait_until_ended(Run("job_b", 1))
    assert handler.begun == Counter([Run("job_b", 1)])
    assert database.rows("SELECT workflow_uuid FROM workflow_status") == [("job_b:1",)]
    assert database.rows("SELECT workflow_uuid FROM workflow_input") == [("job_b:1",)]
    assert database.rows("SELECT id FROM job") == []


def test_a_known_id_leaves_the_callers_transaction_usable(
    engine: DurableEngine, catalog: Transactions, database: Database
) -> None:
    handler = RecordingHandler()
    engine.launch(handler)
    engine.start(Run("job_a", 1))
    handler.wait_until_ended(Run("job_a", 1))
    with catalog.write() as connection:
        connection.execute(JOB.insert().values(id="before"))
        engine.enqueue_within(connection, Run("job_a", 1), 0.0, Priority.NORMAL)
        engine.enqueue_within(connection, Run("job_a", 2), 0.0, Priority.NORMAL)
        engine.enqueue_within(connection, Run("job_a", 2), 0.0, Priority.NORMAL)
        connection.execute(JOB.insert().values(id="later"))
    handler.wait_until_ended(Run("job_a", 2))
    assert database.rows("SELECT id FROM job ORDER BY id") == [("before",), ("later",)]
    assert handler.begun == Counter([Run("job_a", 1), Run("job_a", 2)])


def test_a_delay_is_kept_within_a_transaction(engine: DurableEngine, catalog: Transactions) -> None:
    handler = RecordingHandler()
    engine.launch(handler)
    begin = time.monotonic()
    with catalog.write() as connection:
        engine.enqueue_within(connection, Run("job_a", 2), 1.5, Priority.NORMAL)
    handler.wait_until_begun(Run("job_a", 2))
    assert time.monotonic() - begin >= 1.49


def test_the_catalog_may_enqueue_while_the_engine_drains(
    make_engine: Callable[..., DurableEngine], catalog: Transactions
) -> None:
    engine = make_engine()
    engine.launch(RecordingHandler())
    assert engine.drain(PATIENCE_SECONDS)
    with catalog.write() as connection:
        engine.enqueue_within(connection, Run("job_a", 1), 0.0, Priority.NORMAL)
    handler = RecordingHandler()
    make_engine().launch(handler)
    handler.wait_until_ended(Run("job_a", 1))


# --- order ---


def test_runs_go_by_priority_then_in_the_order_in_which_they_were_enqueued(
    one_at_a_time: DurableEngine, catalog: Transactions
) -> None:
    low, normal, high = ([Run(f"job_{name}{n}", 1) for n in range(4)] for name in "lnh")
    handler = RecordingHandler()
    one_at_a_time.launch(handler)
    one_at_a_time.pause()
    for low_one, normal_one, high_one in zip(low, normal, high, strict=True):
        one_at_a_time.enqueue(low_one, priority=Priority.LOW)
        one_at_a_time.enqueue(normal_one)
        with catalog.write() as connection:
            one_at_a_time.enqueue_within(connection, high_one, 0.0, Priority.HIGH)
    one_at_a_time.resume()
    handler.wait_until_ended(*low, *normal, *high)
    assert handler.order == (*high, *normal, *low)


def test_a_delay_does_not_change_a_priority(one_at_a_time: DurableEngine) -> None:
    runs = [Run(f"job_{name}", 2) for name in ("low", "normal", "high")]
    handler = RecordingHandler()
    one_at_a_time.launch(handler)
    one_at_a_time.pause()
    for run, priority in zip(runs, reversed(Priority), strict=True):
        one_at_a_time.enqueue(run, delay=0.5, priority=priority)
    time.sleep(3.0)  # until no delay is left
    one_at_a_time.resume()
    handler.wait_until_ended(*runs)
    assert handler.order == tuple(reversed(runs))


def test_a_recovery_does_not_change_a_priority(
    one_at_a_time: DurableEngine, database: Database
) -> None:
    runs = [Run(f"job_{name}", 1) for name in ("low", "normal", "high")]
    handler = RecordingHandler()
    one_at_a_time.launch(handler)
    one_at_a_time.pause()
    for run, priority in zip(runs, reversed(Priority), strict=True):
        one_at_a_time.enqueue(run, priority=priority)
    died_with(database, "worker-dead")
    wait_until(lambda: set(database.statuses().values()) == {"ENQUEUED"})
    one_at_a_time.resume()
    handler.wait_until_ended(*runs)
    assert handler.order == tuple(reversed(runs))


# --- how much is taken ---


def test_what_a_process_has_no_room_for_is_enqueued(
    make_engine: Callable[..., DurableEngine], database: Database
) -> None:
    engine = make_engine(threads=1)
    runs = [Run(f"job_{number}", 1) for number in range(12)]
    handler = RecordingHandler(holding=runs)
    engine.launch(handler)
    for run in runs[:4]:
        engine.start(run)
        handler.wait_until_begun(run)
    for run in runs[4:]:
        engine.start(run)
    wait_until(lambda: len(handler.begun) == 8)
    time.sleep(0.7)
    assert len(handler.begun) == 8
    queues = database.rows("SELECT queue_name, count(*) FROM workflow_status GROUP BY queue_name")
    assert set(queues) == {(None, 4), ("images", 8)}
    handler.release()
    handler.wait_until_ended(*runs)


def test_what_was_recovered_is_taken_as_room_is_and_not_while_paused(
    make_engine: Callable[..., DurableEngine], database: Database
) -> None:
    """DBOS itself would begin all that had been started, and at once."""
    before = make_engine(threads=3)
    runs = [Run(f"job_{number}", 1) for number in range(10)]
    held = RecordingHandler(holding=runs)
    before.launch(held)
    for run in runs:
        before.start(run)
    held.wait_until_begun(*runs)
    before.pause()
    assert not before.drain(0.0)
    died_with(database, "worker-dead")
    engine, handler = make_engine(threads=1), RecordingHandler(holding=runs)
    engine.launch(handler)
    wait_until(lambda: set(database.statuses().values()) == {"ENQUEUED"})
    time.sleep(1.5)
    assert not handler.begun
    engine.resume()
    wait_until(lambda: len(handler.begun) == 4)
    time.sleep(0.7)
    assert len(handler.begun) == 4
    held.release()
    handler.release()
    handler.wait_until_ended(*runs)


# --- what DBOS keeps ---


def test_nothing_in_the_database_is_a_pickle(
    engine: DurableEngine, catalog: Transactions, database: Database
) -> None:
    recording = RecordingHandler()

    def handler(run: Run) -> None:
        recording(run)
        raise ValueError("an error is not pickled either")

    engine.launch(handler)
    engine.start(Run("job_a", 1))
    engine.enqueue(Run("job_b", 1))
    with catalog.write() as connection:
        engine.enqueue_within(connection, Run("job_c", 1), 0.0, Priority.NORMAL)
    recording.wait_until_ended(*(Run(f"job_{name}", 1) for name in "abc"))
    assert engine.drain(PATIENCE_SECONDS)
    kinds = database.rows("SELECT DISTINCT serialization FROM workflow_status")
    assert kinds == [("portable_json",)]
    inputs = database.rows("SELECT inputs FROM workflow_input ORDER BY workflow_uuid")
    assert [json.loads(content)["positionalArgs"] for (content,) in inputs] == [
        ["job_a", 1],
        ["job_b", 1],
        ["job_c", 1],
    ]
    outputs = database.rows("SELECT output, error FROM workflow_output")
    assert outputs == [("null", None)] * 3


def test_a_run_that_a_handler_starts_is_no_step_of_its_own_run(
    engine: DurableEngine, database: Database
) -> None:
    recording = RecordingHandler()

    def handler(run: Run) -> None:
        if run.attempt == 1:
            engine.start(Run(run.job_id, 2))
        recording(run)

    engine.launch(handler)
    engine.start(Run("job_a", 1))
    recording.wait_until_ended(Run("job_a", 1), Run("job_a", 2))
    assert database.rows("SELECT * FROM operation_outputs") == []
    parents = database.rows("SELECT DISTINCT parent_workflow_id FROM workflow_status")
    assert parents == [(None,)]


def test_sweep_forgets_finished_runs_and_no_others(
    engine: DurableEngine, database: Database
) -> None:
    ended, running, waiting = Run("job_a", 1), Run("job_b", 1), Run("job_c", 1)
    handler = RecordingHandler(holding=[running])
    engine.launch(handler)
    engine.start(ended)
    engine.start(running)
    engine.enqueue(waiting, delay=3600)
    handler.wait_until_ended(ended)
    handler.wait_until_begun(running)
    wait_until(lambda: database.statuses()["job_a:1"] == "SUCCESS")
    assert engine.sweep(3600) == 0
    assert set(database.statuses()) == {"job_a:1", "job_b:1", "job_c:1"}
    assert engine.sweep(-1) == 1
    assert set(database.statuses()) == {"job_b:1", "job_c:1"}
    handler.release()


def test_sweep_deletes_more_than_a_batch(engine: DurableEngine, database: Database) -> None:
    engine.launch(RecordingHandler())
    for number in range(501):
        engine.enqueue(Run(f"job_{number}", 1), delay=3600)
    database.execute("UPDATE workflow_status SET status = 'SUCCESS', completed_at = 1000")
    assert engine.sweep(3600) == 501
    assert database.rows("SELECT * FROM workflow_status") == []
    assert database.rows("SELECT * FROM workflow_input") == []


# --- what is left behind ---


def died_with(database: Database, owner: str) -> None:
    """Have all runs be those of a process that is no more."""
    database.execute(f"UPDATE workflow_status SET status = 'PENDING', executor_id = '{owner}'")


@pytest.fixture
def taken(make_engine: Callable[..., DurableEngine], database: Database) -> Run:
    """A run that a process took at the very moment at which it was told to drain."""
    run = Run("job_a", 1)
    engine, handler = make_engine(), RecordingHandler()
    engine.launch(handler)
    library = engine._library
    stop = library.stop

    def take_and_stop() -> None:
        library.start(run)
        wait_until(lambda: not library.running())
        stop()

    library.stop = take_and_stop  # type: ignore[method-assign]
    assert engine.drain(1.0)
    assert not handler.begun
    assert database.statuses() == {run.id: "PENDING"}
    return run


def test_a_run_that_was_taken_and_had_not_begun_is_left_to_the_next_process(
    taken: Run, engine: DurableEngine
) -> None:
    handler = RecordingHandler()
    engine.launch(handler)
    handler.wait_until_ended(taken)
    assert handler.begun == Counter([taken])


def test_a_run_is_never_given_up_however_often_it_took_its_process_down(
    taken: Run, engine: DurableEngine, database: Database
) -> None:
    database.execute("UPDATE workflow_status SET recovery_attempts = 1000")
    handler = RecordingHandler()
    engine.launch(handler)
    handler.wait_until_ended(taken)
    wait_until(lambda: database.statuses() == {taken.id: "SUCCESS"})


def test_a_run_that_was_taken_and_that_nobody_works_on_is_handed_out_again(
    engine: DurableEngine, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tintype.adapters.durable.janitor._STRAY_SECONDS", 1.0)
    held, stray = Run("job_held", 1), Run("job_stray", 1)
    handler = RecordingHandler(holding=[held])
    engine.launch(handler)
    engine.start(held)
    handler.wait_until_begun(held)
    owner = database.rows("SELECT executor_id FROM workflow_status")[0][0]
    engine.pause()
    engine.enqueue(stray)
    database.execute(
        f"UPDATE workflow_status SET status = 'PENDING', executor_id = '{owner}'"
        f" WHERE workflow_uuid = '{stray.id}'"
    )
    engine.resume()
    handler.wait_until_ended(stray)
    handler.release()
    handler.wait_until_ended(held)
    assert handler.begun == Counter([held, stray])


def test_the_outcome_of_a_run_that_another_has_taken_over_is_not_recorded(
    engine: DurableEngine, database: Database
) -> None:
    run = Run("job_a", 1)
    handler = RecordingHandler(holding=[run])
    engine.launch(handler)
    engine.start(run)
    handler.wait_until_begun(run)
    database.execute("UPDATE workflow_status SET owner_xid = 'of-another'")
    handler.release()
    handler.wait_until_ended(run)
    wait_until(lambda: not engine._library.running())
    assert engine.drain(PATIENCE_SECONDS)
    found = database.rows("SELECT status, owner_xid FROM workflow_status")
    assert found == [("PENDING", "of-another")]
    assert database.rows("SELECT * FROM workflow_output") == []

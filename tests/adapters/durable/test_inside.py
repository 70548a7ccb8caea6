"""What is changed within DBOS: each of these fails with a DBOS that works otherwise."""

import os
import re
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
import sqlalchemy
from dbos import DBOS

from tests.adapters.durable.stage import Database, wait_until
from tintype.adapters.durable import DurableEngine
from tintype.adapters.durable.inside import LeftError
from tintype.model import Run
from tintype.testing.engine_contract import PATIENCE_SECONDS, RecordingHandler


def test_the_row_of_the_queue_says_only_whether_it_is_paused(
    engine: DurableEngine, database: Database
) -> None:
    row = "SELECT worker_concurrency FROM queues"
    runs = [Run(f"job_{number}", 1) for number in range(8)]
    handler = RecordingHandler(holding=runs)
    engine.launch(handler)
    assert database.rows(row) == [(1,)]
    for run in runs:
        engine.enqueue(run)
    handler.wait_until_begun(*runs)
    engine.pause()
    assert database.rows(row) == [(0,)]
    engine.resume()
    assert database.rows(row) == [(1,)]
    handler.release()


def test_another_process_pauses_this_one(engine: DurableEngine, database: Database) -> None:
    engine.launch(RecordingHandler())
    database.execute("UPDATE queues SET worker_concurrency = 0")
    wait_until(lambda: engine.paused)
    database.execute("UPDATE queues SET worker_concurrency = 1")
    wait_until(lambda: not engine.paused)


def test_a_queue_that_cannot_be_read_is_looked_at_less_often(
    engine: DurableEngine, database: Database
) -> None:
    failed = 0

    def count(_: sqlalchemy.ExceptionContext) -> None:
        nonlocal failed
        failed += 1

    engine.launch(RecordingHandler())
    sqlalchemy.event.listen(sqlalchemy.Engine, "handle_error", count)
    try:
        database.execute("ALTER TABLE queues RENAME TO mislaid")
        time.sleep(3.0)
        database.execute("ALTER TABLE mislaid RENAME TO queues")
    finally:
        sqlalchemy.event.remove(sqlalchemy.Engine, "handle_error", count)
    assert 0 < failed <= 8, "twice a second: the worker of the queue, and what keeps the workers"


def test_what_has_ended_is_not_read_to_find_what_has_not(
    engine: DurableEngine, database: Database
) -> None:
    looks: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "= 'PENDING'" in statement and "executor_id" in statement:
            looks.append(statement)

    engine.launch(RecordingHandler())
    sqlalchemy.event.listen(sqlalchemy.Engine, "before_cursor_execute", note)
    try:
        wait_until(lambda: bool(looks))
    finally:
        sqlalchemy.event.remove(sqlalchemy.Engine, "before_cursor_execute", note)
    if database.is_file:  # a server reads a table that is as good as empty as a whole
        plan = database.rows(f"EXPLAIN QUERY PLAN {looks[0]}")
        assert [row[-1].rpartition(" ")[-1] for row in plan] == ["idx_workflow_status_pending"]


def test_nobody_waits_for_what_another_process_records(engine: DurableEngine) -> None:
    engine.launch(RecordingHandler())
    engine.enqueue(Run("job_a", 1), delay=3600)
    with pytest.raises(LeftError):
        DBOS.retrieve_workflow("job_a:1").get_result()


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
    assert done.stderr == ""
    assert re.fullmatch(r"\[\('worker-[0-9a-f]{16}', 'tintype-1'\)\]\n", done.stdout)
    made = {path.name for path in tmp_path.iterdir()} - {"own.db-wal", "own.db-shm"}
    assert made == {"dbos-config.yaml", "own.db", "own.db.slots"}

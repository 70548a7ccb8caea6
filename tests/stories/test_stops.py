"""A polite stop: what runs is finished or released, nothing is begun, and the exit is clean."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.support.deployment import Deployment
from tests.support.launcher import Launched
from tests.support.postgres import PostgresServer
from tests.support.service import all_gone
from tintype.adapters.sql.schema import LEASES
from tintype.model import ImageState

JOBS_SENT = 30
# A claim may have been under way when the signal came.
UNDER_WAY = timedelta(seconds=1)

pytestmark = pytest.mark.timeout(300)


def wait_for_work(deployment: Deployment) -> None:
    """Wait until a job runs."""
    while not deployment.ledger.leases():
        time.sleep(0.01)


def begun_after(deployment: Deployment, moment: datetime) -> int:
    """How many jobs were begun after a moment."""
    begun = sa.select(LEASES.c.began_at)
    with deployment.ledger.reading() as connection:
        return sum(began > moment for began in connection.execute(begun).scalars())


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Iterator[Deployment]:
    deployment = Deployment(tmp_path, f"sqlite:///{tmp_path / 'tintype.db'}")
    yield deployment
    deployment.close()


@pytest.fixture
def on_postgres(tmp_path: Path, postgres: PostgresServer) -> Iterator[Deployment]:
    deployment = Deployment(tmp_path, postgres.database())
    yield deployment
    deployment.close()


def stop(program: Launched) -> datetime:
    """Stop a program politely and see it end well; returns when it was told to."""
    family = program.family()
    told = datetime.now(UTC)
    os.kill(program.pid, signal.SIGTERM)
    assert program.wait() == 0
    assert all_gone(family)
    return told


def test_a_stopped_server_finishes_what_runs_and_begins_nothing_more(
    on_sqlite: Deployment,
) -> None:
    server = on_sqlite.start("up")
    on_sqlite.send(server, JOBS_SENT - 1)
    # A client that waits for its job keeps the server from closing at once.
    waiting = threading.Thread(target=on_sqlite.send, args=(server, 1, "60"))
    waiting.start()
    while sum(on_sqlite.states().values()) < JOBS_SENT:
        time.sleep(0.01)
    told = stop(server)
    waiting.join()
    assert begun_after(on_sqlite, told + UNDER_WAY) == 0
    assert on_sqlite.states().keys() == {ImageState.DONE, ImageState.QUEUED}
    on_sqlite.start("up")
    on_sqlite.assert_done(JOBS_SENT)


def test_a_stopped_worker_finishes_what_runs_and_begins_nothing_more(
    on_postgres: Deployment,
) -> None:
    server = on_postgres.start("up")
    on_postgres.send(server, JOBS_SENT)
    server.kill_family()  # so that nobody but the worker begins anything
    worker = on_postgres.start("worker")
    wait_for_work(on_postgres)
    told = stop(worker)
    assert begun_after(on_postgres, told + UNDER_WAY) == 0
    on_postgres.start("worker")
    on_postgres.assert_done(JOBS_SENT)


def test_a_stopped_server_without_time_releases_what_runs(on_sqlite: Deployment) -> None:
    server = on_sqlite.start("up", TINTYPE_GRACE_SECONDS="0")
    on_sqlite.send(server, JOBS_SENT)
    wait_for_work(on_sqlite)
    stop(server)
    assert ImageState.RUNNING in on_sqlite.states()
    on_sqlite.start("up")
    on_sqlite.assert_done(JOBS_SENT)


def test_a_stopped_worker_without_time_leaves_its_jobs_to_the_living(
    on_postgres: Deployment,
) -> None:
    server = on_postgres.start("up")
    worker = on_postgres.start("worker", TINTYPE_GRACE_SECONDS="0")
    on_postgres.send(server, JOBS_SENT)
    wait_for_work(on_postgres)
    stop(worker)
    on_postgres.assert_done(JOBS_SENT)
    assert server.stop() == 0

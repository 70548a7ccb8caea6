"""The time of day may be wrong: jobs neither get lost by it nor are tried again.

What cannot be tested here is a clock that jumps below the C library. A retry that waits for its
delay waits longer by what the clock is set back, as its moment is kept as a time of day.
"""

import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from tests.support.clock import Clock
from tests.support.deployment import Deployment
from tests.support.postgres import PostgresServer
from tintype.adapters.sql.schema import JOBS

HOUR = 3600
WEEK = 7 * 24 * HOUR

pytestmark = [pytest.mark.crash, pytest.mark.timeout(300)]


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    return Clock.build(tmp_path)


@pytest.fixture(params=["sqlite", "postgres"])
def deployment(
    tmp_path: Path, clock: Clock, request: pytest.FixtureRequest
) -> Iterator[Deployment]:
    database = f"sqlite:///{tmp_path / 'tintype.db'}"
    if request.param == "postgres":
        # The server's own clock stays right: then it is the two that disagree.
        server: PostgresServer = request.getfixturevalue("postgres")
        database = server.database()
    made = Deployment(tmp_path, database, clock.environ)
    yield made
    made.close()


def test_a_clock_that_is_set_reaches_the_programs(deployment: Deployment, clock: Clock) -> None:
    server = deployment.start()
    deployment.send(server, 1)
    clock.jump(WEEK)
    deployment.send(server, 1)
    with deployment.ledger.reading() as connection:
        first, second = connection.execute(
            sa.select(JOBS.c.created_at).order_by(JOBS.c.created_at)
        ).scalars()
    assert WEEK <= (second - first).total_seconds() < WEEK + HOUR


def test_jumps_of_an_hour_while_jobs_run_lose_no_lease_and_retry_nothing(
    deployment: Deployment, clock: Clock
) -> None:
    server = deployment.start()
    for jump in (HOUR, -HOUR, -HOUR, HOUR):
        deployment.send(server, 1)
        while not deployment.ledger.leases():
            deployment.send(server, 1)
        clock.jump(jump)
        deployment.send(server, 3)
    deployment.assert_done(deployment.sent)
    assert server.stop() == 0


@pytest.mark.parametrize("jump", [WEEK, -HOUR])
@pytest.mark.parametrize("point", ["after accept", "after claim"])
def test_what_a_dead_process_left_is_done_whatever_the_time_is_at_the_next_start(
    deployment: Deployment, clock: Clock, point: str, jump: int
) -> None:
    dying = deployment.start(crash=(point, 1))
    with suppress(httpx.HTTPError):
        deployment.send(dying, 6)
    assert dying.wait() == -signal.SIGKILL
    clock.jump(jump)
    server = deployment.start()
    # The last one may have been accepted without an answer.
    accepted = sum(deployment.states().values())
    assert accepted in (deployment.sent, deployment.sent + 1)
    deployment.assert_done(accepted)
    assert server.stop() == 0

"""Nothing is lost, nothing is doubled, nobody is left behind, whenever the power goes.

The same with a thousand kills is `./do bench chaos`, and fifty at each point `./do bench points`.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import psutil
import pytest
import sqlalchemy as sa

from tests.support.crash_points import POINTS
from tests.support.deployment import Deployment
from tests.support.launcher import Launcher
from tests.support.postgres import PostgresServer
from tests.support.service import RunningService, all_gone
from tests.support.storm import DRAIN_SECONDS, RECIPE, Storm
from tests.support.traffic import Picture, pictures
from tintype.adapters.sql.schema import JOBS
from tintype.model import ImageState

SEED = 20261121
HITS = 5
MOST_DEATHS = 100

pytestmark = [pytest.mark.crash, pytest.mark.timeout(600)]

MakeStorm = Callable[[str], Storm]
MakeDeployment = Callable[[str], Deployment]


@pytest.fixture(scope="module")
def launcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launcher]:
    with Launcher(tmp_path_factory.mktemp("logs")) as launcher:
        yield launcher


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> list[Picture]:
    return pictures(RECIPE, tmp_path_factory.mktemp("photographs"))


@pytest.fixture
def make_storm(
    launcher: Launcher,
    photographs: list[Picture],
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> MakeStorm:
    """Makes a storm over SQLite or Postgres."""

    def make(database: str) -> Storm:
        url = f"sqlite:///{tmp_path / 'tintype.db'}"
        if database == "postgres":
            server: PostgresServer = request.getfixturevalue("postgres")
            url = server.database()
        return Storm(tmp_path, launcher, photographs, database=url, seed=SEED)

    return make


@pytest.fixture
def make_deployment(tmp_path: Path) -> Iterator[MakeDeployment]:
    """Makes deployments on a database, of which nothing is left at the end."""
    made: list[Deployment] = []

    def make(database: str) -> Deployment:
        made.append(Deployment(tmp_path, database))
        return made[-1]

    yield make
    for deployment in made:
        deployment.close()


@pytest.mark.parametrize(
    ("database", "kills", "jobs"), [("sqlite", 50, 300), ("postgres", 20, 120)]
)
def test_kill_9_at_random_moments_loses_and_doubles_nothing(
    make_storm: MakeStorm, database: str, kills: int, jobs: int
) -> None:
    outcome = make_storm(database).rage(kills, jobs)
    assert outcome.faults == []
    assert outcome.promises >= jobs
    assert sum(outcome.kills.values()) == kills
    assert outcome.remade == 0, "who is dead writes nothing late"
    assert outcome.met_work >= kills // 2, "kills must meet jobs at work"
    assert outcome.read > 0, "readers must have looked meanwhile"


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
@pytest.mark.parametrize("point", POINTS)
def test_a_death_at_a_named_point_loses_and_doubles_nothing(
    make_storm: MakeStorm, database: str, point: str
) -> None:
    outcome = make_storm(database).haunt(point, HITS)
    assert outcome.faults == []
    assert outcome.kills == {point: HITS}
    assert outcome.retried == {}, "the death of a host is no attempt"
    assert outcome.remade == 0, "who is dead writes nothing late"


@pytest.mark.parametrize("point", ["after decode", "before commit"])
def test_a_worker_that_was_taken_for_dead_writes_nothing_more(
    make_storm: MakeStorm, point: str
) -> None:
    outcome = make_storm("postgres").freeze(point)
    assert outcome.faults == []
    assert outcome.begun_again, "its job must have been taken over"


def test_a_late_write_over_a_newer_variant_does_not_stay(
    make_deployment: MakeDeployment, postgres: PostgresServer, photographs: list[Picture]
) -> None:
    old, new = photographs[:2]
    deployment = make_deployment(postgres.database())
    frozen = deployment.start(crash=("before output", 1, signal.SIGSTOP))
    deployment.replace(frozen, "photograph.jpg", old.content)
    while frozen.process.status() != psutil.STATUS_STOPPED:
        time.sleep(0.01)
    deployment.ledger.cut_connections()
    server = deployment.start()
    deployment.drain()
    deployment.replace(server, "photograph.jpg", new.content)
    deployment.drain()
    os.kill(frozen.pid, signal.SIGCONT)
    deadline = time.monotonic() + DRAIN_SECONDS
    while "run.overtaken" not in frozen.log.read_text():
        assert time.monotonic() < deadline, frozen.log.read_text()[-3000:]
        time.sleep(0.1)
    deployment.drain()
    for variant, content in new.variants.items():
        found = httpx.get(f"{server.url}/{variant}/photograph.jpg").content
        assert found == content


def test_a_job_whose_process_dies_again_and_again_is_given_up_with_a_reason(
    make_deployment: MakeDeployment, tmp_path: Path
) -> None:
    deployment = make_deployment(f"sqlite:///{tmp_path / 'tintype.db'}")
    dying = deployment.start(crash=("after claim", 1))
    with suppress(httpx.HTTPError):
        deployment.send(dying, 1)
    assert dying.wait() == -signal.SIGKILL
    with deployment.ledger.reading() as connection:
        connection.execute(sa.update(JOBS).values(deaths=MOST_DEATHS - 1))
        connection.commit()
    dying = deployment.launch(crash=("after claim", 1))
    assert dying.wait() == -signal.SIGKILL
    assert deployment.states() == {ImageState.RUNNING: 1}
    server = deployment.start()
    deployment.drain()
    [image] = httpx.get(f"{server.url}/v1/images").json()["items"]
    assert (image["status"], image["error"]["code"]) == ("dead", "host_died")
    assert server.stop() == 0


def test_a_stopped_service_leaves_no_process(tmp_path: Path) -> None:
    service = RunningService(RECIPE, tmp_path / "data")
    family = service.family()
    assert len(family) > 1
    assert service.stop() == 0
    assert all_gone(family)
    assert not psutil.pid_exists(family[-1].pid)

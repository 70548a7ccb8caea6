"""`tintype up`, `put` and `status`."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import tintype
from tests.support.photographs import encoded, photograph, write_photograph
from tests.support.service import RunningService

RECIPE = Path(__file__).parents[3] / "recipes" / "marketplace.yaml"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    running = RunningService(RECIPE, tmp_path_factory.mktemp("service") / "data")
    yield running
    assert running.stop() == 0


def test_put_waits_until_every_image_is_done(service: RunningService, tmp_path: Path) -> None:
    for number in range(3):
        write_photograph(tmp_path / f"{number}.jpg", 300, 200, seed=number)
    done = tintype("put", tmp_path, "--wait", "--url", service.url)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 3
    assert all(line.endswith(" done") for line in done.stdout.splitlines())


def test_put_says_why_an_image_was_refused(service: RunningService, tmp_path: Path) -> None:
    words = tmp_path / "words.jpg"
    words.write_text("only words " * 50)
    done = tintype("put", words, "--wait", "--json", environ={"TINTYPE_URL": service.url})
    assert done.returncode == 1
    answer = json.loads(done.stdout)
    assert answer["status"] == "rejected"
    assert answer["error"]["code"] == "not_an_image"


def test_status_shows_one_image_with_variants_and_steps(
    service: RunningService, tmp_path: Path
) -> None:
    photo = write_photograph(tmp_path / "shown.jpg", 300, 200)
    sent = json.loads(tintype("put", photo, "--wait", "--json", "--url", service.url).stdout)
    shown = tintype("status", sent["id"], "--url", service.url)
    assert shown.returncode == 0
    for word in ("done", "800x600", "400x300", "200x150", "validate", "render", "record"):
        assert word in shown.stdout
    listed = tintype("status", "--url", service.url)
    assert sent["id"] in listed.stdout
    assert listed.stdout.startswith("queue: 0 waiting, 0 running, 0 dead letters\n")
    page = json.loads(tintype("status", "--json", "--url", service.url).stdout)
    assert page["items"][0]["id"] == sent["id"]
    assert page["queue"]["dead"] == 0


def test_status_of_an_unknown_image_is_a_clear_error(service: RunningService) -> None:
    done = tintype("status", "img_" + "a" * 26, "--url", service.url)
    assert done.returncode == 2
    assert "There is no such image." in done.stderr


def test_a_service_that_is_away_is_a_clear_error() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        done = tintype("status", "--url", f"http://127.0.0.1:{unused.getsockname()[1]}")
    assert done.returncode == 1
    assert "tintype up" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_is_a_clear_error(service: RunningService, tmp_path: Path) -> None:
    port = service.url.rpartition(":")[2]
    done = tintype("up", "-r", RECIPE, "--data", tmp_path / "data", "--port", port)
    assert done.returncode == 2
    assert "TINTYPE_PORT" in done.stderr


def test_two_services_may_share_one_data_folder(service: RunningService) -> None:
    other = RunningService(RECIPE, service.data)
    try:
        made = other.upload("shared.jpg", encoded(photograph(900, 700)))
        assert service.settled(made["id"])["status"] == "done"
    finally:
        assert other.stop() == 0


@pytest.mark.parametrize("folder", ["file", "file/below", "/proc/none"])
def test_a_data_folder_that_cannot_be_is_a_clear_error(tmp_path: Path, folder: str) -> None:
    (tmp_path / "file").touch()
    done = tintype("up", "-r", RECIPE, "--data", folder, "--port", "0", cwd=tmp_path)
    assert done.returncode == 2
    assert "TINTYPE_DATA" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_keys_only_this_machine_is_served(tmp_path: Path) -> None:
    data = tmp_path / "data"
    done = tintype("up", "-r", RECIPE, "--data", data, "--host", "0.0.0.0", "--no-auth")
    assert done.returncode == 2
    assert "loopback" in done.stderr
    assert not data.exists()


@pytest.mark.parametrize(
    "command",
    [
        *("up", "worker", "develop", "put", "status", "doctor", "health", "recipe", "jobs"),
        *("jobs show", "jobs retry", "jobs cancel", "jobs pause", "jobs resume", "dead"),
        *("dead list", "dead show", "dead redrive", "dead drop"),
    ],
)
def test_every_command_explains_itself(command: str) -> None:
    done = tintype(*command.split(), "--help")
    assert done.returncode == 0
    assert "Example" in done.stdout or command in ("recipe", "jobs", "dead")


def test_every_command_is_listed_and_a_near_miss_is_understood() -> None:
    listed = tintype("--help").stdout
    for command in ("up", "worker", "put", "status", "jobs", "dead", "doctor", "health"):
        assert f" {command} " in listed
    missed = tintype("helth")
    assert missed.returncode == 2
    assert "Did you mean 'health'" in missed.stderr

"""Nothing is lost, nothing is doubled, nobody is left behind, whenever the power goes."""

import itertools
import random
import sqlite3
import threading
import time
from pathlib import Path

import httpx
import psutil
import pytest

from tests.support.photographs import encoded, photograph
from tests.support.service import RunningService, all_gone

RECIPE = Path(__file__).parents[2] / "recipes" / "marketplace.yaml"
JOBS = 300
KILLS = 50

pytestmark = [pytest.mark.crash, pytest.mark.timeout(1200)]


class Sender:
    """A client that sends every file until it is promised, whatever happens to the service.

    It sends at least JOBS files, and more until it is told that it is enough: so that no kill
    meets an idle service.
    """

    def __init__(self, pictures: list[bytes]) -> None:
        self.promised: dict[str, str] = {}
        self._pictures = pictures
        self._url: str | None = None
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._send)
        self._thread.start()

    @property
    def done(self) -> bool:
        return not self._thread.is_alive()

    def use(self, url: str | None) -> None:
        """Where the service is now, or None while it is away."""
        self._url = url

    def enough(self) -> None:
        """Send no more than JOBS files, or than there are by now."""
        self._enough.set()

    def _send(self) -> None:
        for number in itertools.count():
            if number >= JOBS and self._enough.is_set():
                return
            name = f"photo-{number}.jpg"
            while name not in self.promised:
                self._try(name, self._pictures[number % len(self._pictures)])

    def _try(self, name: str, content: bytes) -> None:
        url = self._url
        if url is None:
            time.sleep(0.01)
            return
        try:
            response = httpx.post(f"{url}/v1/images", params={"name": name}, content=content)
        except httpx.HTTPError:
            time.sleep(0.01)
            return
        assert response.status_code == 202, response.text
        self.promised[name] = response.json()["id"]


def test_kill_9_at_fifty_random_moments_loses_and_doubles_nothing(tmp_path: Path) -> None:
    dice = random.Random(20261120)
    sender = Sender([encoded(photograph(1400, 1000, seed=seed)) for seed in range(5)])
    kills = interrupted = 0
    try:
        while kills < KILLS:
            service = RunningService(RECIPE, tmp_path / "data")
            sender.use(service.url)
            time.sleep(dice.uniform(0.0, 0.6))
            family = service.family()
            running = service.client.get("/v1/jobs", params={"state": "running"}).json()["items"]
            interrupted += bool(running)
            sender.use(None)
            if dice.random() < 0.5:
                service.kill()
            else:
                service.kill_server()
            kills += 1
            assert all_gone(family), "a process outlived its service"
        sender.enough()
        service = RunningService(RECIPE, tmp_path / "data")
        sender.use(service.url)
        while not sender.done:
            time.sleep(0.1)
        # A promise whose answer was lost on the way is an image too: hence all, not the promised.
        images = [service.settled(image["id"]) for image in service.images()]
        assert service.stop() == 0
    finally:
        sender.enough()
    assert set(sender.promised.values()) <= {image["id"] for image in images}
    assert len(sender.promised) >= JOBS
    assert interrupted >= KILLS // 4, "kills must meet jobs at work"
    with sqlite3.connect(tmp_path / "data" / "tintype.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()
    assert {image["status"] for image in images} == {"done"}
    recorded = [variant["key"] for image in images for variant in image["variants"]]
    assert len(recorded) == len(set(recorded)) == 3 * len(images)
    _nothing_else(tmp_path / "data", set(recorded))


def _nothing_else(data: Path, recorded: set[str]) -> None:
    """Every recorded variant is a whole file, and no work of a killed process lies around."""
    objects = data / "objects"
    files = {file.relative_to(objects).as_posix() for file in objects.rglob("*") if file.is_file()}
    assert {key for key in files if not key.startswith("originals/")} == recorded
    for key in recorded:
        content = (objects / key).read_bytes()
        assert content.startswith(b"\xff\xd8")
        assert content.endswith(b"\xff\xd9")
    assert not [path for path in (data / "scratch").iterdir() if path.is_dir()]
    assert not list((data / "uploads").iterdir())


def test_a_stopped_service_leaves_no_process(tmp_path: Path) -> None:
    service = RunningService(RECIPE, tmp_path / "data")
    family = service.family()
    assert len(family) > 1
    assert service.stop() == 0
    assert all_gone(family)
    assert not psutil.pid_exists(family[-1].pid)

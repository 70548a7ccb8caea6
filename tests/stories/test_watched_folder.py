"""A running service takes in what others put into its folder, and follows what they do there."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import tintype
from tests.support.photographs import encoded, photograph
from tests.support.service import RunningService

RECIPE = """
version: 1
name: watched
variants:
  - {name: small, operations: [{resize: {width: 8}}], key: "small/{name}.{ext}"}
delivery: {access: public}
"""
PICTURE = encoded(photograph(80, 60))
OTHER = encoded(photograph(90, 50, seed=2))
WATCHING = {"TINTYPE_WATCH": "true"}
MANY = 500
_PATIENCE = 240.0  # a ceiling against hangs

pytestmark = pytest.mark.timeout(300)


class Folder:
    """The originals of a service, as its owner sees them."""

    def __init__(self, base: Path) -> None:
        self.data = base / "data"
        self.originals = self.data / "objects" / "originals"
        self._recipe = base / "recipe.yaml"
        self._recipe.write_text(RECIPE)
        self.service = self.open()

    def open(self) -> RunningService:
        """Start the service."""
        self.service = RunningService(self._recipe, self.data, environ=WATCHING)
        return self.service

    def put(self, name: str, content: bytes = PICTURE) -> Path:
        """Write a file at once."""
        file = self.originals / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        return file

    def shown(self) -> dict[str, str]:
        """How each original stands that is there, by its name below the folder."""
        items = [item for item in self.service.images() if item["status"] != "gone"]
        assert len({item["key"] for item in items}) == len(items)
        return {item["key"].removeprefix("originals/"): item["status"] for item in items}

    def wait_until_done(self, *names: str) -> None:
        """Wait until these are the images, all done, with nothing but their variants stored."""
        deadline = time.monotonic() + _PATIENCE
        while (shown := self.shown()) != dict.fromkeys(names, "done"):
            assert time.monotonic() < deadline, (shown, self.service.log()[-3000:])
            time.sleep(0.2)
        small = self.data / "objects" / "small"
        while (made := self._files(small)) != {str(Path(name).with_suffix("")) for name in names}:
            assert time.monotonic() < deadline, made
            time.sleep(0.2)

    def _files(self, folder: Path) -> set[str]:
        paths = (path for path in folder.rglob("*") if path.is_file())
        return {str(path.relative_to(folder).with_suffix("")) for path in paths}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    folder = Folder(tmp_path)
    yield folder
    assert folder.service.stop() == 0


def test_a_day_in_the_life_of_a_folder(folder: Folder) -> None:
    folder.put("ü ñ 日本/a+b %41.jpg")
    folder.put("a.jpg")
    folder.wait_until_done("ü ñ 日本/a+b %41.jpg", "a.jpg")

    (item,) = [item for item in folder.service.images() if item["key"] == "originals/a.jpg"]
    before = folder.service.image(item["id"])["job"]["id"]
    folder.put("a.jpg", OTHER)
    deadline = time.monotonic() + _PATIENCE
    while folder.service.image(item["id"])["job"]["id"] == before:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    folder.wait_until_done("ü ñ 日本/a+b %41.jpg", "a.jpg")
    assert folder.service.image(item["id"])["facts"]["width"] == 90

    shutil.move(folder.originals / "ü ñ 日本", folder.originals / "moved")
    (folder.originals / "a.jpg").unlink()
    uploaded = folder.service.upload("by http.jpg", PICTURE)
    folder.wait_until_done("moved/a+b %41.jpg", "by http.jpg")
    time.sleep(3)  # longer than the watcher waits for files to be complete
    assert folder.service.image(uploaded["id"])["job"]["attempts"] == 1

    assert folder.service.stop() == 0
    folder.put("new.jpg")
    folder.put("by http.jpg", OTHER)
    shutil.rmtree(folder.originals / "moved")
    folder.open()
    folder.wait_until_done("new.jpg", "by http.jpg")
    told = folder.service.client.get("/metrics").text
    assert 'tintype_notifications_total{outcome="gone"} 1.0' in told


def test_what_cannot_be_watched_is_refused_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    command: list[str | Path] = [
        "up",
        "--recipe",
        tmp_path / "recipe.yaml",
        "--data",
        tmp_path / "data",
    ]
    bucket = WATCHING | {"TINTYPE_ORIGINALS": "s3://bucket"}
    ended = tintype(*command, "--port", "0", environ=bucket)
    assert (ended.returncode, "/v1/events/s3" in ended.stderr) == (2, True)
    (tmp_path / "data" / "objects" / "real").mkdir(parents=True)
    (tmp_path / "data" / "objects" / "originals").symlink_to("real")
    ended = tintype(*command, "--port", "0", environ=WATCHING)
    assert (ended.returncode, "symbolic link" in ended.stderr) == (2, True)


def test_thousands_at_once_while_some_are_copied_slowly(folder: Folder) -> None:
    names = [f"{n % 20}/{n}.jpg" for n in range(MANY)]
    slow = folder.originals / "slow.jpg"
    with slow.open("wb", buffering=0) as file:
        file.write(PICTURE[:1000])
        for name in names:
            folder.put(name)
        file.write(PICTURE[1000:2000])
        time.sleep(5)
        assert "slow.jpg" not in folder.shown()
        file.write(PICTURE[2000:])
    folder.wait_until_done("slow.jpg", *names)
    queue = folder.service.client.get("/v1/queue").json()
    assert (queue["queued"], queue["running"], queue["dead"]) == (0, 0, 0)
    assert folder.service.log().count("image.accepted") == MANY + 1

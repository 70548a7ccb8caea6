"""A deployment knows its stores again: none is taken for another, or for an empty one."""

import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from tests.support.command import tintype
from tests.support.s3 import Ministack
from tests.support.service import RunningService
from tests.support.troubled import PICTURE
from tintype.adapters.folder import FolderStore

RECIPE = Path(__file__).parents[2] / "recipes" / "marketplace.yaml"


def start(data: Path, **environ: str) -> RunningService:
    return RunningService(RECIPE, data, environ=environ)


def refused(program: str, data: Path, **environ: str) -> CompletedProcess[str]:
    """What a program says that does not start."""
    arguments = (program, "--recipe", RECIPE, "--data", data)
    done = tintype(*arguments, *(["--port", "0"] if program == "up" else []), environ=environ)
    assert done.returncode == 1, done.stderr
    return done


def marks(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.glob(".tintype-*"))


def pause(service: RunningService, *, paused: bool) -> None:
    service.client.post(f"/v1/queue/{'pause' if paused else 'resume'}").raise_for_status()


@contextmanager
def unmounted(folder: Path) -> Iterator[None]:
    """Meanwhile, there is only the empty folder in which the disk is mounted else."""
    away = folder.with_name("away")
    folder.rename(away)
    folder.mkdir()
    try:
        yield
    finally:
        folder.rename(folder.with_name("mount-point"))
        away.rename(folder)


def test_a_store_that_is_not_mounted_at_the_start_costs_no_job(tmp_path: Path) -> None:
    data = tmp_path / "data"
    service = start(data)
    pause(service, paused=True)
    sent = [service.upload(f"{number}.jpg", PICTURE)["id"] for number in range(3)]
    service.kill()
    (mark, _) = marks(data / "objects")
    with unmounted(data / "objects"):
        for program in ("up", "worker"):
            told = refused(program, data).stderr
            assert f"there is no {mark} in it" in told
            assert "Mount it" in told
        assert not list((data / "objects").iterdir())
    service = start(data)
    pause(service, paused=False)
    assert [service.settled(each)["status"] for each in sent] == ["done"] * 3
    assert service.stop() == 0


@pytest.mark.crash
def test_a_store_that_is_another_one_for_a_while_costs_no_job(tmp_path: Path) -> None:
    objects = tmp_path / "data" / "objects"
    service = start(tmp_path / "data")
    pause(service, paused=True)
    sent = [service.upload(f"{number}.jpg", PICTURE)["id"] for number in range(3)]
    with unmounted(objects):
        FolderStore.open(objects.as_uri())
        pause(service, paused=False)
        while not all(job["attempts"] for job in _jobs(service)):
            time.sleep(0.05)
        ready = service.client.get("/readyz")
        assert (ready.status_code, ready.json()["code"]) == (503, "store_mistaken")
    assert [service.settled(each)["status"] for each in sent] == ["done"] * 3
    assert service.client.get("/readyz").status_code == 200
    assert service.stop() == 0


def _jobs(service: RunningService) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = service.client.get("/v1/jobs").raise_for_status().json()["items"]
    return items


def test_another_bucket_is_refused_until_the_objects_have_moved_there(
    ministack: Ministack, tmp_path: Path
) -> None:
    data, environ = tmp_path / "data", dict(ministack.environ())
    right, wrong = ministack.bucket(), ministack.bucket()
    environ["TINTYPE_VARIANTS"] = f"file://{tmp_path}/variants"
    service = start(data, **environ, TINTYPE_ORIGINALS=f"s3://{right}/shop")
    image = service.upload("a.jpg", PICTURE)["id"]
    assert service.settled(image)["status"] == "done"
    assert service.stop() == 0
    told = refused("up", data, **environ, TINTYPE_ORIGINALS=f"s3://{wrong}/shop").stderr
    assert "not the one that the database knows" in told
    assert "<Key>" not in ministack.administer("GET", f"/{wrong}").text
    (mark,) = (key for key in _keys(ministack, right) if ".tintype" in key)
    ministack.put(wrong, mark, "")
    assert start(data, **environ, TINTYPE_ORIGINALS=f"s3://{wrong}/shop").stop() == 0


def _keys(ministack: Ministack, bucket: str) -> list[str]:
    listed = ministack.administer("GET", f"/{bucket}").text
    return [part.partition("</Key>")[0] for part in listed.split("<Key>")[1:]]


def test_variants_that_stayed_where_originals_are_are_noticed(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert start(data).stop() == 0
    elsewhere = {"TINTYPE_VARIANTS": f"file://{tmp_path}/variants"}
    assert ".tintype-variants-" in refused("up", data, **elsewhere).stderr
    assert not (tmp_path / "variants").exists()


def test_the_stores_of_a_former_release_are_marked_without_a_word(tmp_path: Path) -> None:
    data = tmp_path / "data"
    service = start(data)
    image = service.upload("a.jpg", PICTURE)["id"]
    assert service.settled(image)["status"] == "done"
    assert service.stop() == 0
    before = marks(data / "objects")
    for mark in before:
        (data / "objects" / mark).unlink()
    with closing(sqlite3.connect(data / "tintype.db")) as database, database:
        database.execute("DELETE FROM secrets WHERE name LIKE 'mark of %'")
    service = start(data)
    assert service.image(image)["status"] == "done"
    assert len(marks(data / "objects")) == 2
    assert not set(marks(data / "objects")) & set(before)
    assert service.stop() == 0
    assert start(data).stop() == 0


def test_processes_that_first_start_together_agree_on_the_marks(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    with ThreadPoolExecutor(2) as pool:
        services = list(pool.map(lambda _: start(data), range(2)))
    assert len(marks(data / "objects")) == 2
    image = services[0].upload("a.jpg", PICTURE)["id"]
    assert services[1].settled(image)["status"] == "done"
    assert {service.stop() for service in services} == {0}


def test_a_mark_is_not_delivered(tmp_path: Path) -> None:
    service = start(tmp_path / "data")
    for mark in marks(tmp_path / "data" / "objects"):
        for path in (f"/{mark}", f"/i/small/{mark}"):
            assert service.client.get(path).status_code == 404
        upload = service.client.post("/v1/images", params={"name": mark}, content=PICTURE)
        assert (upload.status_code, upload.json()["code"]) == (400, "key_invalid")
    assert service.stop() == 0

"""Objects in buckets: a whole job, and a store that goes away while jobs wait and run."""

import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from PIL import Image

from tests.support.disk import fill, small_disk
from tests.support.photographs import encoded, photograph
from tests.support.s3 import Ministack, Rclone, running
from tests.support.service import RunningService

RECIPE = Path(__file__).parents[2] / "recipes" / "marketplace.yaml"
SIZES = ("800x600", "400x300", "200x150")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., RunningService]]:
    """Starts services that are stopped at the end."""
    started: list[RunningService] = []

    def start(**environ: str) -> RunningService:
        started.append(RunningService(RECIPE, tmp_path / "data", environ=environ))
        return started[-1]

    yield start
    for service in started:
        assert service.stop() == 0


def test_a_job_with_its_objects_in_buckets(
    ministack: Ministack, start: Callable[..., RunningService]
) -> None:
    originals, variants = ministack.bucket(), ministack.bucket()
    service = start(
        **ministack.environ(),
        TINTYPE_ORIGINALS=f"s3://{originals}/",
        TINTYPE_VARIANTS=f"s3://{variants}/shop",
    )
    content = encoded(photograph(1600, 1200), quality=90)
    image = service.settled(service.upload("la mp+1%.jpg", content)["id"])
    assert image["status"] == "done"
    assert [variant["name"] for variant in image["variants"]] == list(SIZES)
    stored = ministack.headers(originals, "originals/la mp+1%.jpg")
    assert int(stored["content-length"]) == len(content)
    for variant in image["variants"]:
        _check_delivery(service.client, variant)
        headers = ministack.headers(variants, f"shop/{variant['key']}")
        assert headers["content-type"] == "image/jpeg"
        assert headers["cache-control"].startswith("public, max-age=")
    assert not list((service.data).glob("objects"))


def _check_delivery(client: httpx.Client, variant: dict[str, str]) -> None:
    whole = client.get(variant["url"]).raise_for_status()
    size = tuple(int(side) for side in variant["name"].split("x"))
    assert Image.open(io.BytesIO(whole.content)).size == size
    part = client.get(variant["url"], headers={"Range": "bytes=100-299"})
    assert part.status_code == 206
    assert part.headers["content-range"] == f"bytes 100-299/{len(whole.content)}"
    assert part.content == whole.content[100:300]
    tag = whole.headers["etag"]
    kept = client.get(variant["url"], headers={"If-None-Match": tag})
    assert kept.status_code == 304
    resumed = client.get(variant["url"], headers={"Range": "bytes=9-", "If-Range": tag})
    assert resumed.content == whole.content[9:]


@pytest.mark.crash
@pytest.mark.timeout(300)
@pytest.mark.parametrize("how", ["dies", "hangs"])
def test_a_store_that_goes_away_delays_jobs_and_loses_none(
    tmp_path: Path, start: Callable[..., RunningService], how: str
) -> None:
    with running(Rclone, tmp_path / "server") as server:
        service = start(**server.environ(), TINTYPE_ORIGINALS=server.address())
        picture = encoded(photograph(2400, 1800), quality=90)
        images = [service.upload(f"{number}.jpg", picture)["id"] for number in range(24)]
        while not _states(service) & {"running"}:
            time.sleep(0.01)
        leave, come_back = {
            "dies": (server.kill, server.start),
            "hangs": (server.freeze, server.thaw),
        }[how]
        leave()
        _refuses_uploads(service, picture)
        assert service.client.get("/readyz").status_code == 503
        print(f"CPU while the store is away: {_cpu_share(service, 8.0)} % of a processor")
        _refuses_uploads(service, picture)
        assert len(service.images()) == len(images), "a refused upload must leave no image"
        come_back()
        ended = [service.settled(image) for image in images]
        assert {image["status"] for image in ended} == {"done"}
        assert max(each["attempts"] for each in _jobs(service)) > 1, "no job met the outage"
        for image in ended:
            for variant in image["variants"]:
                assert len(service.client.get(variant["url"]).content) == variant["bytes"]
        assert service.upload("late.jpg", picture)["key"] == "originals/late.jpg"


@pytest.mark.crash
def test_a_disk_that_is_full_delays_jobs_and_loses_none(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 8_000_000) as disk:
        environ = {"TINTYPE_ORIGINALS": f"file://{disk}/objects"}
        service = RunningService(RECIPE, tmp_path / "data", environ=environ)
        picture = encoded(photograph(1600, 1200), quality=90)
        filler = fill(disk, leaving=len(picture) + 20_000)
        image = service.upload("a.jpg", picture)["id"]
        while not _jobs(service)[0]["attempts"]:
            time.sleep(0.05)
        _refuses_uploads(service, picture)
        assert len(service.images()) == 1, "a refused upload must leave no image"
        filler.unlink()
        assert service.settled(image)["status"] == "done"
        assert service.settled(service.upload("late.jpg", picture)["id"])["status"] == "done"
        assert service.stop() == 0


def _states(service: RunningService) -> set[str]:
    return {job["status"] for job in _jobs(service)}


def _jobs(service: RunningService) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = service.client.get("/v1/jobs?limit=200").json()["items"]
    return items


def _refuses_uploads(service: RunningService, picture: bytes) -> None:
    response = service.client.post("/v1/images", params={"name": "late.jpg"}, content=picture)
    assert response.status_code == 503
    assert response.json()["code"] == "store_failed"
    assert "127.0.0.1" not in response.text
    assert int(response.headers["retry-after"]) > 0
    assert service.client.get("/healthz").status_code == 200


def _cpu_share(service: RunningService, seconds: float) -> float:
    """How much of one processor the service and its children use, in percent."""

    def used() -> float:
        times = [process.cpu_times() for process in service.family()]
        return sum(each.user + each.system for each in times)

    assert psutil.pid_exists(service.process.pid)
    before = used()
    time.sleep(seconds)
    return round(100 * (used() - before) / seconds, 1)

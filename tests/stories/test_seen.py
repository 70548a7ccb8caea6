"""What a real service shows of itself: metrics, one trace per upload, a log without secrets."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.collector import Collector, Seen, collecting
from tests.support.photographs import encoded, photograph
from tests.support.service import RunningService

RECIPE = Path(__file__).parents[2] / "recipes" / "marketplace.yaml"
JPEG = encoded(photograph(900, 700), quality=85)
ATTEMPT: dict[str, object] = {"validate": {}, "render": {}, "record": {}}
SECRET = "tt_Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE"


@contextmanager
def service(data: Path, **environ: str) -> Iterator[RunningService]:
    running = RunningService(RECIPE, data, environ=environ)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            assert running.stop() == 0


@contextmanager
def worker(data: Path, **environ: str) -> Iterator[str]:
    """`tintype worker`; gives its address."""
    command = [sys.executable, "-m", "tintype.entrypoints.cli", "worker", "--recipe", str(RECIPE)]
    command += ["--data", str(data), "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | environ)
    assert process.stdout
    try:
        found = re.search(r"(http://\S+)/readyz", process.stdout.readline())
        assert found
        yield found[1]
    finally:
        process.terminate()
        process.stdout.close()
        assert process.wait(60) == 0


def sending_to(collector: Collector) -> dict[str, str]:
    return {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "100"}


def lines(running: RunningService) -> list[dict[str, Any]]:
    """What the service logged; every line must be one of ours."""
    return [json.loads(line) for line in running.log().splitlines()]


def samples(url: str) -> dict[str, float]:
    """Every sample as it is written in an exposition."""
    text = httpx.get(f"{url}/metrics").raise_for_status().text
    return {
        f"{sample.name}{json.dumps(sample.labels, sort_keys=True)}": sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_metrics_follow_an_upload_to_its_end(tmp_path: Path) -> None:
    with service(tmp_path / "data") as running:
        made = running.settled(running.upload("a.jpg", JPEG)["id"])
        assert running.settled(running.upload("b.jpg", b"no image")["id"])["status"] == "rejected"
        running.client.get(made["variants"][0]["url"]).raise_for_status()
        found = samples(running.url)
    expected = {
        'tintype_requests_total{"method": "POST", "route": "/v1/images"}': 2,
        'tintype_status_codes_total{"status": "202"}': 2,
        'tintype_attempts_total{"outcome": "done"}': 1,
        'tintype_attempts_total{"outcome": "rejected"}': 1,
        'tintype_jobs_total{"state": "done"}': 1,
        'tintype_rejections_total{"code": "not_an_image"}': 1,
        'tintype_step_duration_seconds_count{"step": "render"}': 1,
        'tintype_variants_total{"format": "jpeg", "variant": "400x300"}': 1,
        "tintype_original_bytes_total{}": len(JPEG) + len(b"no image"),
        "tintype_images_in_progress{}": 0,
        "tintype_workers_busy{}": 0,
        "tintype_queue_paused{}": 0,
        "tintype_dead_letters{}": 0,
    }
    assert {name: found.get(name) for name in expected} == expected
    assert found["process_resident_memory_bytes{}"] > 0
    assert not [name for name in found if made["id"] in name or "a.jpg" in name]


def test_a_worker_shows_its_health_and_metrics_and_nothing_else(tmp_path: Path) -> None:
    with worker(tmp_path / "data") as url:
        assert httpx.get(f"{url}/readyz").status_code == 200
        assert samples(url)["tintype_workers{}"] >= 1
        assert httpx.get(f"{url}/v1/images").status_code == 404


def test_an_upload_is_one_trace_to_the_last_step(tmp_path: Path) -> None:
    with collecting() as collector:
        with service(tmp_path / "data", **sending_to(collector)) as running:
            image = running.upload("a.jpg", JPEG, wait="30")
            assert image["status"] == "done"
            running.client.get("/readyz").raise_for_status()
        assert collector.tree() == {
            "POST /v1/images": {"accept": {"queue": {}, "attempt": ATTEMPT}}
        }
        (trace,) = {span.trace for span in collector.spans}
        told = [line["event"] for line in lines(running) if line.get("trace") == trace]
        assert sorted(told) == ["http.request", "image.accepted", "job.done"]


def test_a_trace_goes_on_in_another_process(tmp_path: Path) -> None:
    with collecting() as collector:
        with service(tmp_path / "data", **sending_to(collector)) as first:
            first.client.post("/v1/queue/pause").raise_for_status()
            image = first.upload("a.jpg", JPEG)
            (accept,) = collector.named("accept")
            first.kill()
        with service(tmp_path / "data", **sending_to(collector)) as second:
            second.client.post("/v1/queue/resume").raise_for_status()
            assert second.settled(image["id"])["status"] == "done"
            again = second.image(image["id"])["job"]["id"]
            second.client.post(f"/v1/jobs/{again}/retry").raise_for_status()
            collector.named("attempt", 2)
        made, remade = collector.named("attempt")
        assert {made.parent, remade.parent} == {accept.id}
        assert {made.trace, remade.trace} == {accept.trace}
        assert collector.tree(made.id) == ATTEMPT
        assert [span.attributes["tintype.attempt"] for span in (made, remade)] == [1, 2]
        assert made.service["service.instance.id"] != accept.service["service.instance.id"]


def test_a_worker_joins_the_traces_of_the_service(tmp_path: Path, postgres_url: str) -> None:
    with collecting() as collector:
        shared = sending_to(collector) | {
            "TINTYPE_DATABASE": postgres_url,
            "TINTYPE_ORIGINALS": f"file://{tmp_path / 'objects'}",
            "TINTYPE_DECODERS": "1",
        }

        def elsewhere() -> list[tuple[Seen, Seen]]:
            """Acceptances with their attempts in another process."""
            accepted = {span.id: span for span in collector.spans if span.name == "accept"}
            attempts = (span for span in collector.spans if span.name == "attempt")
            pairs = ((accepted[span.parent], span) for span in attempts if span.parent in accepted)
            name = "service.instance.id"
            return [pair for pair in pairs if pair[0].service[name] != pair[1].service[name]]

        with service(tmp_path / "data", **shared) as running, worker(tmp_path / "other", **shared):
            deadline = time.monotonic() + 60
            while not elsewhere():
                assert time.monotonic() < deadline, "the worker takes nothing"
                images = [running.upload(f"{each}.jpg", JPEG) for each in range(4)]
            assert {running.settled(image["id"])["status"] for image in images} == {"done"}
        for accept, attempt in elsewhere():
            assert attempt.trace == accept.trace
            assert collector.tree(attempt.id) == ATTEMPT


def test_a_collector_that_is_away_harms_nothing(tmp_path: Path) -> None:
    environ = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1",
        "OTEL_EXPORTER_OTLP_TIMEOUT": "0.1",
        "OTEL_BSP_SCHEDULE_DELAY": "20",
    }
    with service(tmp_path / "data", **environ) as running:
        for number in range(3):
            assert running.upload(f"{number}.jpg", JPEG, wait="30")["status"] == "done"
    events = [line["event"] for line in lines(running)]
    assert events.count("traces.lost") == 1
    assert "library.message" not in events


@pytest.mark.parametrize("form", ["json", "text"])
def test_the_log_tells_no_secrets(tmp_path: Path, form: str) -> None:
    environ = {"TINTYPE_LOG_LEVEL": "debug", "TINTYPE_LOG_FORMAT": form}
    with service(tmp_path / "data", **environ) as running:
        headers = {"Authorization": f"Bearer {SECRET}", "Cookie": f"tintype_session={SECRET}"}
        for path in ("/i/400x300/img_a?exp=1&sig=hidden", "/login?token=hidden", "/?key=hidden"):
            running.client.get(path, headers=headers)
        running.client.post("/v1/images?sig=hidden", headers=headers, content=b"")
        running.client.get("/%0A2026%20[info]%20job.done%1B[2J")
    said = running.log()
    assert "/i/400x300/img_a" in said
    assert "hidden" not in said
    assert SECRET not in said
    assert not [line for line in said.splitlines() if not line.isprintable()]
    if form == "json":
        assert {line["event"] for line in lines(running)} >= {"http.request", "service.stopped"}


def test_metrics_take_a_key_and_the_log_says_whose(tmp_path: Path) -> None:
    running = RunningService(RECIPE, tmp_path / "data", auth=True)
    try:
        found = re.search(r"tt_\S+", running.welcome)
        assert found
        headers = {"Authorization": f"Bearer {found[0]}"}
        assert running.client.get("/metrics").status_code == 401
        assert running.client.get("/metrics", headers=headers).status_code == 200
        running.client.post("/v1/images?name=a.jpg", headers=headers, content=JPEG)
        running.client.post("/v1/images?name=a.jpg", content=JPEG)
    finally:
        assert running.stop() == 0
    first, second = (line for line in lines(running) if line["event"] == "http.request")
    assert first["api_key"].startswith("key_")
    assert (second["status"], second["code"]) == (401, "unauthenticated")
    assert "api_key" not in second
    assert found[0] not in running.log()

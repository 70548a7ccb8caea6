"""What is heard is what is shown, under the names that the page gives them."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as openmetrics_families,
)
from prometheus_client.parser import text_string_to_metric_families

from tintype.adapters.metrics import Metrics
from tintype.errors import REJECTIONS, CorruptError, DecoderStalledError
from tintype.model import Failure, ImageState, Job, Original, Step, StepStatus, Variant
from tintype.ports.catalog import Backlog
from tintype.ports.monitor import Answer

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"
ROW = re.compile(
    r"^\| `(?P<name>\w+)` \| (?P<kind>\w+) \| (?P<labels>.*?) ?\| (?P<text>.+) \|$", re.MULTILINE
)

NOW = datetime.now(UTC)
ORIGINAL = Original("originals/a.jpg", "a.jpg", "v1", 1000)
ACCEPTED, CLAIMED = NOW - timedelta(seconds=4), NOW - timedelta(seconds=1)
THUMB = Variant("thumb", "thumb/a.jpg", "jpeg", 40, 30, 300, "etag", "v1")
LARGER = Variant("larger", "larger/a.png", "png", 400, 300, 5000, "etag", "v1")
CORRUPT = Failure.of(CorruptError())
STALLED = Failure.of(DecoderStalledError())


def job(forgiven: int = 0) -> Job:
    state = ImageState.RUNNING
    return Job("job_a", "img_a", ORIGINAL, "digest", state, 1, ACCEPTED, CLAIMED, forgiven=forgiven)


class Shown:
    """An exposition, read back."""

    def __init__(self, metrics: Metrics) -> None:
        content, _ = metrics.exposition()
        self.families = list(text_string_to_metric_families(content.decode()))

    def value(self, name: str, **labels: str) -> float:
        """One sample by its name without namespace, and all its labels."""
        (found,) = (
            sample.value
            for family in self.families
            for sample in family.samples
            if sample.name == f"tintype_{name}" and sample.labels == labels
        )
        return found


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(workers=4, memory=1000, queue_limit=100)


def test_a_job_that_is_done_is_counted_with_its_variants(metrics: Metrics) -> None:
    with metrics.accepting():
        metrics.accepted(job())
    with metrics.attempt(job(), 1):
        assert Shown(metrics).value("images_in_progress") == 1
        metrics.step(Step("render", StepStatus.DONE, 1, 0.3))
        metrics.attempted(job(), None)
        metrics.ended(job(), ImageState.DONE, [THUMB, LARGER])
    shown = Shown(metrics)
    assert shown.value("images_in_progress") == 0
    assert shown.value("jobs_accepted_total") == 1
    assert shown.value("original_bytes_total") == 1000
    assert shown.value("attempts_total", outcome="done") == 1
    assert shown.value("jobs_total", state="done") == 1
    assert shown.value("step_duration_seconds_sum", step="render") == 0.3
    assert shown.value("variants_total", variant="thumb", format="jpeg") == 1
    assert shown.value("variant_bytes_total", variant="larger", format="png") == 5000
    assert shown.value("saved_bytes_total", variant="thumb") == 700
    assert shown.value("saved_bytes_total", variant="larger") == 0
    for span in ("accepting", "queue", "processing"):
        assert shown.value("request_span_duration_seconds_count", span=span) == 1
    assert shown.value("request_span_duration_seconds_sum", span="queue") == 3
    assert shown.value("job_duration_seconds_sum", state="done") >= 4


def test_only_the_first_attempt_says_how_long_a_job_waited(metrics: Metrics) -> None:
    with metrics.attempt(job(), 2):
        pass
    assert Shown(metrics).value("request_span_duration_seconds_count", span="queue") == 0


def test_a_clock_that_runs_behind_makes_no_negative_wait(metrics: Metrics) -> None:
    early = Job("j", "i", ORIGINAL, "d", ImageState.RUNNING, 1, CLAIMED, ACCEPTED)
    with metrics.attempt(early, 1):
        pass
    assert Shown(metrics).value("request_span_duration_seconds_sum", span="queue") == 0


def test_an_image_at_fault_and_a_failure_are_told_apart(metrics: Metrics) -> None:
    metrics.attempted(job(), CORRUPT)
    metrics.ended(job(), ImageState.REJECTED, [])
    metrics.attempted(job(), STALLED)
    shown = Shown(metrics)
    assert shown.value("attempts_total", outcome="rejected") == 1
    assert shown.value("attempts_total", outcome="failed") == 1
    assert shown.value("rejections_total", code="corrupt") == 1
    assert shown.value("attempt_failures_total", code="decoder_stalled") == 1
    assert shown.value("jobs_total", state="rejected") == 1


def test_what_has_not_happened_is_there_as_zero(metrics: Metrics) -> None:
    shown = Shown(metrics)
    for rejection in REJECTIONS:
        assert shown.value("rejections_total", code=rejection.code) == 0
    for state in ImageState:
        if state.final:
            assert shown.value("jobs_total", state=state) == 0
    for code in ("store_failed", "store_mistaken", "catalog_failed", "internal"):
        assert shown.value("errors_total", code=code) == 0
        assert shown.value("attempt_failures_total", code=code) == 0


def test_a_job_that_was_asked_for_again_says_nothing_of_how_long_jobs_take(
    metrics: Metrics,
) -> None:
    metrics.ended(job(forgiven=5), ImageState.DONE, [])
    content, _ = metrics.exposition()
    assert b"tintype_job_duration_seconds_count" not in content
    assert Shown(metrics).value("jobs_total", state="done") == 1


def test_requests_are_counted_by_their_route(metrics: Metrics) -> None:
    with metrics.request("GET", "/v1/images/img_a", {}):
        assert Shown(metrics).value("requests_in_progress") == 1
        metrics.answered(Answer("GET", "/v1/images/{image_id}", 404, 0.02, 150, "image_not_found"))
    shown = Shown(metrics)
    found = {"method": "GET", "route": "/v1/images/{image_id}"}
    assert shown.value("requests_in_progress") == 0
    assert shown.value("requests_total", **found) == 1
    assert shown.value("request_duration_seconds_sum", **found) == 0.02
    assert shown.value("response_bytes_total", route=found["route"]) == 150
    assert shown.value("status_codes_total", status="404") == 1
    assert shown.value("errors_total", code="image_not_found") == 1


def test_the_queue_and_the_children_are_asked_at_each_exposition(metrics: Metrics) -> None:
    backlog, idle = Backlog(queued=7, running=3, dead=2, oldest=ACCEPTED), 1
    metrics.follow(
        idle=lambda: idle,
        admitted=lambda: 600,
        waiting=lambda: 2,
        backlog=lambda: backlog,
        paused=lambda: True,
    )
    shown = Shown(metrics)
    assert shown.value("queue_depth") == 7
    assert shown.value("queue_limit") == 100
    assert shown.value("queue_running") == 3
    assert shown.value("queue_oldest_age_seconds") >= 4
    assert shown.value("queue_paused") == 1
    assert shown.value("dead_letters") == 2
    assert shown.value("decoder_memory_admitted_bytes") == 600
    assert shown.value("decoder_memory_limit_bytes") == 1000
    assert shown.value("decoder_memory_waiting") == 2
    assert shown.value("workers") == 4
    assert shown.value("workers_busy") == 3
    assert shown.value("workers_utilization") == 75
    backlog = Backlog(queued=0, running=0, dead=0, oldest=None)
    assert Shown(metrics).value("queue_oldest_age_seconds") == 0


def test_what_stores_tell_is_counted_by_what_came_of_it(metrics: Metrics) -> None:
    for outcome in ("known", "elsewhere", "known"):
        metrics.noticed(outcome)
    shown = Shown(metrics)
    assert shown.value("notifications_total", outcome="known") == 2
    assert shown.value("notifications_total", outcome="elsewhere") == 1


def test_two_services_of_a_process_share_nothing(metrics: Metrics) -> None:
    metrics.accepted(job())
    assert Shown(Metrics(workers=1, memory=1, queue_limit=1)).value("jobs_accepted_total") == 0


def test_the_format_is_the_one_that_is_asked_for(metrics: Metrics) -> None:
    _, plain = metrics.exposition("*/*")
    assert plain.startswith("text/plain; version=0.0.4")
    content, content_type = metrics.exposition("application/openmetrics-text; version=1.0.0, */*")
    assert content_type.startswith("application/openmetrics-text; version=1.0.0")
    families = openmetrics_families(content.decode())  # type: ignore[no-untyped-call] # no types
    assert "tintype_jobs" in {family.name for family in families}


def test_no_series_says_when_another_was_made(metrics: Metrics) -> None:
    content, _ = metrics.exposition()
    assert b"_created" not in content


def test_the_page_lists_what_is_shown_with_kind_labels_and_meaning(metrics: Metrics) -> None:
    answer = Answer("GET", "/", 500, 0.1, 1, "internal")
    metrics.answered(answer)
    metrics.noticed("known")
    metrics.attempted(job(), STALLED)
    metrics.step(Step("render", StepStatus.DONE, 1, 0.3))
    metrics.ended(job(), ImageState.DONE, [THUMB])
    shown = {}
    for family in Shown(metrics).families:
        (labels,) = {frozenset(sample.labels) - {"le"} for sample in family.samples}
        name = family.name + ("_total" if family.type == "counter" else "")
        shown[name] = (family.type, labels, family.documentation)
    told = {
        row["name"]: (row["kind"], frozenset(re.findall(r"`(\w+)`", row["labels"])), row["text"])
        for row in ROW.finditer(PAGE.read_text())
    }
    assert told == shown

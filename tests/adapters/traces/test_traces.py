"""One trace from the request to the last step, sent to a real collector."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from structlog.contextvars import get_contextvars
from structlog.testing import capture_logs

from tests.support.collector import Collector, collecting
from tintype.adapters.traces import open_traces
from tintype.adapters.traces.spans import Traces
from tintype.errors import CatalogFailedError, CorruptError, DecoderStalledError
from tintype.model import Failure, ImageState, Job, Original, Step, StepStatus
from tintype.ports.monitor import Answer

NOW = datetime.now(UTC)
ORIGINAL = Original("originals/a.jpg", "a.jpg", "v1", 1000)
CORRUPT = Failure.of(CorruptError())
STALLED = Failure.of(DecoderStalledError())
FOREIGN = "4bf92f3577b34da6a3ce929d0e0e4736"
INTERNAL, SERVER, PRODUCER, CONSUMER = 1, 2, 4, 5
ERROR = 2


def job(trace: str | None) -> Job:
    accepted, claimed = NOW - timedelta(seconds=4), NOW - timedelta(seconds=1)
    state = ImageState.RUNNING
    return Job("job_a", "img_a", ORIGINAL, "digest", state, 1, accepted, claimed, trace=trace)


def step(name: str, seconds: float, error: Failure | None = None) -> Step:
    return Step(name, StepStatus.FAILED if error else StepStatus.DONE, 1, seconds, error)


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with collecting() as found:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", found.url)
        yield found


@pytest.fixture
def traces(collector: Collector) -> Iterator[Traces]:
    found = open_traces({"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url})
    assert found
    yield found
    found.close(30)


def upload(traces: Traces, headers: dict[str, str] | None = None) -> Job:
    """A job as it is kept after its upload."""
    with traces.request("POST", "/v1/images", headers or {}):
        with traces.accepting():
            accepted = job(traces.trace())
            traces.accepted(accepted)
        traces.answered(Answer("POST", "/v1/images", 202, 0.01, 400))
    return accepted


def test_a_trace_goes_from_the_request_to_the_last_step(
    traces: Traces, collector: Collector
) -> None:
    accepted = upload(traces)
    with traces.attempt(accepted, 1):
        traces.step(step("validate", 0.01))
        traces.step(step("render", 0.2))
        traces.step(step("record", 0.05))
        traces.attempted(accepted, None)
        traces.ended(accepted, ImageState.DONE, [])
    assert traces.close(30)
    steps: dict[str, object] = {"validate": {}, "render": {}, "record": {}}
    assert collector.tree() == {"POST /v1/images": {"accept": {"queue": {}, "attempt": steps}}}
    assert len({span.trace for span in collector.spans}) == 1

    spans = {span.name: span for span in collector.spans}
    request, accept, attempt = spans["POST /v1/images"], spans["accept"], spans["attempt"]
    assert (request.kind, accept.kind, attempt.kind) == (SERVER, PRODUCER, CONSUMER)
    assert request.attributes == {
        "http.request.method": "POST",
        "http.route": "/v1/images",
        "http.response.status_code": 202,
        "url.path": "/v1/images",
    }
    names = {"tintype.image": "img_a", "tintype.job": "job_a"}
    assert accept.attributes == names | {"tintype.bytes": 1000}
    assert spans["queue"].attributes == names | {"tintype.attempt": 1}
    assert attempt.attributes == names | {
        "tintype.attempt": 1,
        "tintype.state": "done",
        "tintype.variants": 0,
    }
    assert spans["queue"].ended - spans["queue"].began == 3_000_000_000
    assert not [span for span in collector.spans if span.status == ERROR]
    assert {span.service["service.name"] for span in collector.spans} == {"tintype"}


def test_steps_that_are_told_of_together_follow_each_other(
    traces: Traces, collector: Collector
) -> None:
    with traces.attempt(job(None), 2):
        traces.step(step("validate", 0.25))
        traces.step(step("render", 0.5))
        time.sleep(0.01)
        traces.step(step("record", 0.001))
    traces.close(30)
    spans = {span.name: span for span in collector.spans}
    validate, render, record = spans["validate"], spans["render"], spans["record"]
    assert validate.ended - validate.began == 250_000_000
    assert render.ended - render.began == 500_000_000
    assert validate.ended == render.began
    assert render.ended <= record.began


def test_a_request_goes_on_with_the_trace_that_it_names(
    traces: Traces, collector: Collector
) -> None:
    accepted = upload(traces, {"traceparent": f"00-{FOREIGN}-00f067aa0ba902b7-01"})
    assert accepted.trace
    assert accepted.trace.split("-")[1] == FOREIGN
    traces.close(30)
    assert {span.trace for span in collector.spans} == {FOREIGN}
    assert collector.tree("00f067aa0ba902b7") == {"POST /v1/images": {"accept": {}}}


def test_a_trace_that_is_not_to_be_recorded_is_not(traces: Traces, collector: Collector) -> None:
    accepted = upload(traces, {"traceparent": f"00-{FOREIGN}-00f067aa0ba902b7-00"})
    with traces.attempt(accepted, 1):
        traces.step(step("validate", 0.1))
    traces.close(30)
    assert collector.spans == []


def test_every_attempt_joins_the_trace_whichever_process_makes_it(
    traces: Traces, collector: Collector
) -> None:
    accepted = upload(traces)
    traces.close(30)
    for number, error in ((1, STALLED), (2, CORRUPT)):
        another = open_traces({"OTEL_TRACES_EXPORTER": "otlp"})
        assert another
        with another.attempt(accepted, number):
            another.step(step("render", 0.1, error))
            another.attempted(accepted, error)
        another.close(30)
    (accept,) = collector.named("accept")
    first, second = collector.named("attempt", 2)
    assert {first.parent, second.parent} == {accept.id}
    assert {first.trace, second.trace} == {accept.trace}
    assert first.service["service.instance.id"] != second.service["service.instance.id"]
    assert (first.attributes["tintype.attempt"], second.attributes["tintype.attempt"]) == (1, 2)
    # An image at fault is no error of the service.
    assert (first.attributes["error.type"], first.status) == ("decoder_stalled", ERROR)
    assert (second.attributes["error.type"], second.status) == ("corrupt", 0)
    assert [span.status for span in collector.named("render", 2)] == [ERROR, 0]
    assert len(collector.named("queue")) == 1


@pytest.mark.parametrize("trace", [None, "", "nonsense", "00-" + "0" * 32 + "-" + "0" * 16 + "-01"])
def test_a_job_without_a_trace_gets_one(
    traces: Traces, collector: Collector, trace: str | None
) -> None:
    with traces.attempt(job(trace), 1):
        pass
    traces.close(30)
    assert collector.tree() == {"queue": {}, "attempt": {}}


def test_what_fails_within_a_span_is_its_error(traces: Traces, collector: Collector) -> None:
    with (
        pytest.raises(CatalogFailedError),
        traces.request("POST", "/v1/images", {}),
        traces.accepting(),
    ):
        raise CatalogFailedError("secret")
    traces.close(30)
    (accept,) = collector.named("accept")
    assert (accept.attributes["error.type"], accept.status) == ("catalog_failed", ERROR)
    assert "secret" not in repr(collector.spans)


def test_lines_that_are_logged_within_a_span_have_its_trace(traces: Traces) -> None:
    with traces.request("GET", "/", {"traceparent": f"00-{FOREIGN}-00f067aa0ba902b7-01"}):
        assert get_contextvars() == {"trace": FOREIGN}
        with traces.accepting():
            assert get_contextvars() == {"trace": FOREIGN}
    assert get_contextvars() == {}
    with traces.attempt(job(f"00-{FOREIGN}-00f067aa0ba902b7-01"), 1):
        assert get_contextvars() == {"trace": FOREIGN}
    assert get_contextvars() == {}


def test_the_variables_name_the_service(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "shop")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=test")
    traces = open_traces({"OTEL_TRACES_EXPORTER": "otlp"})
    assert traces
    upload(traces)
    traces.close(30)
    (span,) = collector.named("accept")
    assert span.service["service.name"] == "shop"
    assert span.service["deployment.environment"] == "test"


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"},
        {"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": " "},
    ],
)
def test_without_being_asked_for_there_are_no_traces_and_nothing_is_loaded(
    environ: dict[str, str],
) -> None:
    code = (
        "import sys; from tintype.adapters.traces import open_traces;"
        f" assert open_traces({environ!r}) is None;"
        " assert not [name for name in sys.modules if name.startswith('opentelemetry')]"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "zipkin"),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "grpc"),
    ],
)
def test_what_cannot_be_had_is_a_warning(environ: dict[str, str], said: str) -> None:
    with capture_logs() as lines:
        assert open_traces(environ) is None
    (line,) = lines
    assert (line["event"], line["log_level"]) == ("traces.unavailable", "warning")
    assert said in line["detail"]


def test_a_variable_that_makes_no_sense_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "1")
    with capture_logs() as lines:
        assert open_traces({"OTEL_TRACES_EXPORTER": "otlp"}) is None
    assert [line["event"] for line in lines] == ["traces.unavailable"]


def test_a_collector_that_is_away_is_said_once_and_stops_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "0.1")
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "20")
        traces = open_traces({"OTEL_EXPORTER_OTLP_ENDPOINT": url})
        assert traces
        with capture_logs() as lines:
            deadline = time.monotonic() + 30
            while not lines and time.monotonic() < deadline:
                upload(traces)
            for _ in range(10):
                upload(traces)
                time.sleep(0.05)
            traces.close(30)
    assert [line["event"] for line in lines] == ["traces.lost"]


def test_the_end_does_not_wait_for_a_collector_that_never_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
        traces = open_traces({"OTEL_EXPORTER_OTLP_ENDPOINT": url})
        assert traces
        upload(traces)
        assert not traces.close(0.1)


def test_spans_arrive_again_when_the_collector_is_back(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "20")
    collector.answer = 400
    with capture_logs() as lines:
        traces = open_traces({"OTEL_TRACES_EXPORTER": "otlp"})
        assert traces
        upload(traces)
        collector.named("accept")
        collector.answer = 200
        upload(traces)
        collector.named("accept", 2)
        traces.close(30)
    assert [line["event"] for line in lines] == ["traces.lost", "traces.restored"]
    assert lines[1]["count"] >= 1

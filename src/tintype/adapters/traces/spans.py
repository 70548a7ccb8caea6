"""The spans of requests, acceptances, attempts and steps."""

import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

from opentelemetry import propagate
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import (
    Span,
    SpanKind,
    StatusCode,
    format_trace_id,
    get_current_span,
    set_span_in_context,
    use_span,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from structlog.contextvars import bound_contextvars

from tintype import __version__
from tintype.adapters.traces.exporting import CalmExporter
from tintype.errors import REJECTIONS, TintypeError
from tintype.model import Failure, ImageState, Job, Step, Variant
from tintype.ports.monitor import Answer

_SERVICE = "tintype"
_SERVER_ERROR = 500
_W3C = TraceContextTextMapPropagator()
_REJECTIONS = frozenset(error.code for error in REJECTIONS)


class Traces:
    """Tells OpenTelemetry what it hears.

    A trace begins with the request that brings an upload, or goes on with the one that the
    request's own headers name. `accept` is what the job remembers of it; every attempt, in whatever
    process, is a child of that, however often the job is tried again. Lines that are logged within
    a span have its trace id as `trace`.
    """

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer(_SERVICE, __version__)
        self._here = threading.local()

    @classmethod
    def open(cls) -> "Traces":
        """A tracer as the SDK understands the `OTEL_*` variables of this process.

        Raises ValueError where one of them makes no sense.
        """
        own = Resource.create(
            {
                "service.name": _SERVICE,
                "service.version": __version__,
                "service.instance.id": str(uuid.uuid4()),
            }
        )
        resource = own.merge(OTELResourceDetector().detect())  # what the variables say wins
        # Not made the process's own provider: FastAPI and DBOS would add spans of theirs, FastAPI
        # with the query. `close` flushes, in a time that it is told.
        provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        provider.add_span_processor(BatchSpanProcessor(CalmExporter(OTLPSpanExporter())))
        return cls(provider)

    def close(self, timeout: float) -> bool:
        """Send what is left, for up to `timeout` seconds; True if all was sent or given up."""
        thread = threading.Thread(target=self._provider.shutdown, name="traces", daemon=True)
        thread.start()
        thread.join(timeout)
        return not thread.is_alive()

    # --- what is heard ---

    @contextmanager
    def request(self, method: str, path: str, headers: Mapping[str, str]) -> Iterator[None]:
        """Goes around an HTTP request: a part of the trace that its headers name, if any."""
        span = self._tracer.start_span(
            method,
            propagate.extract(headers),
            SpanKind.SERVER,
            {"http.request.method": method, "url.path": path},
        )
        with _within(span):
            yield

    def answered(self, answer: Answer) -> None:
        """The request in this context was answered."""
        span = get_current_span()
        span.update_name(f"{answer.method} {answer.route}")
        span.set_attribute("http.route", answer.route)
        span.set_attribute("http.response.status_code", answer.status)
        if answer.code:
            span.set_attribute("error.type", answer.code)
        if answer.status >= _SERVER_ERROR:
            span.set_status(StatusCode.ERROR)

    @contextmanager
    def accepting(self) -> Iterator[None]:
        """Goes around the acceptance of an upload."""
        with _within(self._tracer.start_span("accept", kind=SpanKind.PRODUCER)):
            yield

    def trace(self) -> str | None:
        """The W3C traceparent of what this thread is doing."""
        carrier: dict[str, str] = {}
        _W3C.inject(carrier)
        return carrier.get("traceparent")

    def accepted(self, job: Job) -> None:
        """An upload was accepted."""
        get_current_span().set_attributes(_names(job) | {"tintype.bytes": job.original.size})

    def noticed(self, outcome: str) -> None:
        """Nothing: what is worth a trace begins with an acceptance."""

    @contextmanager
    def attempt(self, job: Job, number: int) -> Iterator[None]:
        """Goes around an attempt: a part of the trace that `job.trace` names."""
        parent = _W3C.extract({"traceparent": job.trace or ""}, Context())
        names = _names(job) | {"tintype.attempt": number}
        if number == 1:  # its claim was the job's last change
            began, ended = _nanoseconds(job.created_at), _nanoseconds(job.updated_at)
            queue = self._tracer.start_span("queue", parent, attributes=names, start_time=began)
            queue.end(max(began, ended))  # two hosts, two clocks
        span = self._tracer.start_span("attempt", parent, SpanKind.CONSUMER, names)
        steps = self._here.steps = list[_Told]()
        with _within(span):
            try:
                yield
            finally:
                self._here.steps = None
                self._show(span, steps)

    def step(self, step: Step) -> None:
        """A step of the attempt in this thread ended just now."""
        steps = getattr(self._here, "steps", None)
        if steps is not None:
            steps.append(_Told(step, time.time_ns()))

    def attempted(self, job: Job, error: Failure | None) -> None:  # noqa: ARG002 - its span knows it
        """An attempt ended, well or for a reason."""
        if error:
            _blame(get_current_span(), error)

    def ended(self, job: Job, state: ImageState, variants: Sequence[Variant]) -> None:  # noqa: ARG002 - as above
        """A job ended; `variants` are those that it made."""
        attributes = {"tintype.state": state.value, "tintype.variants": len(variants)}
        get_current_span().set_attributes(attributes)

    def _show(self, attempt: Span, steps: Sequence["_Told"]) -> None:
        """Make the spans of an attempt's steps.

        One follows the other, so what was told of late ended at the latest where the next began.
        """
        parent = set_span_in_context(attempt, Context())
        end = time.time_ns()
        for told in reversed(steps):
            end = min(end, told.at)
            began = end - int(told.step.seconds * 1e9)
            span = self._tracer.start_span(told.step.name, parent, start_time=began)
            if told.step.error:
                _blame(span, told.step.error)
            span.end(end)
            end = began


class _Told(NamedTuple):
    """A step that has ended, and when it was told of: nanoseconds since 1970."""

    step: Step
    at: int


@contextmanager
def _within(span: Span) -> Iterator[None]:
    """Be within a span until it ends; so are the lines that are logged there."""
    trace = format_trace_id(span.get_span_context().trace_id)
    # What an exception says may quote anything, so no span repeats it.
    with (
        bound_contextvars(trace=trace),
        use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False),
    ):
        try:
            yield
        except Exception as error:
            code = error.code if isinstance(error, TintypeError) else type(error).__name__
            span.set_attribute("error.type", code)
            span.set_status(StatusCode.ERROR)
            raise


def _blame(span: Span, error: Failure) -> None:
    """Say why something failed; an image at fault is no error of the service."""
    span.set_attribute("error.type", error.code)
    if error.code not in _REJECTIONS:
        span.set_status(StatusCode.ERROR)


def _names(job: Job) -> dict[str, str | int]:
    return {"tintype.image": job.image_id, "tintype.job": job.id}


def _nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1e9)

"""The monitor for Prometheus: what happens in this process, counted and timed."""

import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import choose_encoder

from tintype import __version__
from tintype.errors import (
    REJECTIONS,
    CatalogFailedError,
    InternalError,
    StoreFailedError,
    StoreMistakenError,
)
from tintype.model import Failure, ImageState, Job, Step, Variant
from tintype.ports.catalog import Backlog
from tintype.ports.monitor import Answer

_NAMESPACE = "tintype"

# Where most observations fall, with room for what is slow: seconds.
_OF_A_REQUEST = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_OF_A_STEP = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_OF_A_JOB = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600)

_REJECTIONS = frozenset(error.code for error in REJECTIONS)
# Failures that somebody wants to be woken for at the first time.
_ALARMING = (StoreFailedError, StoreMistakenError, CatalogFailedError, InternalError)
_ENDS = [state for state in ImageState if state.final]


class Metrics:
    """Counts and times what it hears; `exposition` shows it.

    `workers` is the number of decoder children, `memory` the bytes for all their work,
    `queue_limit` how many jobs may wait. Everything is of this process alone, but for the gauges of
    the queue, which every process shows alike. Label values come from short lists: methods, route
    templates, states, codes, steps, and the variants' names of the recipes.
    """

    def __init__(self, *, workers: int, memory: int, queue_limit: int) -> None:
        # A switch of the library for the whole process: without it, each counter and histogram
        # has one more series that says when it was made.
        disable_created_metrics()  # type: ignore[no-untyped-call] # it has no types
        self._registry = CollectorRegistry()
        self._workers = workers
        self._measure_requests()
        self._measure_jobs()
        self._measure_workers(memory, queue_limit)
        self._gauge("build_info", "The program: always 1.", ["version", "python"]).labels(
            __version__, platform.python_version()
        ).set(1)
        ProcessCollector(registry=self._registry)

    def _measure_requests(self) -> None:
        counter, histogram = self._counter, self._histogram
        self._requests = counter("requests", "Requests that were answered.", ["method", "route"])
        self._statuses = counter("status_codes", "Answers by their status.", ["status"])
        self._errors = counter("errors", "Requests that failed, by the failure's code.", ["code"])
        self._request_seconds = histogram(
            "request_duration_seconds",
            "From a request's beginning to the end of its answer.",
            ["method", "route"],
            buckets=_OF_A_REQUEST,
        )
        self._response_bytes = counter("response_bytes", "Bytes of answers' bodies.", ["route"])
        self._requests_now = self._gauge("requests_in_progress", "Requests under way.")
        spans = histogram(
            "request_span_duration_seconds",
            "Parts of an upload's way: accepting (stored and committed), queue (from then to the"
            " first attempt), processing (an attempt).",
            ["span"],
            buckets=_OF_A_JOB,
        )
        self._accepting = spans.labels("accepting")
        self._queue = spans.labels("queue")
        self._processing = spans.labels("processing")

    def _measure_jobs(self) -> None:
        counter, histogram = self._counter, self._histogram
        self._accepted = counter("jobs_accepted", "Uploads that became a job.")
        self._notifications = counter(
            "notifications",
            "What stores told of objects, and what was found in a watched folder,"
            " by what came of it.",
            ["outcome"],
        )
        self._attempts = counter("attempts", "Attempts that ended, by outcome.", ["outcome"])
        self._failures = counter(
            "attempt_failures", "Attempts that failed through no fault of the image.", ["code"]
        )
        self._rejections = counter(
            "rejections", "Attempts that found the image at fault.", ["code"]
        )
        self._jobs = counter("jobs", "Jobs that ended, by their final state.", ["state"])
        self._step_seconds = histogram(
            "step_duration_seconds", "How long a step took.", ["step"], buckets=_OF_A_STEP
        )
        self._job_seconds = histogram(
            "job_duration_seconds",
            "From a job's acceptance to its end; without jobs that somebody asked for again.",
            ["state"],
            buckets=_OF_A_JOB,
        )
        self._original_bytes = counter("original_bytes", "Bytes of originals that were accepted.")
        made = ["variant", "format"]
        self._variants = counter("variants", "Variants that were made.", made)
        self._variant_bytes = counter("variant_bytes", "Bytes of variants that were made.", made)
        self._saved_bytes = counter(
            "saved_bytes", "Bytes by which variants are smaller than their original.", ["variant"]
        )
        # What may never happen is there as 0, so that a first time is an increase.
        for outcome in ("done", "rejected", "failed"):
            self._attempts.labels(outcome)
        for code in _REJECTIONS:
            self._rejections.labels(code)
        for error in _ALARMING:
            self._errors.labels(error.code)
            self._failures.labels(error.code)
        for state in _ENDS:
            self._jobs.labels(state)

    def _measure_workers(self, memory: int, queue_limit: int) -> None:
        gauge = self._gauge
        gauge("workers", "Decoder children.").set(self._workers)
        self._workers_busy = gauge("workers_busy", "Decoder children that are at work.")
        self._utilization = gauge("workers_utilization", "Busy decoder children, in percent.")
        self._admitted = gauge(
            "decoder_memory_admitted_bytes", "Memory that the images under way need at most."
        )
        gauge("decoder_memory_limit_bytes", "Memory for all images under way.").set(memory)
        self._waiting = gauge("decoder_memory_waiting", "Images that wait for memory.")
        self._images_now = gauge("images_in_progress", "Attempts under way.")
        self._depth = gauge("queue_depth", "Jobs that wait, in all processes.")
        gauge("queue_limit", "Jobs that may wait before uploads are refused.").set(queue_limit)
        self._age = gauge("queue_oldest_age_seconds", "For how long the oldest waiting job has.")
        self._running = gauge("queue_running", "Jobs that run, in all processes.")
        self._paused = gauge("queue_paused", "1 while no job is begun.")
        self._dead = gauge("dead_letters", "Dead letters that were neither redriven nor dropped.")

    def follow(
        self,
        *,
        idle: Callable[[], int],
        admitted: Callable[[], int],
        waiting: Callable[[], int],
        backlog: Callable[[], Backlog],
        paused: Callable[[], bool],
    ) -> None:
        """Ask these at each exposition.

        They are children that are idle, memory (bytes) that was admitted, tasks that wait for
        memory, and the backlog as counted last.
        """
        self._workers_busy.set_function(lambda: self._workers - idle())
        self._utilization.set_function(lambda: 100 * (1 - idle() / self._workers))
        self._admitted.set_function(admitted)
        self._waiting.set_function(waiting)
        self._depth.set_function(lambda: backlog().queued)
        self._age.set_function(lambda: _age(backlog().oldest))
        self._running.set_function(lambda: backlog().running)
        self._paused.set_function(paused)
        self._dead.set_function(lambda: backlog().dead)

    def exposition(self, accept: str = "") -> tuple[bytes, str]:
        """All metrics and their content type, in the format that an Accept header prefers."""
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type

    # --- what is heard ---

    @contextmanager
    def request(self, method: str, path: str, headers: Mapping[str, str]) -> Iterator[None]:  # noqa: ARG002 - a path is no label
        """Goes around an HTTP request."""
        with self._requests_now.track_inprogress():
            yield

    def answered(self, answer: Answer) -> None:
        """The request in this context was answered."""
        self._requests.labels(answer.method, answer.route).inc()
        self._request_seconds.labels(answer.method, answer.route).observe(answer.seconds)
        self._response_bytes.labels(answer.route).inc(answer.bytes)
        self._statuses.labels(answer.status).inc()
        if answer.code:
            self._errors.labels(answer.code).inc()

    @contextmanager
    def accepting(self) -> Iterator[None]:
        """Goes around the acceptance of an upload."""
        with self._accepting.time():
            yield

    def trace(self) -> str | None:
        """Nothing: this is no tracer."""
        return None

    def accepted(self, job: Job) -> None:
        """An upload was accepted."""
        self._accepted.inc()
        self._original_bytes.inc(job.original.size)

    def noticed(self, outcome: str) -> None:
        """A notification of a store told of something."""
        self._notifications.labels(outcome).inc()

    @contextmanager
    def attempt(self, job: Job, number: int) -> Iterator[None]:
        """Goes around an attempt."""
        if number == 1:  # its claim was the job's last change
            waited = (job.updated_at - job.created_at).total_seconds()
            self._queue.observe(max(0.0, waited))  # two hosts, two clocks
        with self._images_now.track_inprogress(), self._processing.time():
            yield

    def step(self, step: Step) -> None:
        """A step of the attempt in this thread ended just now."""
        self._step_seconds.labels(step.name).observe(step.seconds)

    def attempted(self, job: Job, error: Failure | None) -> None:  # noqa: ARG002 - ids are no labels
        """An attempt ended, well or for a reason."""
        if error is None:
            self._attempts.labels("done").inc()
        elif error.code in _REJECTIONS:
            self._attempts.labels("rejected").inc()
            self._rejections.labels(error.code).inc()
        else:
            self._attempts.labels("failed").inc()
            self._failures.labels(error.code).inc()

    def ended(self, job: Job, state: ImageState, variants: Sequence[Variant]) -> None:
        """A job ended; `variants` are those that it made."""
        self._jobs.labels(state).inc()
        if not job.forgiven:
            self._job_seconds.labels(state).observe(_age(job.created_at))
        for made in variants:
            self._variants.labels(made.name, made.format).inc()
            self._variant_bytes.labels(made.name, made.format).inc(made.bytes)
            self._saved_bytes.labels(made.name).inc(max(0, job.original.size - made.bytes))

    # --- kinds ---

    @property
    def _counter(self) -> partial[Counter]:
        return partial(Counter, namespace=_NAMESPACE, registry=self._registry)

    @property
    def _gauge(self) -> partial[Gauge]:
        return partial(Gauge, namespace=_NAMESPACE, registry=self._registry)

    @property
    def _histogram(self) -> partial[Histogram]:
        return partial(Histogram, namespace=_NAMESPACE, registry=self._registry)


def _age(since: datetime | None) -> float:
    """Seconds since a moment; a clock that was set back makes none."""
    return max(0.0, (datetime.now(UTC) - since).total_seconds()) if since else 0.0

"""Several monitors hear the same, and none is as good as any."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from tintype.model import Failure, ImageState, Job, Original, Step, StepStatus, Variant
from tintype.pipeline.monitors import Monitors
from tintype.ports.monitor import Answer, Monitor

NOW = datetime.now(UTC)
ORIGINAL = Original("originals/a.jpg", "a.jpg", "v1", 1000)
JOB = Job("job_a", "img_a", ORIGINAL, "digest", ImageState.RUNNING, 1, NOW, NOW)
STEP = Step("render", StepStatus.DONE, 1, 0.1)
ANSWER = Answer("GET", "/", 200, 0.1, 1)
FAILURE = Failure("corrupt", "why")


class Heard:
    """Writes down what it hears."""

    def __init__(self, trace: str | None = None) -> None:
        self.said: list[object] = []
        self._trace = trace

    @contextmanager
    def request(self, method: str, path: str, headers: Mapping[str, str]) -> Iterator[None]:
        self.said.append((method, path, headers))
        yield
        self.said.append("request ended")

    def answered(self, answer: Answer) -> None:
        self.said.append(answer)

    @contextmanager
    def accepting(self) -> Iterator[None]:
        self.said.append("accepting")
        yield
        self.said.append("acceptance ended")

    def trace(self) -> str | None:
        return self._trace

    def accepted(self, job: Job) -> None:
        self.said.append(job)

    def noticed(self, outcome: str) -> None:
        self.said.append(outcome)

    @contextmanager
    def attempt(self, job: Job, number: int) -> Iterator[None]:
        self.said.append(number)
        yield
        self.said.append("attempt ended")

    def step(self, step: Step) -> None:
        self.said.append(step)

    def attempted(self, job: Job, error: Failure | None) -> None:
        self.said.append(error)

    def ended(self, job: Job, state: ImageState, variants: Sequence[Variant]) -> None:
        self.said.append(state)


def tell(monitor: Monitor) -> None:
    with monitor.request("GET", "/", {}):
        with monitor.accepting():
            monitor.accepted(JOB)
        monitor.answered(ANSWER)
    monitor.noticed("gone")
    with monitor.attempt(JOB, 3):
        monitor.step(STEP)
        monitor.attempted(JOB, FAILURE)
        monitor.ended(JOB, ImageState.REJECTED, ())


def test_all_hear_all() -> None:
    first, second = Heard(), Heard()
    tell(Monitors(first, second))
    assert first.said == [
        ("GET", "/", {}),
        "accepting",
        JOB,
        "acceptance ended",
        ANSWER,
        "request ended",
        "gone",
        3,
        STEP,
        FAILURE,
        ImageState.REJECTED,
        "attempt ended",
    ]
    assert second.said == first.said


def test_nobody_needs_to_listen() -> None:
    tell(Monitors())
    assert Monitors().trace() is None


def test_the_first_that_has_a_trace_names_it() -> None:
    assert Monitors(Heard(), Heard("a"), Heard("b")).trace() == "a"

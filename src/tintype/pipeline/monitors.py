"""Several monitors as one, or none at all."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

from tintype.model import Failure, ImageState, Job, Step, Variant
from tintype.ports.monitor import Answer, Monitor


class Monitors:
    """Tells each of its monitors what it hears; without any, nobody."""

    def __init__(self, *monitors: Monitor) -> None:
        self._monitors = monitors

    @contextmanager
    def request(self, method: str, path: str, headers: Mapping[str, str]) -> Iterator[None]:
        """Goes around an HTTP request."""
        with ExitStack() as stack:
            for monitor in self._monitors:
                stack.enter_context(monitor.request(method, path, headers))
            yield

    def answered(self, answer: Answer) -> None:
        """The request in this context was answered."""
        for monitor in self._monitors:
            monitor.answered(answer)

    @contextmanager
    def accepting(self) -> Iterator[None]:
        """Goes around the acceptance of an upload."""
        with ExitStack() as stack:
            for monitor in self._monitors:
                stack.enter_context(monitor.accepting())
            yield

    def trace(self) -> str | None:
        """The traceparent of the first monitor that has one."""
        traces = (monitor.trace() for monitor in self._monitors)
        return next((trace for trace in traces if trace), None)

    def accepted(self, job: Job) -> None:
        """An upload was accepted."""
        for monitor in self._monitors:
            monitor.accepted(job)

    def noticed(self, outcome: str) -> None:
        """A notification of a store told of something."""
        for monitor in self._monitors:
            monitor.noticed(outcome)

    @contextmanager
    def attempt(self, job: Job, number: int) -> Iterator[None]:
        """Goes around an attempt."""
        with ExitStack() as stack:
            for monitor in self._monitors:
                stack.enter_context(monitor.attempt(job, number))
            yield

    def step(self, step: Step) -> None:
        """A step of the attempt in this thread ended just now."""
        for monitor in self._monitors:
            monitor.step(step)

    def attempted(self, job: Job, error: Failure | None) -> None:
        """An attempt ended, well or for a reason."""
        for monitor in self._monitors:
            monitor.attempted(job, error)

    def ended(self, job: Job, state: ImageState, variants: Sequence[Variant]) -> None:
        """A job ended."""
        for monitor in self._monitors:
            monitor.ended(job, state, variants)

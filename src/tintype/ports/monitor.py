"""The monitor port: what the service tells of itself while it works."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from tintype.model import Failure, ImageState, Job, Step, Variant


@dataclass(frozen=True, slots=True)
class Answer:
    """How an HTTP request was answered."""

    method: str  # one of HTTP's, or _OTHER
    route: str  # the template that fits the path, or a word where none does
    status: int
    seconds: float  # from the request's first byte to the answer's last
    bytes: int  # of the answer's body
    code: str | None = None  # of the failure that was answered


class Monitor(Protocol):
    """Hears what happens, for metrics and traces.

    No method may raise, wait for the network or take long: what it tells is worth less than the
    work it tells of.
    """

    def request(
        self, method: str, path: str, headers: Mapping[str, str]
    ) -> AbstractContextManager[None]:
        """Goes around an HTTP request; the names of `headers` are in lower case."""
        ...

    def answered(self, answer: Answer) -> None:
        """The request in this context was answered."""
        ...

    def accepting(self) -> AbstractContextManager[None]:
        """Goes around the acceptance of an upload: the beginning of a trace."""
        ...

    def trace(self) -> str | None:
        """The W3C traceparent of what this thread is doing, to be kept with a job."""
        ...

    def accepted(self, job: Job) -> None:
        """An upload was accepted."""
        ...

    def noticed(self, outcome: str) -> None:
        """A notification of a store told of something; `outcome` is a word for what came of it."""
        ...

    def attempt(self, job: Job, number: int) -> AbstractContextManager[None]:
        """Goes around an attempt: a part of the trace that `job.trace` names."""
        ...

    def step(self, step: Step) -> None:
        """A step of the attempt in this thread ended just now."""
        ...

    def attempted(self, job: Job, error: Failure | None) -> None:
        """An attempt ended, well or for a reason."""
        ...

    def ended(self, job: Job, state: ImageState, variants: Sequence[Variant]) -> None:
        """A job ended; `variants` are those that it made."""
        ...

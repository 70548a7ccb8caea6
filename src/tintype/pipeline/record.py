"""What one attempt has to tell so far."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tintype.errors import TintypeError
from tintype.model import Facts, Failure, Step, StepStatus


def _nobody(_step: Step) -> None:
    pass


class Record:
    """Collects the steps of one attempt as they end, and the facts as soon as they are known.

    `tell` hears of each step when it has ended. `wrote` says whether a variant may have been put.
    """

    def __init__(self, attempt: int, tell: Callable[[Step], None] = _nobody) -> None:
        self.facts: Facts | None = None
        self.wrote = False
        self._attempt = attempt
        self._tell = tell
        self._steps: list[Step] = []

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps that have ended, in their order."""
        return tuple(self._steps)

    def add(self, name: str, seconds: float, error: Failure | None = None) -> None:
        """Add a step that was timed elsewhere; `seconds` of wall time."""
        status = StepStatus.DONE if error is None else StepStatus.FAILED
        step = Step(name, status, self._attempt, round(seconds, 4), error)
        self._steps.append(step)
        self._tell(step)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time a step; a failure inside is noted and goes on its way."""
        began = time.perf_counter()
        try:
            yield
        except TintypeError as error:
            self.add(name, time.perf_counter() - began, Failure.of(error))
            raise
        self.add(name, time.perf_counter() - began)

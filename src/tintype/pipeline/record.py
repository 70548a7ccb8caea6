"""What one attempt has to tell so far."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tintype.errors import TintypeError
from tintype.model import Facts, Failure, Step, StepStatus, Variant


def _nobody(_step: Step) -> None:
    pass


class Record:
    """Collects what one attempt has done: its steps as they end, its variants as they are put.

    `tell` hears of each step when it has ended.
    """

    def __init__(self, attempt: int, tell: Callable[[Step], None] = _nobody) -> None:
        self.facts: Facts | None = None
        self._variants: list[Variant] = []
        self._putting = False
        self._attempt = attempt
        self._tell = tell
        self._steps: list[Step] = []

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps that have ended, in their order."""
        return tuple(self._steps)

    @property
    def variants(self) -> tuple[Variant, ...]:
        """The variants that were put, in their order."""
        return tuple(self._variants)

    @property
    def unsure(self) -> bool:
        """Whether a variant may have been put besides, as no answer came."""
        return self._putting

    def put(self, variant: Callable[[], Variant]) -> None:
        """Put a variant; what fails may have been done all the same."""
        self._putting = True
        self._variants.append(variant())
        self._putting = False

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

"""The record of one attempt."""

import pytest

from tintype.errors import StoreFailedError
from tintype.model import Failure, StepStatus
from tintype.pipeline.record import Record


def test_steps_are_kept_in_their_order_with_their_attempt() -> None:
    record = Record(attempt=2)
    record.add("validate", 0.5)
    with record.step("record"):
        pass
    assert [(step.name, step.status, step.attempts) for step in record.steps] == [
        ("validate", StepStatus.DONE, 2),
        ("record", StepStatus.DONE, 2),
    ]


def test_a_failing_step_is_noted_and_fails() -> None:
    record = Record(attempt=1)
    with pytest.raises(StoreFailedError), record.step("record"):
        raise StoreFailedError("full")
    assert record.steps[0].error == Failure("store_failed", "full")

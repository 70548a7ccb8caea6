"""The pipeline's pure decisions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tintype.errors import (
    CorruptError,
    DecoderDiedError,
    DecoderOutOfMemoryError,
    DecoderOutOfTimeError,
    DecoderStalledError,
    ResourceLimitError,
    StoreFailedError,
    TimedOutError,
    TintypeError,
)
from tintype.model import Failure
from tintype.pipeline.plan import retry_delay, verdict
from tintype.recipe.schema import Retry


@pytest.mark.parametrize(
    "error", [CorruptError(), StoreFailedError(), DecoderDiedError(), DecoderStalledError()]
)
def test_a_first_failure_is_what_it_is(error: TintypeError) -> None:
    assert verdict(error, []) is error


@pytest.mark.parametrize("first", [DecoderDiedError(), DecoderOutOfTimeError()])
def test_a_second_death_of_a_decoder_rejects_the_image(first: TintypeError) -> None:
    assert isinstance(verdict(DecoderDiedError(), [Failure.of(first)]), ResourceLimitError)


def test_an_image_that_needs_more_than_twice_the_memory_is_rejected_at_once() -> None:
    assert isinstance(verdict(DecoderOutOfMemoryError(), []), ResourceLimitError)


def test_a_second_run_into_the_cpu_limit_is_timed_out() -> None:
    first = Failure.of(DecoderOutOfTimeError())
    assert isinstance(verdict(DecoderOutOfTimeError(), [first]), TimedOutError)


def test_a_stalled_decoder_is_never_the_images_fault() -> None:
    earlier = [Failure.of(DecoderStalledError()), Failure.of(DecoderDiedError())]
    error = DecoderStalledError()
    assert verdict(error, earlier) is error


def test_failures_of_the_store_do_not_count_as_deaths() -> None:
    error = DecoderDiedError()
    assert verdict(error, [Failure.of(StoreFailedError())]) is error


@given(
    attempt=st.integers(1, 100),
    jitter=st.floats(0, 1, exclude_max=True),
    interval=st.floats(0, 3600),
    rate=st.floats(1, 10),
)
def test_delays_grow_and_stay_bounded(
    attempt: int, jitter: float, interval: float, rate: float
) -> None:
    retry = Retry(max_attempts=5, interval=interval, backoff_rate=rate)
    delay = retry_delay(retry, attempt, jitter)
    assert 0 <= delay <= 3600 * 1.25
    assert retry_delay(retry, attempt + 1, jitter) >= delay
    assert retry_delay(retry, attempt, jitter, away=True) >= max(delay, 10)

"""How often something that fails is tried again, and how often that is told."""

from collections.abc import Callable

import pytest

from tintype.outage import Outage


@pytest.mark.parametrize(
    ("jitter", "expected"),
    [(lambda: 1.0, [2.0, 4.0, 5.0, 5.0]), (lambda: 0.0, [1.0, 2.0, 2.5, 2.5])],
)
def test_tries_get_rarer_up_to_five_seconds_and_often_again_after_the_end(
    jitter: Callable[[], float], expected: list[float]
) -> None:
    outage = Outage(jitter=jitter)
    assert outage.wait == 1.0
    waits = []
    for _ in expected:
        outage.fail()
        waits.append(outage.wait)
    assert waits == expected
    for _ in range(5000):
        outage.fail()
    assert outage.wait == expected[-1]
    outage.end()
    assert outage.wait == 1.0


def test_it_is_told_at_once_then_ever_more_rarely_and_the_next_one_at_once_again() -> None:
    now = 100.0
    outage = Outage(clock=lambda: now)
    told = []
    for _ in range(3600):
        if outage.fail():
            told.append(now - 100.0)
        now += 1.0
    assert told == [0.0, 10.0, 30.0, 70.0, 150.0, 310.0, 630.0, 1230.0, 1830.0, 2430.0, 3030.0]
    assert (outage.failures, outage.seconds) == (3600, 3600.0)
    outage.end()
    assert (outage.failures, outage.seconds) == (0, 0.0)
    assert outage.fail()

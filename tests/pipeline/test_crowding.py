"""Backpressure: how much may wait."""

import pytest

from tests.pipeline.conftest import Pipeline
from tintype.errors import QueueFullError
from tintype.pipeline.crowding import Crowding
from tintype.ports.catalog import Backlog, Catalog


class Counted:
    """A catalog that counts how often it is asked to count, and takes its time."""

    def __init__(self) -> None:
        self.asked = 0
        self.queued = 0
        self.now = 100.0

    def backlog(self) -> Backlog:
        self.asked += 1
        self.now += 0.5
        return Backlog(self.queued, 0, 0, None)

    def clock(self) -> float:
        return self.now


def crowding(counted: Counted, limit: int) -> Crowding:
    catalog: Catalog = counted  # type: ignore[assignment] # only the backlog is asked for
    return Crowding(catalog, limit, counted.clock)


def test_a_rush_between_two_counts_is_stopped_at_the_limit() -> None:
    watched = crowding(Counted(), 3)
    for _ in range(3):
        watched.admit()
        watched.add()
    with pytest.raises(QueueFullError, match="3 images wait"):
        watched.admit()


def test_a_count_takes_the_place_of_what_was_added_before_it() -> None:
    counted = Counted()
    watched = crowding(counted, 2)
    watched.add()
    watched.add()
    counted.queued = 1
    watched.count()
    watched.admit()
    watched.add()
    with pytest.raises(QueueFullError):
        watched.admit()


def test_counting_takes_a_twentieth_of_the_time_at_the_most() -> None:
    counted = Counted()
    watched = crowding(counted, 2)
    watched.count()
    counted.now += 9.9
    watched.count()
    assert counted.asked == 1
    counted.now += 0.2
    watched.count()
    assert counted.asked == 2


def test_the_app_refuses_what_is_too_much_and_takes_more_when_there_is_room(
    pipeline: Pipeline,
) -> None:
    for number in range(pipeline.app.jobs.queue_lately().limit):
        pipeline.app.admit()
        pipeline.upload(f"{number}.png", b"no image")
    with pytest.raises(QueueFullError):
        pipeline.app.admit()
    pipeline.finish()
    assert pipeline.app.jobs.queue().backlog.queued == 0

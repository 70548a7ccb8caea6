"""Backpressure: how much may wait."""

import pytest

from tests.pipeline.conftest import Pipeline
from tintype.errors import KeyInvalidError, QueueFullError
from tintype.pipeline.crowding import Crowding
from tintype.ports.catalog import Backlog, Catalog


class Counted:
    """A catalog that counts how often it is asked to count, and takes its time."""

    def __init__(self) -> None:
        self.asked = 0
        self.queued = 0
        self.waiting = {"originals/waits.jpg"}
        self.asked_for: list[str] = []
        self.now = 100.0

    def backlog(self) -> Backlog:
        self.asked += 1
        self.now += 0.5
        return Backlog(self.queued, 0, 0, None)

    def waits(self, key: str) -> bool:
        self.asked_for.append(key)
        return key in self.waiting

    def clock(self) -> float:
        return self.now


def crowding(counted: Counted, limit: int) -> Crowding:
    catalog: Catalog = counted  # type: ignore[assignment] # it is asked for nothing else
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


def test_counting_takes_a_hundredth_of_the_time_at_the_most() -> None:
    counted = Counted()
    watched = crowding(counted, 2)
    watched.count()
    counted.now += 49.5
    watched.count()
    assert counted.asked == 1
    counted.now += 1.0
    watched.count()
    assert counted.asked == 2


def test_a_newer_version_of_what_waits_comes_in_where_nothing_else_does() -> None:
    counted = Counted()
    watched = crowding(counted, 1)
    watched.admit("originals/waits.jpg")
    assert not counted.asked_for  # there is room anyway
    watched.add()
    watched.admit("originals/waits.jpg")
    for key in ("originals/runs.jpg", None):
        with pytest.raises(QueueFullError):
            watched.admit(key)
    assert counted.asked_for == ["originals/waits.jpg", "originals/runs.jpg"]


def test_the_app_refuses_what_is_too_much_and_takes_more_when_there_is_room(
    pipeline: Pipeline,
) -> None:
    for number in range(pipeline.app.jobs.queue_lately().limit):
        pipeline.app.intake.admit()
        pipeline.upload(f"{number}.png", b"no image")
    with pytest.raises(QueueFullError):
        pipeline.app.intake.admit()
    pipeline.finish()
    assert pipeline.app.jobs.queue().backlog.queued == 0


def test_the_app_takes_a_newer_version_of_what_waits_and_no_more_waits_then(
    pipeline: Pipeline,
) -> None:
    limit = pipeline.app.jobs.queue_lately().limit
    images = [pipeline.upload(f"{number}.png", b"no image") for number in range(limit)]
    keys = [image.original.key for image in images]
    pipeline.app.intake.admit(keys[3])
    pipeline.upload("3.png", b"another", key=keys[3])
    assert pipeline.app.jobs.queue().backlog.queued == limit
    with pytest.raises(QueueFullError):
        pipeline.app.intake.admit("originals/new.png")
    pipeline.step()
    with pytest.raises(QueueFullError):  # its job has ended
        pipeline.app.intake.admit(keys[0])


def test_a_newer_version_of_what_waits_takes_no_room(pipeline: Pipeline) -> None:
    limit = pipeline.app.jobs.queue_lately().limit
    key = pipeline.upload("0.png", b"no image").original.key
    for number in range(limit):
        pipeline.upload("0.png", b"another %d" % number, key=key)
    pipeline.app.intake.admit()
    pipeline.finish()
    pipeline.upload("0.png", b"one that takes room", key=key)
    for number in range(limit - 2):
        pipeline.upload(f"more-{number}.png", b"no image")
    with pytest.raises(QueueFullError):
        pipeline.app.intake.admit()


@pytest.mark.parametrize("key", ["elsewhere/0.png", "originals/../0.png", "originals/\0.png"])
def test_a_key_that_cannot_be_kept_is_refused_before_the_upload_is_read(
    pipeline: Pipeline, key: str
) -> None:
    with pytest.raises(KeyInvalidError):
        pipeline.app.intake.admit(key)

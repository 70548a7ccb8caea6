"""The bench's measurements of the service, in their shortest form: whether they still measure.

What the figures are is the machine's; here it is only looked at that there are any, and that all
that was to be done is done. That no job is claimed twice is a story: tests/stories/test_queue.py.
"""

from pathlib import Path

import pytest

from bench import imageless, latency, queue
from bench.database import Database
from bench.queue import Cost
from tests.support.proof import Ledger

ROUNDS = 2
JOBS = 250
PATIENCE = 240  # seconds, a ceiling against hangs


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "_ROUND", 40)  # more than the jobs before the clock
    monkeypatch.setattr(queue, "_ROUNDS", ROUNDS)
    monkeypatch.setattr(queue, "_SHORT", 60)
    monkeypatch.setattr(latency, "_WARM", 1)
    monkeypatch.setattr(latency, "_SIZES", {"small": (64, 48), "large": (640, 480)})


def measured(costs: list[Cost]) -> bool:
    """Whether each round of each way has its figures."""
    return all(
        len(figures) == ROUNDS and min(figures) > 0
        for cost in costs
        for figures in (cost.cpu, cost.wall)
    )


@pytest.mark.timeout(PATIENCE)
def test_a_job_without_its_image_is_measured_on_both_ways(tmp_path: Path) -> None:
    costs = queue.overhead(Database.SQLITE, tmp_path)
    assert [cost.way for cost in costs] == ["started at once", "through the queue"]
    assert measured(costs)
    ledger = Ledger(f"sqlite:///{tmp_path / 'tintype.db'}")
    assert ledger.unfinished() == (0, 0)
    with ledger.reading() as connection:
        states = connection.exec_driver_sql("SELECT state, count(*) FROM jobs GROUP BY state")
        made = 2 * ROUNDS * (queue._ROUND + imageless._WARM)
        assert dict(map(tuple, states.all())) == {"done": made}


@pytest.mark.timeout(PATIENCE)
def test_a_short_and_a_long_queue_are_compared(tmp_path: Path) -> None:
    few, many = queue.depth(Database.SQLITE, JOBS, tmp_path)
    assert (few.way, many.way) == ("60 wait", "250 wait")
    assert measured([few, many])
    assert queue.ratio(few, many) > 0
    waiting = Ledger(f"sqlite:///{tmp_path / 'long' / 'tintype.db'}").waiting()
    assert 0 < waiting < JOBS, "the long queue must be worked off in part"


@pytest.mark.timeout(PATIENCE)
def test_both_sizes_are_uploaded_and_made_on_both_ways(tmp_path: Path) -> None:
    found = latency.measure(2, tmp_path)
    assert {(each.way, each.size) for each in found} == {
        (way, size) for way in latency._WAYS for size in ("small", "large")
    }
    for each in found:
        assert len(each.upload_to_done) == len(each.image) == 2
        assert each.told()["p50"] == pytest.approx(sum(each.upload_to_done) / 2)
        assert min(each.upload_to_done) > 0

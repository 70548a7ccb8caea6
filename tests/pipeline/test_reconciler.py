"""The thread that compares promises with runs, while the database is away."""

import threading
from datetime import UTC, datetime
from typing import cast

import pytest
from structlog.testing import capture_logs

from tintype.errors import CatalogFailedError
from tintype.model import ImageState, Job, Original, Priority, Run
from tintype.outage import Outage
from tintype.pipeline.crowding import Crowding
from tintype.pipeline.reconciler import Reconciler
from tintype.ports.catalog import Backlog, Catalog
from tintype.ports.engine import Engine

PATIENCE = 30.0
HISTORY = 60.0  # seconds


class Away:
    """A catalog and an engine of which the catalog fails three times."""

    def __init__(self) -> None:
        self.looks = 0
        self.started: list[tuple[Run, Priority]] = []
        self.back = threading.Event()

    def overdue(self, _seconds: float) -> list[Run]:
        self.looks += 1
        if self.looks <= 3:
            raise CatalogFailedError("The database failed: the server cannot be reached")
        if self.looks > 4:
            self.back.set()
        return [Run("job_1", 1)] if self.looks == 4 else []

    def backlog(self) -> Backlog:
        return Backlog(queued=0, running=0, dead=0, oldest=None)

    def job(self, _job_id: str) -> Job:
        original = Original("originals/a.jpg", "a.jpg", "v1", 1)
        now = datetime.now(UTC)
        state = ImageState.QUEUED
        return Job("job_1", "img_1", original, "recipe", state, 0, now, now, priority=Priority.HIGH)

    def start(self, run: Run, *, priority: Priority) -> None:
        self.started.append((run, priority))

    def sweep(self, _seconds: float) -> int:
        return 0

    def forget(self, _seconds: float) -> int:
        return 0


def test_an_outage_is_told_once_and_its_end_too_and_the_work_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Outage, "wait", 0.01)
    away = Away()
    catalog = cast("Catalog", away)
    reconciler = Reconciler(catalog, cast("Engine", away), Crowding(catalog, 10), HISTORY)
    with capture_logs() as logs:
        reconciler.start()
        assert away.back.wait(PATIENCE)
        reconciler.stop()
    events = [line["event"] for line in logs]
    assert events == ["reconciler.failed", "run.reconciled", "reconciler.recovered"]
    assert logs[0]["detail"] == "The database failed: the server cannot be reached"
    assert away.started == [(Run("job_1", 1), Priority.HIGH)]


class Full(Away):
    """A catalog with three parts of history to forget, and then none."""

    def __init__(self) -> None:
        super().__init__()
        self.did: list[str] = []
        self.clean = threading.Event()
        self._left = 3

    def overdue(self, _seconds: float) -> list[Run]:
        self.did.append("overdue")
        return []

    def sweep(self, seconds: float) -> int:
        if seconds != HISTORY:  # the engine's own
            return 0
        self.did.append("sweep")
        self._left -= 1
        if self._left < 0:
            self.clean.set()
        return int(self._left >= 0)


def test_between_the_parts_of_history_that_are_forgotten_runs_are_looked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Outage, "wait", 0.01)
    full = Full()
    catalog = cast("Catalog", full)
    reconciler = Reconciler(catalog, cast("Engine", full), Crowding(catalog, 10), HISTORY)
    reconciler.start()
    assert full.clean.wait(PATIENCE)
    reconciler.stop()
    assert full.did[:8] == ["overdue", "sweep"] * 4
    assert full.did.count("sweep") == 4, "until the next hour"

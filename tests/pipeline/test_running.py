"""Runs while the database is away."""

import threading

import pytest
from structlog.testing import capture_logs

from tests.pipeline.conftest import Pipeline
from tintype.errors import CatalogFailedError
from tintype.model import Run
from tintype.pipeline import app


def test_an_outage_is_told_once_for_all_runs_that_wait_and_the_next_one_again(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[Run] = []
    back = threading.Event()

    def away_for_twenty_tries(run: Run, **_: object) -> None:
        tries.append(run)
        if len(tries) >= 20:
            back.set()
        if not back.is_set():
            raise CatalogFailedError

    monkeypatch.setattr(app, "_PATIENCE_SECONDS", (0.01,))
    monkeypatch.setattr(pipeline.worker, "work", away_for_twenty_tries)
    with capture_logs() as lines:
        for outage in ("first", "second"):
            tries.clear()
            back.clear()
            runs = [Run(f"job_{outage}_{number}", 1) for number in range(4)]
            threads = [threading.Thread(target=pipeline.app._run, args=(run,)) for run in runs]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(30)
            assert set(tries) == set(runs)
    told = [line["run"] for line in lines if line["event"] == "run.waits"]
    assert [run.split("_")[1] for run in told] == ["first", "second"]

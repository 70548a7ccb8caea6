"""Waiting for the end of a job."""

import asyncio
import threading
from datetime import UTC, datetime
from typing import cast

import pytest

from tintype.entrypoints.http.waiting import job_ends
from tintype.model import ImageState, Job, Original
from tintype.pipeline.app import App
from tintype.pipeline.bulletin import Bulletin

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class OneJob:
    """As much of the app as waiting needs."""

    def __init__(self) -> None:
        self.bulletin = Bulletin()
        self.state = ImageState.RUNNING
        self.stopping = False
        self.looks = 0
        self.looked = threading.Event()
        self.jobs = self

    def one(self, job_id: str) -> Job:
        self.looks += 1
        self.looked.set()
        original = Original("k", "n", "v", 1)
        return Job(job_id, "img_a", original, "digest", self.state, 1, NOW, NOW)


async def listening() -> bool:
    return False


def wait(app: OneJob, seconds: float) -> bool:
    return asyncio.run(job_ends(cast("App", app), "img_a", "job_a", seconds, listening))


def test_a_job_that_has_ended_needs_no_waiting() -> None:
    app = OneJob()
    app.state = ImageState.REJECTED
    assert wait(app, 0)
    assert app.looks == 1


def test_a_service_that_stops_keeps_nobody_waiting() -> None:
    app = OneJob()
    app.stopping = True
    assert not wait(app, 60)
    assert app.looks == 1


def test_the_bulletin_ends_the_waiting() -> None:
    app = OneJob()

    def work() -> None:
        app.looked.wait(10)
        app.state = ImageState.DONE
        app.bulletin.post("img_a")

    thread = threading.Thread(target=work)
    thread.start()
    assert wait(app, 60)
    thread.join()
    assert app.looks <= 3


@pytest.mark.parametrize("state", [ImageState.DONE, ImageState.RUNNING])
def test_what_ends_in_another_process_is_found_by_looking(state: ImageState) -> None:
    app = OneJob()

    def work() -> None:
        app.looked.wait(10)
        app.state = state

    thread = threading.Thread(target=work)
    thread.start()
    assert wait(app, 0.6) is state.final
    thread.join()
    assert app.looks >= 2


def test_nobody_waits_for_a_client_that_is_gone() -> None:
    app = OneJob()

    async def gone() -> bool:
        return True

    ended = asyncio.run(job_ends(cast("App", app), "img_a", "job_a", 60, gone))
    assert not ended
    assert app.looks == 1

"""Waits for the end of a job without holding a thread."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from starlette.concurrency import run_in_threadpool

from tintype.pipeline.app import App

# The bulletin tells of jobs that end in this process. Those of other processes are found by
# looking: soon at first, since most jobs are short, then ever more rarely.
_FIRST_LOOK_SECONDS = 0.1
_RAREST_LOOK_SECONDS = 1.0


async def job_ends(
    app: App, image_id: str, job_id: str, seconds: float, gone: Callable[[], Awaitable[bool]]
) -> bool:
    """Wait up to `seconds` for a job's end; True if it has ended.

    Stops waiting where `gone` says that nobody listens any more, and when the service stops.
    """
    loop = asyncio.get_running_loop()
    news = asyncio.Event()

    def tell() -> None:
        with suppress(RuntimeError):  # the loop has closed: nobody waits any more
            loop.call_soon_threadsafe(news.set)

    deadline = loop.time() + seconds
    patience = _FIRST_LOOK_SECONDS
    with app.bulletin.listening(image_id, tell):
        while True:
            news.clear()
            job = await run_in_threadpool(app.jobs.one, job_id)
            left = deadline - loop.time()
            if job.state.final or left <= 0 or app.stopping or await gone():
                return job.state.final
            with suppress(TimeoutError):
                async with asyncio.timeout(min(patience, left)):
                    await news.wait()
            patience = min(patience * 2, _RAREST_LOOK_SECONDS)

"""What people do about jobs: look at them, ask for them again, call them off."""

from dataclasses import dataclass

import structlog

from tintype.model import Attempt, ImageState, Job, Page
from tintype.pipeline.bulletin import Bulletin
from tintype.pipeline.crowding import Crowding
from tintype.pipeline.starting import start
from tintype.ports.catalog import Backlog, Catalog, Which
from tintype.ports.engine import Engine

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Queue:
    """How the queue stands."""

    paused: bool
    limit: int  # how many jobs may be queued before uploads are refused
    backlog: Backlog


class Jobs:
    """Jobs and dead letters, for people."""

    def __init__(
        self, *, catalog: Catalog, engine: Engine, bulletin: Bulletin, crowding: Crowding
    ) -> None:
        self._catalog = catalog
        self._engine = engine
        self._bulletin = bulletin
        self._crowding = crowding

    def one(self, job_id: str) -> Job:
        """One job with the steps of its last attempt; raises JobNotFoundError."""
        return self._catalog.job(job_id)

    def attempts(self, job_id: str) -> tuple[Attempt, ...]:
        """Every attempt of a job that has ended, first to last."""
        return self._catalog.attempts(job_id)

    def list(
        self, *, cursor: str | None = None, limit: int = 50, state: ImageState | None = None
    ) -> Page[Job]:
        """Jobs, newest first; raises ParameterInvalidError for a bad cursor."""
        return self._catalog.jobs(cursor=cursor, limit=limit, state=state)

    def retry(self, job_id: str) -> Job:
        """Make a job that has ended again, with all its tries before it.

        Raises JobNotFoundError, JobActiveError, JobOutdatedError.
        """
        job = self._catalog.revive(job_id)
        self._bulletin.post(job.image_id)
        log.info("job.revived", job=job.id, image=job.image_id)
        return job

    def cancel(self, job_id: str) -> Job:
        """End a job that has not ended; raises JobNotFoundError, JobEndedError.

        What a run of it is doing just now is done to its end, and in vain.
        """
        following = self._catalog.cancel(job_id)
        if following:
            start(self._catalog, self._engine, following)
        job = self._catalog.job(job_id)
        self._bulletin.post(job.image_id)
        log.info("job.cancelled", job=job.id, image=job.image_id)
        return job

    def dead_letters(
        self, which: Which, *, cursor: str | None = None, limit: int = 50
    ) -> Page[Job]:
        """Jobs that failed their last attempt, the latest first."""
        return self._catalog.dead_letters(which, cursor=cursor, limit=limit)

    def redrive(self, which: Which, limit: int) -> int:
        """Make up to `limit` dead letters again; returns how many. Fewer: none is left."""
        count = self._catalog.redrive(which, limit)
        log.info("dead.redriven", count=count)
        return count

    def drop(self, which: Which, limit: int) -> int:
        """Take up to `limit` dead letters off the list; returns how many. Fewer: none is left."""
        count = self._catalog.drop(which, limit)
        log.info("dead.dropped", count=count)
        return count

    def queue(self) -> Queue:
        """How the queue stands, counted now."""
        return Queue(self._engine.paused, self._crowding.limit, self._catalog.backlog())

    def queue_lately(self) -> Queue:
        """How the queue stood a moment ago; costs nothing."""
        return Queue(self._engine.paused, self._crowding.limit, self._crowding.backlog)

    def pause(self) -> None:
        """Begin no more jobs, in any process and after any restart, until `resume`."""
        self._engine.pause()
        log.info("queue.paused")

    def resume(self) -> None:
        """Begin jobs again."""
        self._engine.resume()
        log.info("queue.resumed")

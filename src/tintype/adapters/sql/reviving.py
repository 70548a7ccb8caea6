"""Jobs that somebody asks for again, or calls off."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from tintype.adapters.sql import reading
from tintype.adapters.sql.accepting import REVOKE, Enqueue
from tintype.adapters.sql.rows import AnyRow, failure_values
from tintype.adapters.sql.running import (
    THIS_IMAGE,
    THIS_JOB,
    end_attempt,
    hand_over,
    work_of,
)
from tintype.adapters.sql.schema import IMAGES, LIVE
from tintype.errors import (
    JobActiveError,
    JobCancelledError,
    JobEndedError,
    JobNotFoundError,
    JobOutdatedError,
)
from tintype.model import Failure, ImageState, Job, Run

_LIVE = sa.select(IMAGES.c.id).where(IMAGES.c.key == sa.bindparam("key"), LIVE)


def revive(connection: sa.Connection, now: datetime, job_id: str, enqueue: Enqueue) -> Job:
    """Enqueue the next attempt of a job that has ended; see the port."""
    work = work_of(connection, job_id)
    if work is None:
        raise JobNotFoundError
    if not work.state.final:
        raise JobActiveError
    if work.present_id != work.id or _is_replaced(connection, work):
        raise JobOutdatedError
    take_up(connection, now, [work], enqueue)
    return reading.job(connection, job_id)


def _is_replaced(connection: sa.Connection, work: AnyRow) -> bool:
    """Whether the image is gone and another one has its key by now."""
    if work.image_state is not ImageState.GONE:
        return False
    return connection.execute(_LIVE, {"key": work.key}).first() is not None


def take_up(
    connection: sa.Connection, now: datetime, works: Sequence[AnyRow], enqueue: Enqueue
) -> None:
    """Enqueue the next attempts of jobs that have ended, and are their images' present ones."""
    queued = {"state": ImageState.QUEUED, "updated_at": now, **failure_values(None)}
    fresh = queued | {"deaths": 0, "dropped_at": None}
    jobs = [fresh | {"this": work.id, "forgiven": work.attempts} for work in works]
    connection.execute(THIS_JOB, jobs)
    connection.execute(THIS_IMAGE, [queued | {"this": work.image_id} for work in works])
    for work in works:
        if work.holder is None:  # else it waits for the key, and `finish` hands over
            enqueue(connection, Run(work.id, work.attempts + 1), 0.0, work.priority)


def cancel(connection: sa.Connection, now: datetime, job_id: str) -> Run | None:
    """End a job that has not ended; see the port."""
    work = work_of(connection, job_id)
    if work is None:
        raise JobNotFoundError
    if work.state.final:
        raise JobEndedError
    failure = Failure.of(JobCancelledError())
    ended = {"state": ImageState.DEAD, "updated_at": now, **failure_values(failure)}
    job = ended | {"this": work.id, "startable_at": None, "dropped_at": now}
    present = work.present_id == work.id
    if present:
        connection.execute(THIS_IMAGE, ended | {"this": work.image_id})
    if work.state is ImageState.QUEUED:
        # The engine may have the next number in its hands, and would never run it again.
        connection.execute(THIS_JOB, job | {"attempts": work.attempts + 1})
        return None
    connection.execute(THIS_JOB, job)
    connection.execute(REVOKE, {"this": work.key})
    run = Run(work.id, work.attempts)
    end_attempt(connection, now, run, work.began_at, (), failure)
    return None if present else hand_over(connection, now, work)

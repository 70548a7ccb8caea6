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
    put_variants,
    take_up,
    to_be_removed,
    work_of,
)
from tintype.adapters.sql.schema import IMAGES, LEASES, LIVE, REMOVALS
from tintype.errors import (
    JobActiveError,
    JobCancelledError,
    JobEndedError,
    JobNotFoundError,
    JobOutdatedError,
)
from tintype.model import Failure, ImageState, Job, Run, Variant

_LIVE = sa.select(IMAGES.c.id).where(IMAGES.c.key == sa.bindparam("key"), LIVE)
_THIS_REMOVAL = REMOVALS.c.image_id == sa.bindparam("this")
_DUE_REMOVAL = sa.select(REMOVALS.c.last).where(
    _THIS_REMOVAL, REMOVALS.c.due_at <= sa.bindparam("now")
)
_NO_REMOVAL = REMOVALS.delete().where(_THIS_REMOVAL)
_SPOIL = LEASES.update().where(LEASES.c.key == sa.bindparam("this")).values(spoiled=True)


def revive(connection: sa.Connection, now: datetime, job_id: str, enqueue: Enqueue) -> Job:
    """Enqueue the next attempt of a job that has ended; see the port."""
    work = work_of(connection, job_id)
    if work is None:
        raise JobNotFoundError
    if not work.state.final:
        raise JobActiveError
    if work.present_id != work.id:
        raise JobOutdatedError
    if work.image_state is ImageState.GONE:
        _bring_back(connection, now, work)
    take_up(connection, now, [work], enqueue)
    return reading.job(connection, job_id)


def _bring_back(connection: sa.Connection, now: datetime, work: AnyRow) -> None:
    """Keep what is made of an image from now on; raises JobOutdatedError where it is too late."""
    if connection.execute(_LIVE, {"key": work.key}).first():
        raise JobOutdatedError
    if connection.execute(_DUE_REMOVAL, {"this": work.image_id, "now": now}).first():
        raise JobOutdatedError("The image's objects are just being removed.")
    connection.execute(_NO_REMOVAL, {"this": work.image_id})


def repair(
    connection: sa.Connection,
    now: datetime,
    run: Run,
    variants: Sequence[Variant],
    enqueue: Enqueue,
) -> None:
    """Have variants made again that a run may have written late; see the port."""
    late = work_of(connection, run.job_id)
    work = late and work_of(connection, late.present_id)
    if work is None:
        return
    if work.image_state is ImageState.GONE:
        to_be_removed(connection, now, work.image_id, original=False)
        return
    put_variants(connection, work.image_id, variants)
    make_again(connection, now, work, enqueue)


def make_again(connection: sa.Connection, now: datetime, work: AnyRow, enqueue: Enqueue) -> None:
    """Have the objects of a work's key be written again that somebody may have spoiled."""
    if work.state is ImageState.DONE:
        take_up(connection, now, [work], enqueue)
    elif work.state is ImageState.RUNNING:
        connection.execute(_SPOIL, {"this": work.key})


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

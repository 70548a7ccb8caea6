"""Runs of jobs: begun under a lease, ended or tried again."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from tintype.adapters.sql.accepting import Enqueue
from tintype.adapters.sql.locks import lock_key, lock_key_of_job
from tintype.adapters.sql.rows import (
    AnyRow,
    facts_values,
    failure_values,
    job_of,
    variant_values,
)
from tintype.adapters.sql.schema import (
    ATTEMPTS,
    IMAGES,
    JOBS,
    LEASES,
    REMOVALS,
    STEPS,
    VARIANTS,
)
from tintype.errors import LeaseLostError
from tintype.model import Facts, Failure, ImageState, Run, Step, Variant
from tintype.ports.catalog import Lease

WORKS = (
    sa.select(
        JOBS,
        IMAGES.c.state.label("image_state"),
        IMAGES.c.job_id.label("present_id"),
        LEASES.c.job_id.label("holder"),
        LEASES.c.token,
        LEASES.c.began_at,
        LEASES.c.spoiled,
    )
    .join_from(JOBS, IMAGES, IMAGES.c.id == JOBS.c.image_id)
    .outerjoin(LEASES, LEASES.c.key == JOBS.c.key)
)
_WORK = WORKS.where(JOBS.c.id == sa.bindparam("id"))
_CURRENT = (
    sa.select(sa.literal(1))
    .select_from(LEASES)
    .join(JOBS, JOBS.c.id == LEASES.c.job_id)
    .join(IMAGES, IMAGES.c.id == JOBS.c.image_id)
    .where(
        LEASES.c.key == sa.bindparam("key"),
        LEASES.c.token == sa.bindparam("token"),
        LEASES.c.job_id == sa.bindparam("id"),
        IMAGES.c.job_id == JOBS.c.id,
    )
)
# A moment in the future is of a clock that was set back since: nobody would wait for it in vain.
# Said as what it is not, so that an index gives the runs in their order.
_OVERDUE = (
    sa.select(JOBS.c.id, JOBS.c.attempts)
    .where(
        JOBS.c.startable_at.is_not(None),
        sa.not_(
            sa.and_(
                JOBS.c.startable_at > sa.bindparam("since"),
                JOBS.c.startable_at <= sa.bindparam("now"),
            )
        ),
    )
    .order_by(JOBS.c.startable_at)
    .limit(sa.bindparam("limit"))
)
_PRESENT = sa.select(JOBS.c.id, JOBS.c.state, JOBS.c.attempts, JOBS.c.priority).where(
    JOBS.c.id == sa.bindparam("id")
)
THIS_JOB = JOBS.update().where(JOBS.c.id == sa.bindparam("this"))
THIS_IMAGE = IMAGES.update().where(IMAGES.c.id == sa.bindparam("this"))
_THIS_LEASE = LEASES.update().where(LEASES.c.key == sa.bindparam("this"))
_FREE = _THIS_LEASE.values(job_id=None)
_INSERT_LEASE = LEASES.insert()
_INSERT_ATTEMPT = ATTEMPTS.insert()
_INSERT_STEP = STEPS.insert()
_INSERT_VARIANT = VARIANTS.insert()
OLD_VARIANTS = VARIANTS.delete().where(VARIANTS.c.image_id == sa.bindparam("this"))
_OLD_VARIANT = OLD_VARIANTS.where(
    sa.or_(
        VARIANTS.c.key == sa.bindparam("key"),
        sa.and_(
            VARIANTS.c.name == sa.bindparam("name"), VARIANTS.c.format == sa.bindparam("format")
        ),
    )
)
_INSERT_REMOVAL = REMOVALS.insert()
_SAME_REMOVAL = (
    REMOVALS.update()
    .where(REMOVALS.c.image_id == sa.bindparam("this"))
    .values(last=False, original=sa.or_(REMOVALS.c.original, sa.bindparam("too")))
)


def claim(connection: sa.Connection, now: datetime, run: Run) -> Lease | None:
    """Begin or resume a run; see the port."""
    work = work_of(connection, run.job_id)
    if work is None or work.state.final:
        return None
    resumed = work.state is ImageState.RUNNING
    if run.attempt != work.attempts + (not resumed):
        return None
    if not resumed and work.holder is not None:
        # The engine never runs this number again, so whoever hands over must take the next. The
        # job was not tried: one that waits for another of its key has nothing but forgiven tries.
        spent = {"this": run.job_id, "attempts": run.attempt, "forgiven": run.attempt}
        connection.execute(THIS_JOB, spent | {"startable_at": None})
        return None
    deaths = work.deaths + 1 if resumed else 0
    job = replace(job_of(work), state=ImageState.RUNNING, attempts=run.attempt)
    lease = Lease(run, job, (work.token or 0) + 1, deaths)
    row = {"job_id": run.job_id, "token": lease.token, "spoiled": False}
    row["began_at"] = work.began_at if resumed else now
    if work.token is None:
        connection.execute(_INSERT_LEASE, row | {"key": work.key})
    else:
        connection.execute(_THIS_LEASE, row | {"this": work.key})
    if resumed:
        connection.execute(THIS_JOB, {"this": run.job_id, "deaths": deaths})
    else:
        _begin(connection, now, run, work.image_id)
    return lease


def _begin(connection: sa.Connection, now: datetime, run: Run, image_id: str) -> None:
    began = {"state": ImageState.RUNNING, "updated_at": now}
    job = began | {"this": run.job_id, "attempts": run.attempt, "deaths": 0}
    connection.execute(THIS_JOB, job | {"startable_at": None})
    connection.execute(THIS_IMAGE, began | {"this": image_id})


def current(connection: sa.Connection, lease: Lease) -> bool:
    """Whether a lease is the newest and its job of the newest version; see the port."""
    names = {"key": lease.key, "token": lease.token, "id": lease.run.job_id}
    return connection.execute(_CURRENT, names).first() is not None


def finish(
    connection: sa.Connection,
    now: datetime,
    lease: Lease,
    state: ImageState,
    *,
    facts: Facts | None,
    variants: Sequence[Variant],
    steps: Sequence[Step],
    error: Failure | None,
    enqueue: Enqueue,
) -> Run | None:
    """End a job; see the port."""
    work = held(connection, lease)
    connection.execute(_FREE, {"this": lease.key})
    end_attempt(connection, now, lease.run, work.began_at, steps, error)
    present = work.present_id == work.id
    if not present or state is not ImageState.DONE:
        put_variants(connection, work.image_id, variants)
    ended = {"state": state if present else ImageState.SUPERSEDED, "updated_at": now}
    ended |= failure_values(error)
    connection.execute(THIS_JOB, ended | {"this": work.id})
    if not present:
        return hand_over(connection, now, work)
    if facts:
        ended |= facts_values(facts)
    connection.execute(THIS_IMAGE, ended | {"this": work.image_id})
    if state is ImageState.GONE:
        connection.execute(OLD_VARIANTS, {"this": work.image_id})
        to_be_removed(connection, now, work.image_id, original=False)
    if state is ImageState.DONE:
        _replace_variants(connection, work.image_id, variants)
        if work.spoiled:
            take_up(connection, now, connection.execute(_WORK, {"id": work.id}).all(), enqueue)
    return None


def retry(
    connection: sa.Connection,
    now: datetime,
    lease: Lease,
    error: Failure,
    *,
    delay: float,
    variants: Sequence[Variant],
    steps: Sequence[Step],
    enqueue: Enqueue,
) -> None:
    """Record a failed attempt and enqueue the next; see the port."""
    work = held(connection, lease)
    connection.execute(_FREE, {"this": lease.key})
    put_variants(connection, work.image_id, variants)
    end_attempt(connection, now, lease.run, work.began_at, steps, error)
    present = work.present_id == work.id
    state = ImageState.QUEUED if present else ImageState.SUPERSEDED
    failed = {"state": state, "updated_at": now}
    connection.execute(THIS_JOB, failed | {"this": work.id, **failure_values(error)})
    if present:
        connection.execute(THIS_IMAGE, failed | {"this": work.image_id})
        enqueue(connection, _next_run(work), delay, work.priority)
    elif waiting := _waiting(connection, work):
        enqueue(connection, _next_run(waiting), 0.0, waiting.priority)


def overdue(
    connection: sa.Connection, now: datetime, older_than: float, limit: int
) -> tuple[Run, ...]:
    """Runs that a caller was to start, and did not; see the port."""
    since = now - timedelta(seconds=older_than)
    rows = connection.execute(_OVERDUE, {"since": since, "now": now, "limit": limit})
    return tuple(map(_next_run, rows))


def work_of(connection: sa.Connection, job_id: str) -> AnyRow | None:
    """A job with its image and its key's lease, while nobody else decides about the key."""
    lock_key_of_job(connection, job_id)
    return connection.execute(_WORK, {"id": job_id}).one_or_none()


def held(connection: sa.Connection, lease: Lease) -> AnyRow:
    """The work that a lease is for; raises LeaseLostError where its token is not the newest."""
    lock_key(connection, lease.key)
    work = connection.execute(_WORK, {"id": lease.run.job_id}).one_or_none()
    if work is None or work.holder != work.id or work.token != lease.token:
        raise LeaseLostError
    return work


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
            enqueue(connection, _next_run(work), 0.0, work.priority)


def hand_over(connection: sa.Connection, now: datetime, work: AnyRow) -> Run | None:
    """Let the job begin that waits for the key of this work, if any; the caller starts the run."""
    waiting = _waiting(connection, work)
    if waiting is None:
        return None
    connection.execute(THIS_JOB, {"this": waiting.id, "startable_at": now})
    return _next_run(waiting)


def end_attempt(
    connection: sa.Connection,
    now: datetime,
    run: Run,
    began_at: datetime,
    steps: Sequence[Step],
    error: Failure | None,
) -> None:
    """Keep what an attempt did."""
    attempt = {"job_id": run.job_id, "number": run.attempt, **failure_values(error)}
    connection.execute(_INSERT_ATTEMPT, attempt | {"started_at": began_at, "finished_at": now})
    rows: list[Mapping[str, Any]] = [
        {
            "job_id": run.job_id,
            "attempt": run.attempt,
            "position": position,
            "name": step.name,
            "status": str(step.status),
            "attempts": step.attempts,
            "seconds": step.seconds,
            **failure_values(step.error),
        }
        for position, step in enumerate(steps)
    ]
    if rows:
        connection.execute(_INSERT_STEP, rows)


def put_variants(connection: sa.Connection, image_id: str, variants: Sequence[Variant]) -> None:
    """Record variants that were put over an image's older ones, of which the others stay."""
    for made in variants:
        names = {"key": made.key, "this": image_id, "name": made.name, "format": made.format}
        connection.execute(_OLD_VARIANT, names)
    _insert_variants(connection, image_id, variants)


def to_be_removed(
    connection: sa.Connection, now: datetime, image_id: str, *, original: bool
) -> None:
    """Have the objects of an image be removed that is gone: those under the keys it claimed.

    Its `original` too, where that or an earlier call says so.
    """
    due = {"due_at": now}
    if not connection.execute(_SAME_REMOVAL, {"this": image_id, "too": original, **due}).rowcount:
        row = {"image_id": image_id, "original": original, "last": False}
        connection.execute(_INSERT_REMOVAL, row | due)


def _replace_variants(
    connection: sa.Connection, image_id: str, variants: Sequence[Variant]
) -> None:
    connection.execute(OLD_VARIANTS, {"this": image_id})
    _insert_variants(connection, image_id, variants)


def _insert_variants(connection: sa.Connection, image_id: str, variants: Sequence[Variant]) -> None:
    if variants:
        rows = [variant_values(made, image_id, place) for place, made in enumerate(variants)]
        connection.execute(_INSERT_VARIANT, rows)


def _waiting(connection: sa.Connection, work: AnyRow) -> AnyRow | None:
    """The job that waits for this work's key; None where it was cancelled."""
    present = connection.execute(_PRESENT, {"id": work.present_id}).one()
    return present if present.state is ImageState.QUEUED else None


def _next_run(job: AnyRow) -> Run:
    return Run(job.id, job.attempts + 1)

"""Runs of jobs: begun under a lease, ended or tried again."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from tintype.adapters.sql.accepting import Enqueue
from tintype.adapters.sql.locks import lock_key, lock_key_of_job
from tintype.adapters.sql.rows import (
    AnyRow,
    facts_values,
    failure_of,
    failure_values,
    variant_values,
)
from tintype.adapters.sql.schema import ATTEMPTS, IMAGES, JOBS, LEASES, STEPS, VARIANTS
from tintype.errors import LeaseLostError
from tintype.model import Facts, Failure, ImageState, Run, Step, Variant
from tintype.ports.catalog import Lease

_WORK = (
    sa.select(
        JOBS.c.id,
        JOBS.c.key,
        JOBS.c.state,
        JOBS.c.attempts,
        JOBS.c.image_id,
        IMAGES.c.job_id.label("present_id"),
        LEASES.c.job_id.label("holder"),
        LEASES.c.token,
        LEASES.c.began_at,
    )
    .join_from(JOBS, IMAGES, IMAGES.c.id == JOBS.c.image_id)
    .outerjoin(LEASES, LEASES.c.key == JOBS.c.key)
    .where(JOBS.c.id == sa.bindparam("id"))
)
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
_OVERDUE = (
    sa.select(JOBS.c.id, JOBS.c.attempts)
    .where(JOBS.c.startable_at <= sa.bindparam("since"))
    .order_by(JOBS.c.startable_at)
    .limit(sa.bindparam("limit"))
)
_FAILURES = (
    sa.select(ATTEMPTS.c.error_code, ATTEMPTS.c.error_detail)
    .where(ATTEMPTS.c.job_id == sa.bindparam("id"), ATTEMPTS.c.error_code.is_not(None))
    .order_by(ATTEMPTS.c.number)
)
_ATTEMPTS_OF_JOB = sa.select(JOBS.c.attempts).where(JOBS.c.id == sa.bindparam("id"))
_THIS_JOB = JOBS.update().where(JOBS.c.id == sa.bindparam("this"))
_THIS_IMAGE = IMAGES.update().where(IMAGES.c.id == sa.bindparam("this"))
_THIS_LEASE = LEASES.update().where(LEASES.c.key == sa.bindparam("this"))
_OLD_VARIANTS = VARIANTS.delete().where(VARIANTS.c.image_id == sa.bindparam("this"))


def claim(connection: sa.Connection, now: datetime, run: Run) -> Lease | None:
    """Begin or resume a run; see the port."""
    lock_key_of_job(connection, run.job_id)
    work = connection.execute(_WORK, {"id": run.job_id}).one_or_none()
    if work is None or work.state.final:
        return None
    resumed = work.state is ImageState.RUNNING
    if run.attempt != work.attempts + (not resumed):
        return None
    if not resumed and work.holder is not None:
        # The engine never runs this number again, so whoever hands over must take the next.
        spent = {"this": run.job_id, "attempts": run.attempt, "startable_at": None}
        connection.execute(_THIS_JOB, spent | {"updated_at": now})
        return None
    lease = Lease(run, work.key, (work.token or 0) + 1)
    row = {"job_id": run.job_id, "token": lease.token}
    row["began_at"] = work.began_at if resumed else now
    if work.token is None:
        connection.execute(LEASES.insert(), row | {"key": work.key})
    else:
        connection.execute(_THIS_LEASE, row | {"this": work.key})
    if not resumed:
        _begin(connection, now, run, work.image_id)
    return lease


def _begin(connection: sa.Connection, now: datetime, run: Run, image_id: str) -> None:
    began = {"state": ImageState.RUNNING, "updated_at": now}
    job = began | {"this": run.job_id, "attempts": run.attempt, "startable_at": None}
    connection.execute(_THIS_JOB, job)
    connection.execute(_THIS_IMAGE, began | {"this": image_id})


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
) -> Run | None:
    """End a job; see the port."""
    work = held(connection, lease)
    _end_attempt(connection, now, lease, work.began_at, steps, error)
    present = work.present_id == work.id
    ended = {"state": state if present else ImageState.SUPERSEDED, "updated_at": now}
    ended |= failure_values(error)
    connection.execute(_THIS_JOB, ended | {"this": work.id})
    if not present:
        waiting = _next_run(connection, work.present_id)
        handed = {"this": waiting.job_id, "startable_at": now, "updated_at": now}
        connection.execute(_THIS_JOB, handed)
        return waiting
    if facts:
        ended |= facts_values(facts)
    connection.execute(_THIS_IMAGE, ended | {"this": work.image_id})
    if state is ImageState.DONE:
        _replace_variants(connection, work.image_id, variants)
    return None


def retry(
    connection: sa.Connection,
    now: datetime,
    lease: Lease,
    error: Failure,
    *,
    delay: float,
    steps: Sequence[Step],
    enqueue: Enqueue,
) -> None:
    """Record a failed attempt and enqueue the next; see the port."""
    work = held(connection, lease)
    _end_attempt(connection, now, lease, work.began_at, steps, error)
    present = work.present_id == work.id
    state = ImageState.QUEUED if present else ImageState.SUPERSEDED
    failed = {"state": state, "updated_at": now}
    connection.execute(_THIS_JOB, failed | {"this": work.id, **failure_values(error)})
    if present:
        connection.execute(_THIS_IMAGE, failed | {"this": work.image_id})
        enqueue(connection, Run(work.id, work.attempts + 1), delay)
    else:
        enqueue(connection, _next_run(connection, work.present_id), 0.0)


def overdue(
    connection: sa.Connection, now: datetime, older_than: float, limit: int
) -> tuple[Run, ...]:
    """Runs that a caller was to start, and did not; see the port."""
    since = now - timedelta(seconds=older_than)
    rows = connection.execute(_OVERDUE, {"since": since, "limit": limit})
    return tuple(Run(row.id, row.attempts + 1) for row in rows)


def failures(connection: sa.Connection, job_id: str) -> tuple[Failure, ...]:
    """Why each failed attempt of a job failed."""
    found = map(failure_of, connection.execute(_FAILURES, {"id": job_id}))
    return tuple(failure for failure in found if failure)


def held(connection: sa.Connection, lease: Lease) -> AnyRow:
    """The work that a lease is for; raises LeaseLostError where its token is not the newest."""
    lock_key(connection, lease.key)
    work = connection.execute(_WORK, {"id": lease.run.job_id}).one_or_none()
    if work is None or work.holder != work.id or work.token != lease.token:
        raise LeaseLostError
    return work


def _end_attempt(
    connection: sa.Connection,
    now: datetime,
    lease: Lease,
    began_at: datetime,
    steps: Sequence[Step],
    error: Failure | None,
) -> None:
    """Free the key and keep what this attempt did."""
    run = lease.run
    connection.execute(_THIS_LEASE, {"this": lease.key, "job_id": None})
    attempt = {"job_id": run.job_id, "number": run.attempt, **failure_values(error)}
    connection.execute(ATTEMPTS.insert(), attempt | {"started_at": began_at, "finished_at": now})
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
        connection.execute(STEPS.insert(), rows)


def _replace_variants(
    connection: sa.Connection, image_id: str, variants: Sequence[Variant]
) -> None:
    connection.execute(_OLD_VARIANTS, {"this": image_id})
    if variants:
        rows = [variant_values(made, image_id, place) for place, made in enumerate(variants)]
        connection.execute(VARIANTS.insert(), rows)


def _next_run(connection: sa.Connection, job_id: str) -> Run:
    return Run(job_id, connection.execute(_ATTEMPTS_OF_JOB, {"id": job_id}).scalar_one() + 1)

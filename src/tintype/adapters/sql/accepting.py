"""Accepting originals: the writes that start work."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import sqlalchemy as sa

from tintype.adapters.sql import reading
from tintype.adapters.sql.locks import lock_key, lock_matter
from tintype.adapters.sql.rows import (
    AnyRow,
    event_values,
    facts_values,
    failure_values,
    original_values,
)
from tintype.adapters.sql.schema import IDEMPOTENCY, IMAGES, JOBS, LEASES, LIVE
from tintype.errors import IdempotencyConflictError
from tintype.model import Event, Image, ImageState, Job, Original, Priority, Run, job_id
from tintype.ports.catalog import Acceptance

# Enqueues a run within a transaction, to start after so many seconds at the earliest.
Enqueue = Callable[[sa.Connection, Run, float, Priority], None]


@dataclass(frozen=True, slots=True)
class Arrival:
    """What arrived, and how it is to be worked on."""

    original: Original
    recipe_digest: str
    priority: Priority
    event: Event | None
    trace: str | None
    day: date | None  # UTC; None where the key tells none

    def moment(self, now: datetime) -> datetime:
        """When it counts as having arrived: now, or the moment of its day that is nearest to it."""
        if self.day is None:
            return now
        begin = datetime.combine(self.day, time.min, UTC)
        return min(max(now, begin), begin + timedelta(days=1, microseconds=-1))


_LIVE_IMAGE = (
    sa.select(IMAGES.c.id, IMAGES.c.job_id, IMAGES.c.state, LEASES.c.job_id.label("holder"))
    .outerjoin_from(IMAGES, LEASES, LEASES.c.key == IMAGES.c.key)
    .where(IMAGES.c.key == sa.bindparam("key"), LIVE)
)
_KNOWN_JOB = sa.select(JOBS.c.state, JOBS.c.attempts).where(JOBS.c.id == sa.bindparam("id"))
_REMEMBERED = sa.select(IDEMPOTENCY).where(IDEMPOTENCY.c.key == sa.bindparam("key"))
_REMEMBER = IDEMPOTENCY.insert()
_INSERT_IMAGE = IMAGES.insert()
_INSERT_JOB = JOBS.insert()
_THIS_IMAGE = IMAGES.update().where(IMAGES.c.id == sa.bindparam("this"))
_THIS_JOB = JOBS.update().where(JOBS.c.id == sa.bindparam("this"))
REVOKE = (
    LEASES.update()
    .where(LEASES.c.key == sa.bindparam("this"))
    .values(job_id=None, token=LEASES.c.token + 1)
)


def accept(
    connection: sa.Connection,
    now: datetime,
    image_id: str,
    arrival: Arrival,
    *,
    enqueue: Enqueue | None,
    idempotency: tuple[str, str] | None,
) -> Acceptance:
    """Commit to working on an original; see the port."""
    if idempotency:
        lock_matter(connection, "idempotency", idempotency[0])
        if before := repeated(connection, idempotency):
            return before
    key, version = arrival.original.key, arrival.original.version
    lock_key(connection, key)
    live = connection.execute(_LIVE_IMAGE, {"key": key}).one_or_none()
    if live is None:
        acceptance = _new_image(connection, now, image_id, arrival, enqueue)
    elif live.job_id == job_id(live.id, version, arrival.recipe_digest):
        image = reading.image(connection, live.id)
        acceptance = Acceptance(image, reading.job(connection, live.job_id), run=None)
    else:
        acceptance = _new_version(connection, now, live, arrival, enqueue)
    if idempotency:
        key, fingerprint = idempotency
        row = {"key": key, "fingerprint": fingerprint, "created_at": now}
        row |= {"image_id": acceptance.image.id, "job_id": acceptance.job.id}
        connection.execute(_REMEMBER, row)
    return acceptance


def repeated(connection: sa.Connection, idempotency: tuple[str, str]) -> Acceptance | None:
    """What was accepted for this key and fingerprint before; see the port."""
    key, fingerprint = idempotency
    row = connection.execute(_REMEMBERED, {"key": key}).one_or_none()
    if row is None:
        return None
    if row.fingerprint != fingerprint:
        raise IdempotencyConflictError
    image, job = reading.image(connection, row.image_id), reading.job(connection, row.job_id)
    return Acceptance(image, job, run=None, repeated=True)


def _new_image(
    connection: sa.Connection,
    now: datetime,
    image_id: str,
    arrival: Arrival,
    enqueue: Enqueue | None,
) -> Acceptance:
    job = _job(arrival, image_id, now)
    arrived = job.created_at
    image = Image(image_id, arrival.original, ImageState.QUEUED, arrived, now, job.id)
    row = {"id": image_id, "job_id": job.id, "state": image.state, "created_at": arrived}
    connection.execute(_INSERT_IMAGE, row | {"updated_at": now, **original_values(job.original)})
    _insert_job(connection, job, startable_at=None if enqueue else now)
    return Acceptance(image, job, _start(connection, job, enqueue))


def _new_version(
    connection: sa.Connection,
    now: datetime,
    live: AnyRow,
    arrival: Arrival,
    enqueue: Enqueue | None,
) -> Acceptance:
    job = _job(arrival, live.id, now)
    before = {"this": live.job_id, "replaced_at": now}
    if live.state in (ImageState.QUEUED, ImageState.DEAD):
        before |= {"state": ImageState.SUPERSEDED, "startable_at": None, "updated_at": now}
    connection.execute(_THIS_JOB, before)
    if live.holder == job.id:
        # Its run may have seen that it was not current any more, and be about to give up.
        connection.execute(REVOKE, {"this": job.original.key})
    waits = live.holder not in (None, job.id)
    startable_at = None if enqueue or waits else now
    known = connection.execute(_KNOWN_JOB, {"id": job.id}).one_or_none()
    if known:
        job = _again(connection, job, known, startable_at=startable_at)
    else:
        _insert_job(connection, job, startable_at=startable_at)
    row = {"this": live.id, "state": job.state, "job_id": job.id, "updated_at": now}
    row |= {**original_values(job.original), **facts_values(None), **failure_values(None)}
    connection.execute(_THIS_IMAGE, row)
    image = reading.image(connection, live.id)
    return Acceptance(image, job, None if waits else _start(connection, job, enqueue))


def _job(arrival: Arrival, image_id: str, now: datetime) -> Job:
    return Job(
        id=job_id(image_id, arrival.original.version, arrival.recipe_digest),
        image_id=image_id,
        original=arrival.original,
        recipe_digest=arrival.recipe_digest,
        state=ImageState.QUEUED,
        attempts=0,
        created_at=arrival.moment(now),
        updated_at=now,
        priority=arrival.priority,
        event=arrival.event,
        trace=arrival.trace,
    )


def _again(
    connection: sa.Connection, job: Job, known: AnyRow, *, startable_at: datetime | None
) -> Job:
    """Take a job up that was accepted before, with all its tries before it."""
    # The next number of a superseded job may be in the engine's hands: it would never run again.
    attempts = known.attempts + (known.state is ImageState.SUPERSEDED)
    row = {"this": job.id, "state": job.state, "attempts": attempts, "forgiven": attempts}
    row |= {"priority": job.priority, **event_values(job.event), "trace": job.trace, "deaths": 0}
    row |= {
        "startable_at": startable_at,
        "updated_at": job.updated_at,
        "dropped_at": None,
        "replaced_at": None,
    }
    connection.execute(_THIS_JOB, row | failure_values(None))
    return reading.job(connection, job.id)


def _insert_job(connection: sa.Connection, job: Job, *, startable_at: datetime | None) -> None:
    row = {
        "id": job.id,
        "image_id": job.image_id,
        "recipe_digest": job.recipe_digest,
        "state": job.state,
        "attempts": job.attempts,
        "startable_at": startable_at,
        "created_at": job.created_at,
        "updated_at": job.updated_at,
        "priority": job.priority,
        "trace": job.trace,
        **event_values(job.event),
        **original_values(job.original),
    }
    connection.execute(_INSERT_JOB, row)


def _start(connection: sa.Connection, job: Job, enqueue: Enqueue | None) -> Run | None:
    run = Run(job.id, job.attempts + 1)
    if enqueue is None:
        return run
    enqueue(connection, run, 0.0, job.priority)
    return None

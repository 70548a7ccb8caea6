"""Accepting originals: the writes that start work."""

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa

from tintype.adapters.sql import reading
from tintype.adapters.sql.locks import lock_key
from tintype.adapters.sql.rows import AnyRow, facts_values, failure_values, original_values
from tintype.adapters.sql.schema import IDEMPOTENCY, IMAGES, JOBS, LEASES, LIVE
from tintype.errors import IdempotencyConflictError
from tintype.model import Image, ImageState, Job, Original, Run, job_id
from tintype.ports.catalog import Acceptance

# Enqueues a run within a transaction, to start after so many seconds at the earliest.
Enqueue = Callable[[sa.Connection, Run, float], None]

_LIVE_IMAGE = (
    sa.select(IMAGES.c.id, IMAGES.c.job_id, IMAGES.c.state, LEASES.c.job_id.label("holder"))
    .outerjoin_from(IMAGES, LEASES, LEASES.c.key == IMAGES.c.key)
    .where(IMAGES.c.key == sa.bindparam("key"), LIVE)
)
_KNOWN_JOB = sa.select(JOBS.c.state, JOBS.c.attempts, JOBS.c.created_at).where(
    JOBS.c.id == sa.bindparam("id")
)
_REMEMBERED = sa.select(IDEMPOTENCY).where(IDEMPOTENCY.c.key == sa.bindparam("key"))
_THIS_IMAGE = IMAGES.update().where(IMAGES.c.id == sa.bindparam("this"))
_THIS_JOB = JOBS.update().where(JOBS.c.id == sa.bindparam("this"))
_REVOKE = (
    LEASES.update()
    .where(LEASES.c.key == sa.bindparam("this"))
    .values(job_id=None, token=LEASES.c.token + 1)
)


def accept(
    connection: sa.Connection,
    now: datetime,
    image_id: str,
    original: Original,
    recipe_digest: str,
    *,
    enqueue: Enqueue | None,
    idempotency: tuple[str, str] | None,
) -> Acceptance:
    """Commit to working on an original; see the port."""
    lock_key(connection, original.key)
    if idempotency and (before := repeated(connection, idempotency)):
        return before
    live = connection.execute(_LIVE_IMAGE, {"key": original.key}).one_or_none()
    if live is None:
        acceptance = _new_image(connection, now, image_id, original, recipe_digest, enqueue)
    elif live.job_id == job_id(live.id, original.version, recipe_digest):
        image = reading.image(connection, live.id)
        acceptance = Acceptance(image, reading.job(connection, live.job_id), run=None)
    else:
        acceptance = _new_version(connection, now, live, original, recipe_digest, enqueue)
    if idempotency:
        key, fingerprint = idempotency
        row = {"key": key, "fingerprint": fingerprint, "created_at": now}
        row |= {"image_id": acceptance.image.id, "job_id": acceptance.job.id}
        connection.execute(IDEMPOTENCY.insert(), row)
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
    original: Original,
    recipe_digest: str,
    enqueue: Enqueue | None,
) -> Acceptance:
    job = Job(
        id=job_id(image_id, original.version, recipe_digest),
        image_id=image_id,
        original=original,
        recipe_digest=recipe_digest,
        state=ImageState.QUEUED,
        attempts=0,
        created_at=now,
        updated_at=now,
    )
    image = Image(image_id, original, ImageState.QUEUED, now, now, job.id)
    row = {"id": image_id, "job_id": job.id, "state": image.state, **original_values(original)}
    connection.execute(IMAGES.insert(), row | {"created_at": now, "updated_at": now})
    _insert_job(connection, job, startable_at=None if enqueue else now)
    return Acceptance(image, job, _start(connection, job, enqueue))


def _new_version(
    connection: sa.Connection,
    now: datetime,
    live: AnyRow,
    original: Original,
    recipe_digest: str,
    enqueue: Enqueue | None,
) -> Acceptance:
    target = job_id(live.id, original.version, recipe_digest)
    if live.state is ImageState.QUEUED:
        row = {"this": live.job_id, "state": ImageState.SUPERSEDED, "startable_at": None}
        connection.execute(_THIS_JOB, row | {"updated_at": now})
    if live.holder == target:
        # Its run may have seen that it was not current any more, and be about to give up.
        connection.execute(_REVOKE, {"this": original.key})
    waits = live.holder not in (None, target)
    startable_at = None if enqueue or waits else now
    known = connection.execute(_KNOWN_JOB, {"id": target}).one_or_none()
    # The next number of a superseded job may be in the engine's hands: it would never run again.
    attempts = known.attempts + (known.state is ImageState.SUPERSEDED) if known else 0
    job = Job(
        id=target,
        image_id=live.id,
        original=original,
        recipe_digest=recipe_digest,
        state=ImageState.QUEUED,
        attempts=attempts,
        created_at=known.created_at if known else now,
        updated_at=now,
    )
    if known:
        row = {"this": target, "state": job.state, "attempts": attempts, "updated_at": now}
        row |= {"startable_at": startable_at, **failure_values(None)}
        connection.execute(_THIS_JOB, row)
    else:
        _insert_job(connection, job, startable_at=startable_at)
    row = {"this": live.id, "state": job.state, "job_id": target, "updated_at": now}
    row |= {**original_values(original), **facts_values(None), **failure_values(None)}
    connection.execute(_THIS_IMAGE, row)
    image = reading.image(connection, live.id)
    return Acceptance(image, job, None if waits else _start(connection, job, enqueue))


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
        **original_values(job.original),
    }
    connection.execute(JOBS.insert(), row)


def _start(connection: sa.Connection, job: Job, enqueue: Enqueue | None) -> Run | None:
    run = Run(job.id, job.attempts + 1)
    if enqueue is None:
        return run
    enqueue(connection, run, 0.0)
    return None

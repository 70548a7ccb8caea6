"""Images whose originals are gone: their jobs end, and their objects are to be removed."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from tintype.adapters.sql.accepting import REVOKE, Enqueue
from tintype.adapters.sql.locks import lock_key_of_job
from tintype.adapters.sql.reviving import make_again
from tintype.adapters.sql.rows import AnyRow, failure_values, original_of
from tintype.adapters.sql.running import (
    OLD_VARIANTS,
    THIS_IMAGE,
    THIS_JOB,
    WORKS,
    end_attempt,
    to_be_removed,
)
from tintype.adapters.sql.schema import CLAIMS, IMAGES, JOBS, REMOVALS
from tintype.errors import ImageNotFoundError
from tintype.model import ImageState, Run
from tintype.ports.catalog import Removal

# Longer than a put may take that was under way when the image went.
_AGAIN_AFTER = timedelta(minutes=15)

_PRESENT = sa.select(IMAGES.c.job_id).where(IMAGES.c.id == sa.bindparam("id"))
_WORK = WORKS.add_columns(IMAGES.c.version.label("present_version")).where(
    JOBS.c.id == sa.bindparam("id")
)
_DUE = (
    sa.select(REMOVALS, IMAGES.c.key, IMAGES.c.name, IMAGES.c.version, IMAGES.c.size)
    .join_from(REMOVALS, IMAGES, IMAGES.c.id == REMOVALS.c.image_id)
    .where(REMOVALS.c.due_at <= sa.bindparam("now"))
    .order_by(REMOVALS.c.due_at)
    .limit(sa.bindparam("limit"))
)
_CLAIMED = (
    sa.select(CLAIMS.c.image_id, CLAIMS.c.key)
    .where(CLAIMS.c.image_id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(CLAIMS.c.key)
)
_THIS_REMOVAL = sa.and_(
    REMOVALS.c.image_id == sa.bindparam("this"), REMOVALS.c.due_at == sa.bindparam("was_due_at")
)
_PUT_OFF = REMOVALS.update().where(_THIS_REMOVAL).values(original=False, last=True)
_FORGET = REMOVALS.delete().where(_THIS_REMOVAL, REMOVALS.c.last)
_GIVE_UP_CLAIMS = CLAIMS.delete().where(CLAIMS.c.image_id == sa.bindparam("this"))


def remove(
    connection: sa.Connection,
    now: datetime,
    image_id: str,
    *,
    version: str | None,
    original: bool,
) -> bool:
    """Have an image end as gone, and its objects be removed; see the port."""
    work = _present(connection, image_id)
    if work.image_state is ImageState.GONE or version not in (None, work.present_version):
        return False
    ended = {"state": ImageState.GONE, "updated_at": now, **failure_values(None)}
    if not work.state.final:
        # The engine may have the next number in its hands, and would never run it again.
        spent = work.attempts + (work.state is ImageState.QUEUED)
        job = {"this": work.id, "startable_at": None, "attempts": spent}
        connection.execute(THIS_JOB, job | ended)
    if work.holder is not None:
        _call_off(connection, now, work)
    connection.execute(THIS_IMAGE, ended | {"this": image_id})
    connection.execute(OLD_VARIANTS, {"this": image_id})
    to_be_removed(connection, now, image_id, original=original)
    return True


def _call_off(connection: sa.Connection, now: datetime, work: AnyRow) -> None:
    """Take the lease from the run that works on the key of a work: on this job, or an older one."""
    connection.execute(REVOKE, {"this": work.key})
    holder = connection.execute(_WORK, {"id": work.holder}).one()
    end_attempt(connection, now, Run(holder.id, holder.attempts), work.began_at, (), None)
    if holder.id != work.id:
        superseded = {"state": ImageState.SUPERSEDED, "updated_at": now}
        connection.execute(THIS_JOB, superseded | {"this": holder.id})


def removals(connection: sa.Connection, now: datetime, limit: int) -> tuple[Removal, ...]:
    """What is to be removed by now; see the port."""
    rows = connection.execute(_DUE, {"now": now, "limit": limit}).all()
    claimed: dict[str, list[str]] = {row.image_id: [] for row in rows}
    if rows:
        for claim in connection.execute(_CLAIMED, {"ids": list(claimed)}):
            claimed[claim.image_id].append(claim.key)
    return tuple(
        Removal(
            image_id=row.image_id,
            keys=tuple(claimed[row.image_id]),
            original=original_of(row) if row.original else None,
            due_at=row.due_at,
        )
        for row in rows
    )


def removed(connection: sa.Connection, now: datetime, removal: Removal, enqueue: Enqueue) -> None:
    """Note that the objects of an image were removed; see the port."""
    work = _present(connection, removal.image_id)
    this = {"this": removal.image_id, "was_due_at": removal.due_at}
    if work.image_state is not ImageState.GONE:  # it was brought back, and may have been made again
        make_again(connection, now, work, enqueue)
    elif connection.execute(_FORGET, this).rowcount:
        connection.execute(_GIVE_UP_CLAIMS, {"this": removal.image_id})
    else:
        connection.execute(_PUT_OFF, this | {"due_at": now + _AGAIN_AFTER})


def _present(connection: sa.Connection, image_id: str) -> AnyRow:
    """The present job of an image, while nobody else decides; raises ImageNotFoundError."""
    job_id = connection.execute(_PRESENT, {"id": image_id}).scalar_one_or_none()
    if job_id is None:
        raise ImageNotFoundError
    lock_key_of_job(connection, job_id)
    # Read again: until the lock was had, a newer version may have come.
    job_id = connection.execute(_PRESENT, {"id": image_id}).scalar_one()
    return connection.execute(_WORK, {"id": job_id}).one()

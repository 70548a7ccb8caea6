"""History that nobody needs any more."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from tintype.adapters.sql.locks import MANY_KEYS, lock_keys, lock_matter
from tintype.adapters.sql.rows import AnyRow
from tintype.adapters.sql.schema import (
    ATTEMPTS,
    CLAIMS,
    IDEMPOTENCY,
    IMAGES,
    JOBS,
    LEASES,
    LIVE,
    REMOVALS,
    STEPS,
    VARIANTS,
)

_IDS = sa.bindparam("ids", type_=sa.Text, expanding=True)
_BEFORE = sa.bindparam("before", type_=IDEMPOTENCY.c.created_at.type)
_LIMIT = sa.bindparam("limit", type_=sa.Integer)

_OLD_KEYS = (
    sa.select(IDEMPOTENCY.c.key)
    .where(IDEMPOTENCY.c.created_at < _BEFORE)
    .order_by(IDEMPOTENCY.c.created_at)
    .limit(_LIMIT)
)
_FORGET = IDEMPOTENCY.delete().where(IDEMPOTENCY.c.key.in_(_IDS))
_REPLACED = (
    sa.select(JOBS.c.id, JOBS.c.key)
    .outerjoin_from(JOBS, LEASES, sa.and_(LEASES.c.key == JOBS.c.key, LEASES.c.job_id == JOBS.c.id))
    .where(
        JOBS.c.replaced_at.is_not(None),
        JOBS.c.replaced_at < _BEFORE,
        LEASES.c.job_id.is_(None),  # else its run has not ended
    )
    .order_by(JOBS.c.replaced_at)
    .limit(_LIMIT)
)
_GONE = (
    sa.select(IMAGES.c.id, IMAGES.c.key)
    .outerjoin_from(IMAGES, REMOVALS, REMOVALS.c.image_id == IMAGES.c.id)
    .where(
        sa.text("images.state = 'gone'"),
        IMAGES.c.updated_at < _BEFORE,
        REMOVALS.c.image_id.is_(None),
    )
    .order_by(IMAGES.c.updated_at)
    .limit(_LIMIT)
)
_JOBS_OF = sa.select(JOBS.c.id).where(JOBS.c.image_id.in_(_IDS))
_OF_JOBS = (
    IDEMPOTENCY.delete().where(IDEMPOTENCY.c.job_id.in_(_IDS)),
    STEPS.delete().where(STEPS.c.job_id.in_(_IDS)),
    ATTEMPTS.delete().where(ATTEMPTS.c.job_id.in_(_IDS)),
    JOBS.delete().where(JOBS.c.id.in_(_IDS)),
)
_OF_IMAGES = (
    VARIANTS.delete().where(VARIANTS.c.image_id.in_(_IDS)),
    CLAIMS.delete().where(CLAIMS.c.image_id.in_(_IDS)),
    IMAGES.delete().where(IMAGES.c.id.in_(_IDS)),
)
_UNUSED_LEASES = LEASES.delete().where(
    LEASES.c.key.in_(_IDS),
    LEASES.c.job_id.is_(None),
    sa.not_(sa.exists().where(IMAGES.c.key == LEASES.c.key, LIVE)),
)


def forget(connection: sa.Connection, before: datetime, limit: int) -> int:
    """Forget idempotency keys that came before then; returns how many."""
    keys = connection.execute(_OLD_KEYS, {"before": before, "limit": limit}).scalars().all()
    _execute((_FORGET,), connection, keys)
    return len(keys)


def sweep(connection: sa.Connection, before: datetime, limit: int) -> int:
    """Forget jobs that were replaced, and images that were gone, before then; see the port."""
    lock_matter(connection, MANY_KEYS)
    chosen = {"before": before, "limit": limit}
    jobs = _still(connection, _REPLACED.where(JOBS.c.id.in_(_IDS)), _REPLACED, chosen)
    _execute(_OF_JOBS, connection, [row.id for row in jobs])
    gone = _still(connection, _GONE.where(IMAGES.c.id.in_(_IDS)), _GONE, chosen)
    images = [row.id for row in gone]
    if images:
        theirs = connection.execute(_JOBS_OF, {"ids": images}).scalars().all()
        _execute(_OF_JOBS, connection, theirs)
        _execute(_OF_IMAGES, connection, images)
        _execute((_UNUSED_LEASES,), connection, [row.key for row in gone])
    return len(jobs) + len(images)


def _still(
    connection: sa.Connection,
    again: sa.Select[str, str],
    query: sa.Select[str, str],
    chosen: Mapping[str, object],
) -> Sequence[AnyRow]:
    """What a query finds and finds `again` while nobody else decides about their keys."""
    found = connection.execute(query, chosen).all()
    if not found:
        return ()
    lock_keys(connection, [row.key for row in found])
    return connection.execute(again, {**chosen, "ids": [row.id for row in found]}).all()


def _execute(
    statements: Sequence[sa.Delete], connection: sa.Connection, ids: Sequence[str]
) -> None:
    for statement in statements if ids else ():
        connection.execute(statement, {"ids": ids})

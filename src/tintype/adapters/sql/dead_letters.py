"""Dead letters: jobs that failed their last attempt, until somebody takes them up or drops them."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from tintype.adapters.sql import cursors
from tintype.adapters.sql.accepting import Enqueue
from tintype.adapters.sql.locks import MANY_KEYS, lock_keys, lock_matter
from tintype.adapters.sql.reading import SHOWN_JOBS, page, shown_job
from tintype.adapters.sql.rows import AnyRow
from tintype.adapters.sql.running import WORKS, take_up
from tintype.adapters.sql.schema import DEAD_LETTER, IMAGES, JOBS, LIVE
from tintype.model import ImageState, Job, Page
from tintype.ports.catalog import Which

# How many are handled by one statement.
_BATCH = 500
# DEAD_LETTER in disguise: else SQLite goes through all dead letters instead of looking these up.
_THESE = sa.and_(
    JOBS.c.id.in_(sa.bindparam("ids", expanding=True)),
    sa.func.coalesce(JOBS.c.state, "") == ImageState.DEAD,
    JOBS.c.dropped_at.is_(None),
)
_STILL_DEAD = WORKS.where(_THESE, LIVE, IMAGES.c.job_id == JOBS.c.id).order_by(
    JOBS.c.updated_at, JOBS.c.id
)
_DROP = JOBS.update().where(_THESE)


def dead_letters(
    connection: sa.Connection, which: Which, *, cursor: str | None, limit: int
) -> Page[Job]:
    """Dead letters, the last to fail first; see the port."""
    order = JOBS.c.updated_at.desc(), JOBS.c.id.desc()
    # One row more than asked for says whether a page follows.
    query = _chosen(SHOWN_JOBS, which).order_by(*order).limit(limit + 1)
    if cursor:
        query = query.where(_place() < _place(*cursors.decode(cursor)))
    rows, following = page(connection.execute(query).all(), limit, "updated_at")
    return Page(tuple(map(shown_job, rows)), following)


def redrive(
    connection: sa.Connection, now: datetime, which: Which, limit: int, enqueue: Enqueue
) -> int:
    """Take up to `limit` dead letters up again, oldest first; see the port."""

    def revive(batch: Sequence[AnyRow]) -> int:
        lock_keys(connection, [row.key for row in batch])
        works = connection.execute(_STILL_DEAD, {"ids": [row.id for row in batch]}).all()
        if works:
            take_up(connection, now, works, enqueue)
        return len(works)

    return _each(connection, which, limit, revive)


def drop(connection: sa.Connection, now: datetime, which: Which, limit: int) -> int:
    """Take up to `limit` dead letters off the list, oldest first; see the port."""

    def drop(batch: Sequence[AnyRow]) -> int:
        values = {"ids": [row.id for row in batch], "dropped_at": now}
        return connection.execute(_DROP, values).rowcount

    return _each(connection, which, limit, drop)


def _each(
    connection: sa.Connection, which: Which, limit: int, act: Callable[[Sequence[AnyRow]], int]
) -> int:
    """Act on dead letters, oldest first, until `limit` are done; returns how many were.

    `act` tells how many of a batch it found as they were. Nobody else takes many at once meanwhile.
    """
    lock_matter(connection, MANY_KEYS)
    query = _chosen(sa.select(JOBS.c.id, JOBS.c.key, JOBS.c.updated_at), which)
    query = following = query.order_by(JOBS.c.updated_at, JOBS.c.id)
    count = 0
    while count < limit:
        batch = connection.execute(following.limit(min(limit - count, _BATCH))).all()
        if not batch:
            break
        count += act(batch)
        following = query.where(_place() > _place(batch[-1].updated_at, batch[-1].id))
    return count


def _chosen(query: sa.Select[Any], which: Which) -> sa.Select[Any]:
    query = query.where(DEAD_LETTER)
    if which.job_id is not None:
        query = query.where(JOBS.c.id == which.job_id)
    if which.code is not None:
        query = query.where(JOBS.c.error_code == which.code)
    if which.prefix:
        query = query.where(sa.func.substr(JOBS.c.key, 1, len(which.prefix)) == which.prefix)
    if which.since:
        query = query.where(JOBS.c.updated_at >= which.since)
    if which.until:
        query = query.where(JOBS.c.updated_at < which.until)
    return query


def _place(
    moment: datetime | sa.Column[datetime] = JOBS.c.updated_at,
    job_id: str | sa.Column[str] = JOBS.c.id,
) -> sa.Tuple:
    """Where a dead letter stands among the others."""
    return sa.tuple_(moment, job_id, types=[JOBS.c.updated_at.type, JOBS.c.id.type])

"""What the catalog tells: images, variants and jobs, one by one and in pages."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from tintype.adapters.sql import cursors
from tintype.adapters.sql.rows import AnyRow, failure_of, image_of, job_of, step_of, variant_of
from tintype.adapters.sql.schema import (
    ATTEMPTS,
    DEAD_LETTER,
    IMAGES,
    JOBS,
    LIVE,
    QUEUED,
    RECIPES,
    STEPS,
    VARIANTS,
)
from tintype.errors import (
    ImageNotFoundError,
    JobNotFoundError,
    NotFoundError,
    VariantNotFoundError,
)
from tintype.model import Attempt, Failure, Image, ImageState, Job, Page, Variant
from tintype.ports.catalog import Backlog

_RECIPE = sa.select(RECIPES.c.content).where(RECIPES.c.digest == sa.bindparam("digest"))
_IMAGE = sa.select(IMAGES).where(IMAGES.c.id == sa.bindparam("id"))
_IMAGE_BY_KEY = sa.select(IMAGES).where(IMAGES.c.key == sa.bindparam("key"), LIVE)
_KNOWN = sa.select(sa.literal(1)).where(IMAGES.c.key == sa.bindparam("key"), LIVE)
_WAITING = _KNOWN.where(IMAGES.c.state == ImageState.QUEUED)
_VERSIONS = sa.select(IMAGES.c.key, IMAGES.c.version).where(
    IMAGES.c.key.in_(sa.bindparam("keys", expanding=True)), LIVE
)
# By the image's id, and not by the key: what a database's collation makes of ids is no matter.
_ORIGINAL_KEYS = (
    sa.select(IMAGES.c.id, IMAGES.c.key)
    .where(
        IMAGES.c.id > sa.bindparam("after"),
        sa.func.substr(IMAGES.c.key, 1, sa.bindparam("length")) == sa.bindparam("prefix"),
        LIVE,
    )
    .order_by(IMAGES.c.id)
    .limit(sa.bindparam("count"))
)
_OWNER = sa.select(VARIANTS.c.image_id).where(VARIANTS.c.key == sa.bindparam("key"))
_VARIANTS = (
    sa.select(VARIANTS)
    .where(VARIANTS.c.image_id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(VARIANTS.c.position)
)
# Jobs as they are shown. Their `attempts` are no count: numbers are passed over.
SHOWN_JOBS = sa.select(
    JOBS,
    sa.select(sa.func.count())
    .where(ATTEMPTS.c.job_id == JOBS.c.id)
    .scalar_subquery()
    .label("tries"),
)
_JOB = SHOWN_JOBS.where(JOBS.c.id == sa.bindparam("id"))
_STEPS = (
    sa.select(STEPS)
    .where(
        STEPS.c.job_id == sa.bindparam("id"),
        STEPS.c.attempt
        == sa.select(sa.func.max(STEPS.c.attempt))
        .where(STEPS.c.job_id == sa.bindparam("id"))
        .scalar_subquery(),
    )
    .order_by(STEPS.c.position)
)
_ATTEMPTS = (
    sa.select(ATTEMPTS).where(ATTEMPTS.c.job_id == sa.bindparam("id")).order_by(ATTEMPTS.c.number)
)
_FAILURES = (
    sa.select(ATTEMPTS.c.error_code, ATTEMPTS.c.error_detail)
    .join_from(ATTEMPTS, JOBS, JOBS.c.id == ATTEMPTS.c.job_id)
    .where(
        ATTEMPTS.c.job_id == sa.bindparam("id"),
        ATTEMPTS.c.number > JOBS.c.forgiven,
        ATTEMPTS.c.error_code.is_not(None),
    )
    .order_by(ATTEMPTS.c.number)
)
_COUNTS = sa.select(JOBS.c.state, sa.func.count().label("jobs")).group_by(JOBS.c.state)

_BACKLOG = sa.select(
    sa.select(sa.func.count()).select_from(JOBS).where(QUEUED).scalar_subquery().label("queued"),
    sa.select(sa.func.count())
    .select_from(JOBS)
    .where(JOBS.c.state == ImageState.RUNNING)
    .scalar_subquery()
    .label("running"),
    sa.select(sa.func.count()).select_from(JOBS).where(DEAD_LETTER).scalar_subquery().label("dead"),
    sa.select(sa.func.min(JOBS.c.updated_at)).where(QUEUED).scalar_subquery().label("oldest"),
)


def recipe(connection: sa.Connection, digest: str) -> str:
    """The resolved recipe of a digest; raises NotFoundError."""
    content = connection.execute(_RECIPE, {"digest": digest}).scalar_one_or_none()
    if content is None:
        raise NotFoundError("There is no such recipe.")
    return str(content)


def image(connection: sa.Connection, image_id: str) -> Image:
    """One image with its variants; raises ImageNotFoundError."""
    return _with_variants(connection, connection.execute(_IMAGE, {"id": image_id}))


def image_by_key(connection: sa.Connection, key: str) -> Image:
    """The live image of an original's key; raises ImageNotFoundError."""
    return _with_variants(connection, connection.execute(_IMAGE_BY_KEY, {"key": key}))


def waits(connection: sa.Connection, key: str) -> bool:
    """Whether a job of an original's key waits; see the port."""
    return connection.execute(_WAITING, {"key": key}).first() is not None


def known(connection: sa.Connection, key: str) -> bool:
    """Whether a live image has its original at this key; see the port."""
    return connection.execute(_KNOWN, {"key": key}).first() is not None


def versions(connection: sa.Connection, keys: Sequence[str]) -> dict[str, str]:
    """The versions of the originals at these keys; see the port."""
    rows = connection.execute(_VERSIONS, {"keys": list(keys)})
    return {row.key: row.version for row in rows}


def original_keys(
    connection: sa.Connection, prefix: str, cursor: str | None, limit: int
) -> Page[str]:
    """The keys of live images' originals; see the port. A cursor is the last image's id."""
    values = {"after": cursor or "", "prefix": prefix, "length": len(prefix), "count": limit}
    rows = connection.execute(_ORIGINAL_KEYS, values).all()
    following = rows[-1].id if len(rows) == limit else None
    return Page(tuple(row.key for row in rows), following)


def variant_by_key(connection: sa.Connection, key: str) -> tuple[Image, Variant]:
    """The variant stored under a key, with its image; raises VariantNotFoundError."""
    owner = connection.execute(_OWNER, {"key": key}).scalar_one_or_none()
    if owner is None:
        raise VariantNotFoundError
    found = image(connection, owner)
    return found, next(variant for variant in found.variants if variant.key == key)


def images(
    connection: sa.Connection,
    *,
    cursor: str | None,
    limit: int,
    state: ImageState | None,
    since: datetime | None,
    until: datetime | None,
) -> Page[Image]:
    """Images with their variants, newest first; see the port."""
    query = _newest_first(sa.select(IMAGES), IMAGES, cursor, limit, state)
    if since:
        query = query.where(IMAGES.c.created_at >= since)
    if until:
        query = query.where(IMAGES.c.created_at < until)
    rows, following = page(connection.execute(query).all(), limit)
    made = _variants(connection, [row.id for row in rows])
    return Page(tuple(image_of(row, made.get(row.id, ())) for row in rows), following)


def job(connection: sa.Connection, job_id: str) -> Job:
    """One job with its steps; raises JobNotFoundError."""
    row = connection.execute(_JOB, {"id": job_id}).one_or_none()
    if row is None:
        raise JobNotFoundError
    steps = tuple(step_of(step) for step in connection.execute(_STEPS, {"id": job_id}))
    return replace(shown_job(row), steps=steps)


def jobs(
    connection: sa.Connection, *, cursor: str | None, limit: int, state: ImageState | None
) -> Page[Job]:
    """Jobs without their steps, newest first; see the port."""
    query = _newest_first(SHOWN_JOBS, JOBS, cursor, limit, state)
    rows, following = page(connection.execute(query).all(), limit)
    return Page(tuple(map(shown_job, rows)), following)


def shown_job(row: AnyRow) -> Job:
    """A job without its steps from a row of `SHOWN_JOBS`."""
    return replace(job_of(row), tries=row.tries)


def failures(connection: sa.Connection, job_id: str) -> tuple[Failure, ...]:
    """Why each failed attempt that still counts failed; see the port."""
    rows = connection.execute(_FAILURES, {"id": job_id})
    return tuple(Failure(row.error_code, row.error_detail) for row in rows)


def attempts(connection: sa.Connection, job_id: str) -> tuple[Attempt, ...]:
    """Every attempt of a job that has ended; see the port."""
    rows = connection.execute(_ATTEMPTS, {"id": job_id})
    return tuple(
        Attempt(row.number, row.started_at, row.finished_at, failure_of(row)) for row in rows
    )


def counts(connection: sa.Connection) -> Mapping[ImageState, int]:
    """How many jobs are in each state, none left out."""
    found = dict.fromkeys(ImageState, 0)
    for row in connection.execute(_COUNTS):
        found[row.state] = row.jobs
    return found


def backlog(connection: sa.Connection) -> Backlog:
    """What waits and what runs; see the port."""
    row = connection.execute(_BACKLOG).one()
    return Backlog(queued=row.queued, running=row.running, dead=row.dead, oldest=row.oldest)


def _with_variants(connection: sa.Connection, rows: Iterable[AnyRow]) -> Image:
    row = next(iter(rows), None)
    if row is None:
        raise ImageNotFoundError
    return image_of(row, _variants(connection, [row.id]).get(row.id, ()))


def _variants(
    connection: sa.Connection, image_ids: Sequence[str]
) -> Mapping[str, Sequence[Variant]]:
    found: dict[str, list[Variant]] = {}
    if not image_ids:
        return found
    for row in connection.execute(_VARIANTS, {"ids": image_ids}):
        found.setdefault(row.image_id, []).append(variant_of(row))
    return found


def _newest_first(
    query: sa.Select[Any],
    table: sa.Table,
    cursor: str | None,
    limit: int,
    state: ImageState | None,
) -> sa.Select[Any]:
    # One row more than asked for says whether a page follows.
    order = table.c.created_at.desc(), table.c.id.desc()
    query = query.order_by(*order).limit(limit + 1)
    if state:
        query = query.where(table.c.state == state)
    if cursor:
        last = sa.tuple_(*cursors.decode(cursor), types=[table.c.created_at.type, table.c.id.type])
        query = query.where(sa.tuple_(table.c.created_at, table.c.id) < last)
    return query


def page(
    rows: Sequence[AnyRow], limit: int, moment: str = "created_at"
) -> tuple[Sequence[AnyRow], str | None]:
    """The rows of a page, and the cursor of the next one if there is a row more than `limit`."""
    if len(rows) <= limit:
        return rows, None
    last = rows[limit - 1]
    return rows[:limit], cursors.encode(getattr(last, moment), last.id)

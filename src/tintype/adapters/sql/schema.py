"""The catalog's tables."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from tintype.model import ImageState, Priority

Words = TypeVar("Words", bound=StrEnum)


class Instant(sa.TypeDecorator[datetime]):
    """A moment in UTC, to the microsecond. SQLite keeps no zone, so it is put back on reading."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """What the database keeps: always UTC."""
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """An aware datetime in UTC, whatever zone a server's session is set to."""
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


class Word(sa.TypeDecorator[Words]):
    """One of an enumeration's words, like an image's state."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, words: type[Words]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: Words | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """The word."""
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Words | None:  # noqa: ARG002 - SQLAlchemy's signature
        """The word's member."""
        return None if value is None else self.words(value)


METADATA = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=nullable)


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=nullable)


def _instant(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, Instant, nullable=nullable)


def _failure() -> tuple[sa.Column[str], sa.Column[str]]:
    return _text("error_code", nullable=True), _text("error_detail", nullable=True)


def _original() -> tuple[sa.Column[str], sa.Column[str], sa.Column[str], sa.Column[int]]:
    return _text("key"), _text("name"), _text("version"), _number("size")


def _index(name: str, where: str, *columns: sa.Column[Any], unique: bool = False) -> None:
    """An index of the rows for which `where` holds."""
    only = sa.text(where)
    sa.Index(name, *columns, unique=unique, sqlite_where=only, postgresql_where=only)


_ZERO = sa.text("0")

RECIPES = sa.Table(
    "recipes",
    METADATA,
    sa.Column("digest", sa.Text, primary_key=True),
    _text("content"),
)

IMAGES = sa.Table(
    "images",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    *_original(),
    sa.Column("state", Word(ImageState), nullable=False),
    # The present job. No foreign key: the job refers to the image, and one of them comes first.
    _text("job_id"),
    _text("format", nullable=True),
    _number("width", nullable=True),
    _number("height", nullable=True),
    _number("bytes", nullable=True),
    _number("orientation", nullable=True),
    _number("frames", nullable=True),
    *_failure(),
    _instant("created_at"),
    _instant("updated_at"),
    sa.Index(None, "created_at", "id"),
    sa.Index(None, "state", "created_at", "id"),
)

# What makes an image live. Spelled out, not bound: only so does a database use the partial index.
LIVE = sa.text("images.state <> 'gone'")
_index("uq_images_live_key", "state <> 'gone'", IMAGES.c.key, unique=True)
_index("ix_images_gone", "state = 'gone'", IMAGES.c.state, IMAGES.c.updated_at)

JOBS = sa.Table(
    "jobs",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("image_id", sa.ForeignKey("images.id"), nullable=False, index=True),
    *_original(),
    _text("recipe_digest"),
    sa.Column("state", Word(ImageState), nullable=False),
    _number("attempts"),  # the highest number that is used up: begun, or passed over
    # Since when a caller is expected to start the next run; empty where the engine's queue has it,
    # where it waits for another job of its key, and where nothing is to be started.
    _instant("startable_at", nullable=True),
    *_failure(),
    _instant("created_at"),
    _instant("updated_at"),
    sa.Index(None, "created_at", "id"),
    # What jobs of the first release have by default.
    sa.Column("priority", Word(Priority), nullable=False, server_default=Priority.NORMAL),
    sa.Column("forgiven", sa.BigInteger, nullable=False, server_default=_ZERO),
    # How often the process died that was at the attempt under way.
    sa.Column("deaths", sa.BigInteger, nullable=False, server_default=_ZERO),
    _text("event_source", nullable=True),
    _text("event_content", nullable=True),
    _text("trace", nullable=True),
    # Since when a dead job is no dead letter any more, though nobody made it again.
    _instant("dropped_at", nullable=True),
    sa.Index(None, "state", "created_at", "id"),
    # Since when its image has another job.
    _instant("replaced_at", nullable=True),
)

# Which jobs wait, and which are dead letters. Spelled out like LIVE, for the same reason. Their
# indexes begin with the state all the same: else SQLite would rather sort what another index finds.
QUEUED = sa.text("jobs.state = 'queued'")
DEAD_LETTER = sa.text("jobs.state = 'dead' AND jobs.dropped_at IS NULL")
_index("ix_jobs_replaced_at", "replaced_at IS NOT NULL", JOBS.c.replaced_at)
_index("ix_jobs_startable_at", "startable_at IS NOT NULL", JOBS.c.startable_at)
_index("ix_jobs_queued", "state = 'queued'", JOBS.c.state, JOBS.c.updated_at)
_index(
    "ix_jobs_dead_letters",
    "state = 'dead' AND dropped_at IS NULL",
    JOBS.c.state,
    JOBS.c.updated_at,
    JOBS.c.id,
)
_index(
    "ix_jobs_dead_letters_code",
    "state = 'dead' AND dropped_at IS NULL",
    JOBS.c.error_code,
    JOBS.c.updated_at,
    JOBS.c.id,
)

ATTEMPTS = sa.Table(
    "attempts",
    METADATA,
    sa.Column("job_id", sa.ForeignKey("jobs.id"), primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    _instant("started_at"),
    _instant("finished_at"),
    *_failure(),
)

STEPS = sa.Table(
    "steps",
    METADATA,
    sa.Column("job_id", sa.ForeignKey("jobs.id"), primary_key=True),
    sa.Column("attempt", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
    _text("name"),
    _text("status"),
    _number("attempts"),
    sa.Column("seconds", sa.Double, nullable=False),
    *_failure(),
)

VARIANTS = sa.Table(
    "variants",
    METADATA,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("image_id", sa.ForeignKey("images.id"), nullable=False),
    _number("position"),
    _text("name"),
    _text("format"),
    _number("width"),
    _number("height"),
    _number("bytes"),
    _text("etag"),
    _text("original_version"),
    sa.UniqueConstraint("image_id", "name", "format"),
)

# Who may write under a variant's key, from before the first write on.
CLAIMS = sa.Table(
    "claims",
    METADATA,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("image_id", sa.ForeignKey("images.id"), nullable=False),
    _text("variant"),
    sa.Index(None, "image_id"),
)

# Images that are gone and whose objects have yet to be removed, from `due_at` on.
REMOVALS = sa.Table(
    "removals",
    METADATA,
    sa.Column("image_id", sa.ForeignKey("images.id"), primary_key=True),
    sa.Column("original", sa.Boolean, nullable=False),  # whether it is to be removed too
    sa.Column("last", sa.Boolean, nullable=False),  # whether the objects were removed once before
    _instant("due_at"),
    sa.Index(None, "due_at"),
)

# One row for each original's key that was ever worked on; without a job, the key is free. The
# attempt that began at `began_at` gets a row of its own at its end.
LEASES = sa.Table(
    "leases",
    METADATA,
    sa.Column("key", sa.Text, primary_key=True),
    _text("job_id", nullable=True),
    _number("token"),
    _instant("began_at"),
    # Whether objects of the key may have been written over since the present attempt began.
    sa.Column("spoiled", sa.Boolean, nullable=False, server_default=sa.false()),
)

IDEMPOTENCY = sa.Table(
    "idempotency",
    METADATA,
    sa.Column("key", sa.Text, primary_key=True),
    _text("fingerprint"),
    sa.Column("image_id", sa.ForeignKey("images.id"), nullable=False),
    sa.Column("job_id", sa.ForeignKey("jobs.id"), nullable=False),
    _instant("created_at"),
    sa.Index(None, "created_at"),
    sa.Index(None, "job_id"),
)

API_KEYS = sa.Table(
    "api_keys",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    _text("name"),
    _text("scopes"),  # words with spaces between them
    sa.Column("digest", sa.Text, nullable=False, unique=True),
    _instant("created_at"),
    _instant("expires_at", nullable=True),
    _instant("last_used_at", nullable=True),
    _instant("revoked_at", nullable=True),
)

# Sessions of the page, by the digests of their tokens; those that are over go with the next login.
SESSIONS = sa.Table(
    "sessions",
    METADATA,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("key_id", sa.ForeignKey("api_keys.id"), nullable=False),
    _instant("expires_at"),
)

# What all processes must know, and nobody else; the highest position of a name is the newest.
SECRETS = sa.Table(
    "secrets",
    METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
    _text("value"),
    _instant("created_at"),
)

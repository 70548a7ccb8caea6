"""The catalog's tables."""

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from tintype.model import ImageState


class Instant(sa.TypeDecorator[datetime]):
    """A moment in UTC, to the microsecond. SQLite keeps no zone, so it is put back on reading."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """What the database keeps: always UTC."""
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """An aware datetime."""
        return value.replace(tzinfo=UTC) if value and not value.tzinfo else value


class State(sa.TypeDecorator[ImageState]):
    """An image's or job's state, kept as its word."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: ImageState | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """The word."""
        return str(value) if value else None

    def process_result_value(self, value: str | None, dialect: Dialect) -> ImageState | None:  # noqa: ARG002 - SQLAlchemy's signature
        """The state."""
        return ImageState(value) if value else None


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
    sa.Column("state", State, nullable=False),
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
sa.Index(
    "uq_images_live_key",
    IMAGES.c.key,
    unique=True,
    sqlite_where=sa.text("state <> 'gone'"),
    postgresql_where=sa.text("state <> 'gone'"),
)

JOBS = sa.Table(
    "jobs",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("image_id", sa.ForeignKey("images.id"), nullable=False),
    *_original(),
    _text("recipe_digest"),
    sa.Column("state", State, nullable=False),
    _number("attempts"),  # the highest number that is used up: begun, or passed over
    # Since when a caller is expected to start the next run; empty where the engine's queue has it,
    # where it waits for another job of its key, and where nothing is to be started.
    _instant("startable_at", nullable=True),
    *_failure(),
    _instant("created_at"),
    _instant("updated_at"),
    sa.Index(None, "created_at", "id"),
    sa.Index(None, "state", "created_at", "id"),
    sa.Index(None, "startable_at"),
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
)

IDEMPOTENCY = sa.Table(
    "idempotency",
    METADATA,
    sa.Column("key", sa.Text, primary_key=True),
    _text("fingerprint"),
    sa.Column("image_id", sa.ForeignKey("images.id"), nullable=False),
    sa.Column("job_id", sa.ForeignKey("jobs.id"), nullable=False),
    _instant("created_at"),
)

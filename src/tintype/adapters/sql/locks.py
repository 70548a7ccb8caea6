"""Locks: one transaction at a time decides about a key.

On SQLite a write is alone in the database anyway. On a server, a lock of the key keeps the others
out until the transaction ends, also where no row of the key exists yet; what is read after it is
what the one before has left.
"""

import sqlalchemy as sa

from tintype.adapters.sql.schema import JOBS


def _lock(key: sa.ColumnElement[str]) -> sa.Select[None]:
    return sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(key, 0)))


_LOCK_KEY = _lock(sa.bindparam("key", type_=sa.Text))
_LOCK_KEY_OF_JOB = _lock(JOBS.c.key).where(JOBS.c.id == sa.bindparam("id"))


def lock_key(connection: sa.Connection, key: str) -> None:
    """Wait until nobody else decides about this original's key."""
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK_KEY, {"key": key})


def lock_key_of_job(connection: sa.Connection, job_id: str) -> None:
    """Wait until nobody else decides about the key of this job."""
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK_KEY_OF_JOB, {"id": job_id})


def lock_variant_key(connection: sa.Connection, key: str) -> None:
    """Wait until nobody else claims this variant's key."""
    lock_key(connection, f"variant {key}")  # apart from an original of the same key

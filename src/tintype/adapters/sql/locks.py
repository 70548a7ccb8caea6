"""Locks: one transaction at a time decides about a key.

On SQLite a write is alone in the database anyway. On a server, a lock of the key keeps the others
out until the transaction ends, also where no row of the key exists yet; what is read after it is
what the one before has left.

A transaction that holds the lock of an original's key may wait for variants' keys, in their order,
and for nothing else; one that takes many originals' keys is alone in that. So no two wait for each
other.
"""

from collections.abc import Iterable

import sqlalchemy as sa

from tintype.adapters.sql.schema import JOBS

MANY_KEYS = "many keys"
"""The matter of whoever takes the locks of many originals' keys."""


def _lock(key: sa.ColumnElement[str]) -> sa.Select[None]:
    return sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(key, 0)))


_LOCK_KEY = _lock(sa.bindparam("key", type_=sa.Text))
_LOCK_KEY_OF_JOB = _lock(JOBS.c.key).where(JOBS.c.id == sa.bindparam("id"))
_LOCK_KEYS = sa.text(
    "SELECT pg_advisory_xact_lock(hashtextextended(key, 0))"
    " FROM unnest(CAST(:keys AS text[])) AS key"
)


def lock_key(connection: sa.Connection, key: str) -> None:
    """Wait until nobody else decides about this original's key."""
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK_KEY, {"key": key})


def lock_key_of_job(connection: sa.Connection, job_id: str) -> None:
    """Wait until nobody else decides about the key of this job."""
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK_KEY_OF_JOB, {"id": job_id})


def lock_keys(connection: sa.Connection, keys: Iterable[str]) -> None:
    """Wait until nobody else decides about any of these keys."""
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK_KEYS, {"keys": sorted(set(keys))})


def lock_variant_keys(connection: sa.Connection, keys: Iterable[str]) -> None:
    """Wait until nobody else claims any of these variants' keys."""
    lock_keys(connection, [f"variant {key}" for key in keys])  # apart from originals of those keys


def lock_matter(connection: sa.Connection, matter: str, name: str = "") -> None:
    """Wait until nobody else is at some other matter, where it has names at the one of this name.

    To be taken before any key is.
    """
    lock_key(connection, f"{matter} {name}")

"""Random text that all processes of a deployment share: secrets that sign, marks of stores."""

import secrets
from datetime import datetime

import sqlalchemy as sa

from tintype.adapters.sql.locks import lock_matter
from tintype.adapters.sql.schema import SECRETS

MARK_OF = "mark of "
"""How the names begin under which the marks of stores are kept, each by the store's role."""

_BYTES = 32
# A signature of the secret before the newest one is still good.
_KEPT = 2

_NEWEST = (
    sa.select(SECRETS.c.position, SECRETS.c.value)
    .where(SECRETS.c.name == sa.bindparam("name"))
    .order_by(SECRETS.c.position.desc())
    .limit(_KEPT)
)
_FORGET = SECRETS.delete().where(
    SECRETS.c.name == sa.bindparam("this"), SECRETS.c.position < sa.bindparam("oldest")
)


def known(connection: sa.Connection, name: str) -> tuple[str, ...]:
    """The secrets of a name, newest first; none before the first was made."""
    return tuple(row.value for row in connection.execute(_NEWEST, {"name": name}))


def made(connection: sa.Connection, now: datetime, name: str) -> tuple[str, ...]:
    """The secrets of a name, newest first; the first is made where there is none yet."""
    lock_matter(connection, "secret", name)
    return known(connection, name) or (_make(connection, now, name, position=1),)


def keep(connection: sa.Connection, now: datetime, name: str, value: str) -> str:
    """Keep text under a name that has none yet; returns what the name has then."""
    lock_matter(connection, "secret", name)
    if found := known(connection, name):
        return found[0]
    _insert(connection, now, name, value, position=1)
    return value


def rotate(connection: sa.Connection, now: datetime, name: str) -> None:
    """Make a new secret, and forget all but the newest before it."""
    lock_matter(connection, "secret", name)
    newest = connection.execute(_NEWEST, {"name": name}).first()
    position = newest.position + 1 if newest else 1
    _make(connection, now, name, position=position)
    connection.execute(_FORGET, {"this": name, "oldest": position - 1})


def _make(connection: sa.Connection, now: datetime, name: str, *, position: int) -> str:
    value = secrets.token_urlsafe(_BYTES)
    _insert(connection, now, name, value, position=position)
    return value


def _insert(
    connection: sa.Connection, now: datetime, name: str, value: str, *, position: int
) -> None:
    row = {"name": name, "position": position, "value": value, "created_at": now}
    connection.execute(SECRETS.insert(), row)

"""Sessions of the page, and the API keys with which they began."""

from datetime import datetime

import sqlalchemy as sa

from tintype.adapters.sql.rows import api_key_of
from tintype.adapters.sql.schema import API_KEYS, SESSIONS
from tintype.model import ApiKey

_KEY = (
    sa.select(API_KEYS)
    .join(SESSIONS, SESSIONS.c.key_id == API_KEYS.c.id)
    .where(SESSIONS.c.digest == sa.bindparam("digest"))
    .where(SESSIONS.c.expires_at > sa.bindparam("now"))
)
_END = SESSIONS.delete().where(SESSIONS.c.digest == sa.bindparam("this"))
_SWEEP = SESSIONS.delete().where(SESSIONS.c.expires_at <= sa.bindparam("now"))


def keep(
    connection: sa.Connection, now: datetime, digest: str, key_id: str, expires_at: datetime
) -> None:
    """Keep a session, and forget every one whose time is over; see the port."""
    connection.execute(_SWEEP, {"now": now})
    row = {"digest": digest, "key_id": key_id, "expires_at": expires_at}
    connection.execute(SESSIONS.insert(), row)


def key(connection: sa.Connection, now: datetime, digest: str) -> ApiKey | None:
    """The API key with which the session of this digest began; see the port."""
    row = connection.execute(_KEY, {"digest": digest, "now": now}).one_or_none()
    return api_key_of(row) if row else None


def end(connection: sa.Connection, digest: str) -> None:
    """Forget a session, where there is one."""
    connection.execute(_END, {"this": digest})

"""API keys: who may come in."""

from datetime import datetime

import sqlalchemy as sa

from tintype.adapters.sql.rows import api_key_of
from tintype.adapters.sql.schema import API_KEYS
from tintype.errors import ApiKeyNotFoundError
from tintype.model import ApiKey

_BY_DIGEST = sa.select(API_KEYS).where(API_KEYS.c.digest == sa.bindparam("digest"))
_BY_ID = sa.select(API_KEYS).where(API_KEYS.c.id == sa.bindparam("id"))
_ALL = sa.select(API_KEYS).order_by(API_KEYS.c.created_at.desc(), API_KEYS.c.id.desc())
_REVOKE = API_KEYS.update().where(
    API_KEYS.c.id == sa.bindparam("this"), API_KEYS.c.revoked_at.is_(None)
)
_TOUCH = API_KEYS.update().where(
    API_KEYS.c.id == sa.bindparam("this"),
    sa.or_(API_KEYS.c.last_used_at.is_(None), API_KEYS.c.last_used_at < sa.bindparam("now")),
)


def keep(connection: sa.Connection, key: ApiKey, digest: str) -> None:
    """Keep a new API key; see the port."""
    row = {
        "id": key.id,
        "name": key.name,
        "scopes": " ".join(sorted(key.scopes)),
        "digest": digest,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
        "revoked_at": key.revoked_at,
    }
    connection.execute(API_KEYS.insert(), row)


def find(connection: sa.Connection, digest: str) -> ApiKey | None:
    """The API key with this digest; see the port."""
    row = connection.execute(_BY_DIGEST, {"digest": digest}).one_or_none()
    return api_key_of(row) if row else None


def every(connection: sa.Connection) -> tuple[ApiKey, ...]:
    """Every API key, newest first."""
    return tuple(map(api_key_of, connection.execute(_ALL)))


def revoke(connection: sa.Connection, now: datetime, key_id: str) -> ApiKey:
    """Let an API key open nothing from now on; see the port."""
    connection.execute(_REVOKE, {"this": key_id, "revoked_at": now})
    row = connection.execute(_BY_ID, {"id": key_id}).one_or_none()
    if row is None:
        raise ApiKeyNotFoundError
    return api_key_of(row)


def touch(connection: sa.Connection, key_id: str, used_at: datetime) -> None:
    """Note that an API key was used; see the port."""
    connection.execute(_TOUCH, {"this": key_id, "now": used_at, "last_used_at": used_at})

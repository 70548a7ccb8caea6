"""Claims: which image may write under a variant's key."""

from collections.abc import Iterator, Mapping
from contextlib import suppress

import sqlalchemy as sa

from tintype.adapters.sql.locks import lock_variant_keys
from tintype.adapters.sql.rows import AnyRow
from tintype.adapters.sql.running import held
from tintype.adapters.sql.schema import CLAIMS
from tintype.errors import KeyInvalidError, KeyTakenError, LeaseLostError
from tintype.ports.catalog import Lease
from tintype.recipe.keys import with_suffix

_CLAIMED = sa.select(CLAIMS).where(CLAIMS.c.key.in_(sa.bindparam("keys", expanding=True)))
_CLAIM = CLAIMS.insert()
_RENAME = CLAIMS.update().where(CLAIMS.c.key == sa.bindparam("this"))
_ID_PREFIX = "img_"
_SUFFIX_CHARACTERS = 8


def claim_keys(
    connection: sa.Connection, lease: Lease, wanted: Mapping[str, str]
) -> Mapping[str, str]:
    """Claim a key for each of an image's files; see the port."""
    work = held(connection, lease)
    if work.present_id != work.id:
        raise LeaseLostError
    image_id = work.image_id
    lock_variant_keys(connection, wanted.values())
    candidates = {name: tuple(_candidates(key, image_id)) for name, key in wanted.items()}
    keys = [key for tried in candidates.values() for key in tried]
    claims = {row.key: row for row in connection.execute(_CLAIMED, {"keys": keys})}
    chosen: dict[str, str] = {}
    for name, tried in candidates.items():
        for key in tried:
            if key not in chosen.values() and _usable(claims.get(key), image_id, name, wanted):
                chosen[name] = key
                break
        else:
            raise KeyTakenError(f"Every key for {name} belongs to another image")
    _keep(connection, image_id, chosen, claims)
    return chosen


def _candidates(key: str, image_id: str) -> Iterator[str]:
    """The keys to try, in order: an uploader may have named a file like another one's second."""
    identity = image_id.removeprefix(_ID_PREFIX)
    yield key
    for suffix in (identity[:_SUFFIX_CHARACTERS], identity):
        with suppress(KeyInvalidError):  # too long with it
            yield with_suffix(key, suffix)


def _usable(claim: AnyRow | None, image_id: str, name: str, wanted: Mapping[str, str]) -> bool:
    """Whether a file may have this key: a free one, its own, or one that its image gave up."""
    if claim is None:
        return True
    if claim.image_id != image_id:
        return False
    return claim.variant == name or wanted.get(claim.variant) != str(claim.key)


def _keep(
    connection: sa.Connection,
    image_id: str,
    chosen: Mapping[str, str],
    claims: Mapping[str, AnyRow],
) -> None:
    new = [
        {"key": key, "image_id": image_id, "variant": name}
        for name, key in chosen.items()
        if key not in claims
    ]
    if new:
        connection.execute(_CLAIM, new)
    for name, key in chosen.items():
        if key in claims and claims[key].variant != name:
            connection.execute(_RENAME, {"this": key, "variant": name})

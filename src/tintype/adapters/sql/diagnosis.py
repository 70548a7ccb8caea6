"""Why a database server cannot be used, and what its operator does about it.

The service keeps a server's words from its callers. Who starts it, or asks the doctor, needs to
know: a cause that is known is told in words of our own, and any other in the server's, unless they
may hold a part of a password: where that was not written as an address needs it.
"""

import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa

from tintype.errors import CatalogFailedError
from tintype.text import printable

OLDEST_SERVER = (14,)  # that the engine works with
_ENGINE_SCHEMA = "dbos"

_CORRECT = "Correct TINTYPE_DATABASE"


@dataclass(frozen=True, slots=True)
class _Known:
    """A failure that is known by its words; `{user}` and others are filled in."""

    words: str  # a pattern
    cause: str
    remedy: str


# What a server or its client library says to one who cannot connect; there are no codes for it.
_KNOWN = (
    _Known(
        r"database \".*\" does not exist",
        'there is no database "{database}" on {server}',
        "Make it: `CREATE DATABASE {database} OWNER {user}`, or correct TINTYPE_DATABASE.",
    ),
    _Known(
        r"role \".*\" does not exist",
        '{server} has no role "{user}"',
        f"Make it with `createuser`, or correct the user. {_CORRECT} then.",
    ),
    _Known(
        r"no password supplied",
        '{server} wants a password of "{user}"',
        "Put it into TINTYPE_DATABASE, as postgresql://user:password@host/name.",
    ),
    _Known(
        r"authentication failed",
        '{server} does not take "{user}" for who it says: the password is wrong, or another way to'
        " log in is wanted",
        f"{_CORRECT}: in a password, characters such as @ / : # ? are written as %40 %2F %3A %23"
        " %3F.",
    ),
    _Known(
        r"no pg_hba\.conf entry|is not permitted to log in",
        '{server} does not let "{user}" in from here',
        "Allow it in the server's pg_hba.conf (and `ALTER ROLE ... LOGIN`), or correct the user.",
    ),
    _Known(
        r"permission denied for database",
        '"{user}" may not connect to "{database}" on {server}',
        "As its owner: `GRANT CONNECT, CREATE ON DATABASE {database} TO {user}`.",
    ),
    _Known(
        r"Connection refused|\.s\.PGSQL\..*No such file",
        "{server} does not run: nothing listens there",
        "Start the server, or correct host and port in TINTYPE_DATABASE.",
    ),
    _Known(
        r"failed to resolve|could not translate host name",
        "the name of {server} is not known here",
        "Correct the host in TINTYPE_DATABASE (in a password, @ is written as %40), or the DNS.",
    ),
    _Known(
        r"starting up|shutting down|not yet accepting",
        "{server} is starting or stopping",
        "Wait until it has started.",
    ),
    _Known(
        r"too many clients|remaining connection slots|too many connections",
        "{server} has no connection left",
        "Raise its max_connections, or run fewer processes; each takes up to 29.",
    ),
    _Known(
        r"SSL",
        "{server} and this machine do not agree on encryption",
        "Correct sslmode in TINTYPE_DATABASE, or the server's certificate.",
    ),
    _Known(
        r"timeout|timed out|unreachable|No route|does not answer",
        "{server} does not answer",
        "Look whether it runs and whether a firewall is between, or correct host and port.",
    ),
)


@contextmanager
def explained(engine: sa.Engine) -> Generator[None]:
    """Have a CatalogFailedError say why, and what to do about it, where that is known."""
    try:
        yield
    except CatalogFailedError as failure:
        cause = getattr(failure.__cause__, "orig", None)
        if engine.dialect.name == "sqlite" or cause is None:
            raise
        raise _explain(cause, engine.url, failure) from failure


def require_usable(connection: sa.Connection, *, made: bool) -> None:
    """Raise CatalogFailedError where a server is too old, only reads, or keeps rights back.

    Where the tables are `made` at this release's revision, none needs to be made.
    """
    if connection.dialect.name == "sqlite":
        return
    names = _names(connection.engine.url)
    version = connection.dialect.server_version_info or OLDEST_SERVER
    if version < OLDEST_SERVER:
        raise _failure(
            f"{{server}} is PostgreSQL {version[0]}, which is too old",
            f"Use PostgreSQL {OLDEST_SERVER[0]} or newer.",
            names,
        )
    standby, in_schema, in_database, engine_made = connection.exec_driver_sql(
        "SELECT pg_is_in_recovery(),"
        " coalesce(has_schema_privilege(current_schema(), 'CREATE'), false),"
        " has_database_privilege(current_database(), 'CREATE'),"
        f" to_regnamespace('{_ENGINE_SCHEMA}') IS NOT NULL"
    ).one()
    if standby:
        raise _failure(
            "{server} is a standby, which only reads",
            f"{_CORRECT}: it must be the primary server.",
            names,
        )
    if not (made or in_schema) or not (engine_made or in_database):
        raise _failure(
            '"{user}" may not make tables and schemas in "{database}" on {server}',
            "As its owner: `GRANT CREATE ON DATABASE {database} TO {user}` and `GRANT CREATE ON"
            " SCHEMA public TO {user}`; or make {user} its owner.",
            names,
        )


def _explain(cause: BaseException, address: sa.URL, failure: CatalogFailedError) -> Exception:
    names = _names(address)
    said = " ".join(str(cause).split())
    if getattr(cause, "sqlstate", None) == "42501":  # insufficient_privilege
        return _failure(
            '"{user}" has not the rights in "{database}" on {server} that are needed',
            "Make {user} the owner of the database and of the tables in it.",
            names,
        )
    if getattr(cause, "sqlstate", None) is None:
        for known in _KNOWN:
            if re.search(known.words, said):
                return _failure(known.cause, known.remedy, names)
    if _is_doubtful(address) or (address.password and str(address.password) in said):
        return failure
    return CatalogFailedError(f"The database failed: {printable(str(cause).partition(chr(10))[0])}")


def _failure(cause: str, remedy: str, names: dict[str, str]) -> CatalogFailedError:
    return CatalogFailedError(
        f"The database failed: {cause.format(**names)}", remedy.format(**names)
    )


def _is_doubtful(address: sa.URL) -> bool:
    """Whether a part may be the end of a password in which an @ was not written as %40.

    Host, port and database are then what came after that @, up to the one that was meant.
    """
    parts = (address.host or "", address.database or "", *address.query, *address.query.values())
    return any("@" in part for part in parts)


def _names(address: sa.URL) -> dict[str, str]:
    """What the words are filled in with: nothing of a password, however the address is written."""
    asked = address.query.get("host", address.host)
    host = asked if isinstance(asked, str) else ""
    doubtful = _is_doubtful(address)
    if not host or doubtful:
        server = "the server"
    elif host.startswith("/"):
        server = f"the server at the socket in {host}"
    else:
        server = f"the server at {host}:{address.port or 5432}"
    names = {
        "server": server,
        "database": "NAME" if doubtful else address.database or address.username or "",
        "user": address.username or "the user of this process",
    }
    return {name: printable(text) for name, text in names.items()}

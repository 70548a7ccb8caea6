"""`tintype keys`: make, list and revoke API keys."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from tintype.bootstrap import database_name, open_access
from tintype.entrypoints.cli import times
from tintype.entrypoints.cli.listing import AsJson, print_json
from tintype.entrypoints.cli.terminal import note, show_rows
from tintype.entrypoints.logs import configure_logs
from tintype.model import ApiKey, Scope
from tintype.pipeline.access import Authority
from tintype.settings import Settings, load_settings

app = typer.Typer(
    no_args_is_help=True,
    help="Make, list and revoke API keys, in the database of TINTYPE_DATA or TINTYPE_DATABASE.",
)

Data = Annotated[
    Path | None, typer.Option("--data", help="The data folder; TINTYPE_DATA where not given.")
]
Expires = Annotated[
    timedelta | None,
    typer.Option(
        "--expires",
        parser=times.span,
        metavar="TIME",
        help="How long: 30min, 2h, 90d; 3650d at most.",
    ),
]


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Whose it is, or what for: people read it.")],
    scopes: Annotated[
        list[Scope],
        typer.Option("--scope", help="What it allows; give several options for several."),
    ],
    expires: Expires = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Make an API key and print its secret, which is not shown again.

    `upload` sends images, `read` shows them and fetches their variants, `admin` does everything.
    Only the secret goes to standard output, so that a script can take it from there.

    Makes the database where there is none, so that keys can be handed out before the first start;
    the other commands want one that is there.

    Example: `tintype keys create shop --scope upload --scope read --expires 90d`
    """
    settings = load_settings(data=data)
    with open_quietly(settings, make=True) as authority:
        first = not authority.access.keys()
        key, secret = authority.access.create(name, scopes, expires)
    if first:  # whoever meant another database sees it here
        note(f"It is the first key in this database: {database_name(settings)}")
    if as_json:
        print_json(_described(key) | {"key": secret})
        return
    until = f" until {times.local(times.universal(key.expires_at))}" if key.expires_at else ""
    note(f"{key.id} ({name}) may {_scopes(key)}{until}. Keep the key: it is not shown again.")
    print(secret)


@app.command("list")
def list_keys(data: Data = None, as_json: AsJson = False) -> None:
    """List the API keys, newest first; their secrets are nowhere.

    Example: `tintype keys list`
    """
    with open_quietly(load_settings(data=data)) as authority:
        keys = authority.access.keys()
    if as_json:
        print_json({"items": [_described(key) for key in keys]})
        return
    if not keys:
        note("There are no API keys yet: `tintype keys create NAME --scope read` makes one.")
    columns = ("name and id", "state", "scopes", "created", "last used", "expires")
    on_terminal = sys.stdout.isatty()
    show_rows(columns, [_lines(key) if on_terminal else _row(key) for key in keys])


@app.command()
def revoke(
    which: Annotated[str, typer.Argument(metavar="ID|NAME", help="The key's id, or its name.")],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Let an API key open nothing any more, nor the sessions that began with it.

    Every process of the service has noticed after three seconds.

    Example: `tintype keys revoke shop`
    """
    with open_quietly(load_settings(data=data)) as authority:
        key = authority.access.revoke(which)
    if as_json:
        print_json(_described(key))
    else:
        note(f"{key.id} ({key.name}) is revoked.")


@app.command()
def rotate(data: Data = None) -> None:
    """Make a new secret for signed addresses.

    What was signed before stays good until the next rotation: rotate twice to end all of it.
    Sessions of the page have no such secret: they end with the keys with which they began.

    Example: `tintype keys rotate`
    """
    with open_quietly(load_settings(data=data)) as authority:
        authority.rotate()
    note("New addresses are signed with a new secret; those of before stay good.")


@contextmanager
def open_quietly(settings: Settings, *, make: bool = False) -> Iterator[Authority]:
    """The authority of the settings' database; what is logged of it is for the service's log.

    Raises DatabaseMissingError where there is none, unless it may `make` one.
    """
    configure_logs("warning")
    with open_access(settings, make=make) as authority:
        yield authority


def _scopes(key: ApiKey) -> str:
    return ", ".join(scope for scope in Scope if scope in key.scopes)


def _state(key: ApiKey) -> str:
    if key.revoked_at:
        return "revoked"
    return "expired" if key.expires_at and key.expires_at <= datetime.now(UTC) else "active"


def _row(key: ApiKey) -> tuple[str, ...]:
    moments = (key.created_at, key.last_used_at, key.expires_at)
    created, used, expires = (times.universal(moment) if moment else "" for moment in moments)
    told = (created, used or "never", expires or "never")
    return (key.id, _state(key), _scopes(key), *told, key.name)


def _lines(key: ApiKey) -> tuple[str, ...]:
    """A row for a terminal, where ids and scopes need their own lines to fit."""
    used = times.age(times.universal(key.last_used_at)) if key.last_used_at else "never"
    expires = times.local(times.universal(key.expires_at))[:10] if key.expires_at else "never"
    scopes = "\n".join(scope for scope in Scope if scope in key.scopes)
    created = times.age(times.universal(key.created_at))
    return (f"{key.name}\n{key.id}", _state(key), scopes, created, used, expires)


def _described(key: ApiKey) -> dict[str, Any]:
    described = {
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
        "revoked_at": key.revoked_at,
    }
    moments = {name: moment and times.universal(moment) for name, moment in described.items()}
    scopes = [scope for scope in Scope if scope in key.scopes]
    return {"id": key.id, "name": key.name, "scopes": scopes, "state": _state(key)} | moments

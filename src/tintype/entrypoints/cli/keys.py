"""`tintype keys`: make, list and revoke API keys."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from tintype.bootstrap import open_access
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
    typer.Option("--expires", parser=times.span, metavar="TIME", help="How long: 30min, 2h, 90d."),
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

    Example: `tintype keys create shop --scope upload --scope read --expires 90d`
    """
    expires_at = None if expires is None else datetime.now(UTC) + expires
    with open_quietly(load_settings(data=data)) as authority:
        key, secret = authority.access.create(name, scopes, expires_at)
    if as_json:
        print_json(_described(key) | {"key": secret})
        return
    until = f" until {times.local(expires_at.isoformat())}" if expires_at else ""
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
    """Make new secrets for signed addresses and for sessions of the page.

    What was signed before stays good until the next rotation: rotate twice to end all of it.

    Example: `tintype keys rotate`
    """
    with open_quietly(load_settings(data=data)) as authority:
        authority.rotate()
    note("New addresses and sessions are signed with new secrets; those of before stay good.")


@contextmanager
def open_quietly(settings: Settings) -> Iterator[Authority]:
    """The authority of the settings' database; what is logged of it is for the service's log."""
    configure_logs("warning")
    with open_access(settings) as authority:
        yield authority


def _scopes(key: ApiKey) -> str:
    return ", ".join(scope for scope in Scope if scope in key.scopes)


def _state(key: ApiKey) -> str:
    if key.revoked_at:
        return "revoked"
    return "expired" if key.expires_at and key.expires_at <= datetime.now(UTC) else "active"


def _row(key: ApiKey) -> tuple[str, ...]:
    moments = (key.created_at, key.last_used_at, key.expires_at)
    created, used, expires = (moment.isoformat() if moment else "" for moment in moments)
    told = (created, used or "never", expires or "never")
    return (key.id, _state(key), _scopes(key), *told, key.name)


def _lines(key: ApiKey) -> tuple[str, ...]:
    """A row for a terminal, where ids and scopes need their own lines to fit."""
    used = times.age(key.last_used_at.isoformat()) if key.last_used_at else "never"
    expires = times.local(key.expires_at.isoformat())[:10] if key.expires_at else "never"
    scopes = "\n".join(scope for scope in Scope if scope in key.scopes)
    created = times.age(key.created_at.isoformat())
    return (f"{key.name}\n{key.id}", _state(key), scopes, created, used, expires)


def _described(key: ApiKey) -> dict[str, Any]:
    described = {
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
        "revoked_at": key.revoked_at,
    }
    moments = {name: moment and moment.isoformat() for name, moment in described.items()}
    scopes = [scope for scope in Scope if scope in key.scopes]
    return {"id": key.id, "name": key.name, "scopes": scopes, "state": _state(key)} | moments

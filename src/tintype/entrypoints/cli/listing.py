"""What the commands that list things share."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import httpx
import typer

from tintype.entrypoints.cli.client import ask
from tintype.entrypoints.cli.terminal import note, show_rows

_PAGE = 200  # what the service gives at most at once

Url = Annotated[
    str | None, typer.Option("--url", help="The service; TINTYPE_URL where it is not given.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Limit = Annotated[int, typer.Option("--limit", min=1, help="The most to list.")]


def listed(
    client: httpx.Client, path: str, params: Mapping[str, str | None], limit: int
) -> dict[str, Any]:
    """The first `limit` items of a list in one page, and the cursor of what follows."""
    items: list[dict[str, Any]] = []
    asked = {name: value for name, value in params.items() if value is not None}
    while True:
        asked["limit"] = str(min(limit - len(items), _PAGE))
        page = ask(client, "GET", path, params=asked)
        items += page["items"]
        if page["next"] is None or len(items) >= limit:
            return {"items": items, "next": page["next"]}
        asked["cursor"] = page["next"]


def show_list(
    page: Mapping[str, Any],
    columns: Sequence[str],
    row: Callable[[Mapping[str, Any]], Sequence[str]],
    *,
    nothing: str,
    as_json: bool,
) -> None:
    """What `listed` found, as JSON or in rows; `nothing` is said where that is all of it."""
    if as_json:
        print_json(page)
    elif page["items"]:
        show_rows(columns, map(row, page["items"]))
        more(page)
    else:
        note(nothing)


def print_json(content: object) -> None:
    """JSON in one line."""
    print(json.dumps(content), flush=True)


def counted(count: int, what: str) -> str:
    """A number of things: 1 job, 2 jobs, 10,000 jobs."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def more(page: Mapping[str, Any]) -> None:
    """Say that a list goes on, to somebody who looks at it."""
    if page["next"] is not None and sys.stdout.isatty():
        note(f"... and more: --limit {2 * len(page['items'])} shows twice as many")

"""`tintype dead`: jobs that failed their last attempt; make them again, or drop them."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import httpx
import typer

from tintype.entrypoints.cli import times
from tintype.entrypoints.cli.client import ask, open_client, path_of
from tintype.entrypoints.cli.listing import (
    AsJson,
    Limit,
    Url,
    counted,
    listed,
    print_json,
    show_list,
)
from tintype.entrypoints.cli.story import show_story, when
from tintype.entrypoints.cli.terminal import note, progress
from tintype.errors import ParameterInvalidError

app = typer.Typer(
    no_args_is_help=True,
    help="Dead letters: jobs that failed their last attempt. Make them again, or drop them.",
)

_PATH = "/v1/dead-letters"
# What is counted before somebody is asked; who has more need not know how many.
_MOST_COUNTED = 2000
_IDS_AT_ONCE = 200  # what the service takes in one request

_Ids = Annotated[list[str], typer.Argument(help="Ids of jobs.", metavar="ID")]
_Code = Annotated[str | None, typer.Option("--code", help="Those that failed with this code.")]
_Prefix = Annotated[
    str | None, typer.Option("--prefix", help="Those whose original's key begins like this.")
]
_Since = Annotated[
    str | None,
    typer.Option(
        "--since", help="Those that failed then or later: 2026-01-31, 2026-01-31T12:00, 2h ago: 2h."
    ),
]
_Until = Annotated[str | None, typer.Option("--until", help="Those that failed before then.")]
_All = Annotated[bool, typer.Option("--all", help="All of them.")]
_Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@app.command("list")
def list_(
    code: _Code = None,
    prefix: _Prefix = None,
    since: _Since = None,
    until: _Until = None,
    limit: Limit = 20,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """List the dead letters; the last to fail comes first.

    Example: `tintype dead list --code store_failed --since 2h`
    """
    wanted = _filter(code, prefix, since, until)
    with open_client(url) as client:
        page = listed(client, _PATH, wanted, limit)
    nothing = "no dead letter matches" if wanted else "no dead letters"
    show_list(page, ("job", "age", "code", "original"), _row, nothing=nothing, as_json=as_json)


@app.command()
def show(
    job_id: Annotated[str, typer.Argument(help="The job's id.", metavar="ID")],
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Show one dead letter with the reason of each attempt, what brought it, and a hint.

    Example: `tintype dead show job_k3v...`
    """
    with open_client(url) as client:
        letter = ask(client, "GET", path_of(_PATH, job_id))
    if as_json:
        print_json(letter)
        return
    show_story(
        {
            "job": letter["job_id"],
            "failed": when(letter["failed_at"]),
            "error": f"{letter['code']}: {letter['detail']}",
            "hint": letter["hint"],
            "image": letter["image_id"],
            "original": letter["key"],
            "priority": letter["priority"],
        },
        letter,
    )


@dataclass(frozen=True, slots=True)
class _Deed:
    """What can be done to dead letters, and how it is told."""

    verb: str
    done: str
    explained: str
    example: str


_DEEDS = (
    _Deed(
        "redrive",
        "redriven",
        "Make dead letters again, each with all its tries before it; the oldest first.",
        "tintype dead redrive --code store_failed",
    ),
    _Deed(
        "drop",
        "dropped",
        "Take dead letters off the list; their jobs and images stay, and can be retried.",
        "tintype dead drop --until 2026-01-31",
    ),
)

_CHOICE = """
Name them, or say which by --code, --prefix, --since and --until, or take --all. Exits with 1 where
a job that was named is no dead letter.
"""


def _command(deed: _Deed) -> Callable[..., None]:
    """The command that does a deed."""

    def act(
        job_ids: _Ids = [],  # noqa: B006 - typer copies it
        code: _Code = None,
        prefix: _Prefix = None,
        since: _Since = None,
        until: _Until = None,
        everything: _All = False,
        yes: _Yes = False,
        as_json: AsJson = False,
        url: Url = None,
    ) -> None:
        wanted = _filter(code, prefix, since, until)
        if sum(map(bool, (job_ids, wanted, everything))) != 1:
            raise ParameterInvalidError(
                "Say which dead letters: name their jobs, or give --code, --prefix, --since or"
                " --until, or --all."
            )
        with open_client(url) as client:
            if job_ids:
                count, missing = _change_named(client, deed, job_ids)
            else:
                count, missing = _change_matching(client, deed, wanted, yes=yes), []
        _tell(deed, count, missing, as_json=as_json)

    return act


for _deed in _DEEDS:
    app.command(_deed.verb, help=f"{_deed.explained}\n{_CHOICE}\nExample: `{_deed.example}`")(
        _command(_deed)
    )


def _filter(
    code: str | None, prefix: str | None, since: str | None, until: str | None
) -> dict[str, str]:
    given = {
        "code": code,
        "prefix": prefix,
        "from": since and times.moment(since),
        "to": until and times.moment(until),
    }
    return {name: value for name, value in given.items() if value}


def _row(letter: Mapping[str, Any]) -> tuple[str, ...]:
    age = times.cell(letter["failed_at"])
    return letter["job_id"], age, letter["code"], letter["key"]


def _tell(deed: _Deed, count: int, missing: list[str], *, as_json: bool) -> None:
    if as_json:
        print_json({deed.done: count, "missing": missing})
    else:
        print(f"{counted(count, 'dead letter')} {deed.done}")
    for job_id in missing:
        note(f"{job_id} is no dead letter")
    if missing:
        raise typer.Exit(1)


def _change_named(client: httpx.Client, deed: _Deed, job_ids: list[str]) -> tuple[int, list[str]]:
    count, missing = 0, []
    for start in range(0, len(job_ids), _IDS_AT_ONCE):
        body = {"job_ids": job_ids[start : start + _IDS_AT_ONCE]}
        answer = ask(client, "POST", f"{_PATH}/{deed.verb}", json=body)
        count += answer[deed.done]
        missing += answer["missing"]
    return count, missing


def _change_matching(
    client: httpx.Client, deed: _Deed, wanted: dict[str, str], *, yes: bool
) -> int:
    newest = listed(client, _PATH, wanted, 1)["items"]
    if not newest:
        return 0
    # Those that fail again while this goes on are left alone: it would never end.
    wanted = wanted | {"to": times.just_after(newest[0]["failed_at"])}
    found = listed(client, _PATH, wanted, _MOST_COUNTED)
    number, exact = len(found["items"]), found["next"] is None
    if not yes and sys.stdin.isatty() and sys.stderr.isatty():
        told = counted(number, "dead letter")
        question = f"{deed.verb} {told if exact else f'more than {told}'}?"
        typer.confirm(question, abort=True, err=True)
    count: int = 0
    with progress(f"{deed.done}", number if exact else None) as bar:
        while True:
            answer = ask(client, "POST", f"{_PATH}/{deed.verb}", json=wanted)
            count += answer[deed.done]
            bar.advance(bar.task_ids[0], answer[deed.done])
            if not answer["more"]:
                break
    return count

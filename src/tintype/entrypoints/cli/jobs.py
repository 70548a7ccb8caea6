"""`tintype jobs`: look at jobs, ask for them again, call them off, hold them up."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from tintype.entrypoints.cli import queue, times
from tintype.entrypoints.cli.client import ServiceRefusedError, ask, open_client, path_of
from tintype.entrypoints.cli.listing import AsJson, Limit, Url, listed, print_json, show_list
from tintype.entrypoints.cli.story import reason, show_story, when
from tintype.entrypoints.cli.terminal import complain, note
from tintype.errors import ParameterInvalidError
from tintype.model import ImageState
from tintype.text import printable

app = typer.Typer(
    invoke_without_command=True,
    help="Look at jobs, ask for them again, call them off, hold them up.",
)

_PATH = "/v1/jobs"

_Ids = Annotated[list[str], typer.Argument(help="Ids of jobs.", metavar="ID")]


@app.callback()
def jobs(
    context: typer.Context,
    state: Annotated[
        ImageState | None,
        typer.Option(
            "--state", metavar="STATE", help=f"Only those that are {', '.join(ImageState)}."
        ),
    ] = None,
    limit: Limit = 20,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """List the jobs, newest first; or, with a command, do something about them.

    Example: `tintype jobs --state dead`
    """
    if context.invoked_subcommand:
        if state or as_json or url:
            raise ParameterInvalidError(f"Options go behind `{context.invoked_subcommand}`.")
        return
    with open_client(url) as client:
        page = listed(client, _PATH, {"state": state}, limit)
    nothing = f"no job is {state}" if state else "no jobs yet: send a file with `tintype put FILE`"
    columns = ("job", "status", "tries", "age", "original")
    show_list(page, columns, _row, nothing=nothing, as_json=as_json)


@app.command()
def show(
    job_id: Annotated[str, typer.Argument(help="The job's id.", metavar="ID")],
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Show one job with every attempt, the steps of the last one, and what brought it.

    Example: `tintype jobs show job_k3v...`
    """
    with open_client(url) as client:
        job = ask(client, "GET", path_of(_PATH, job_id))
    if as_json:
        print_json(job)
        return
    show_story(
        {
            "job": job["id"],
            "status": job["status"],
            "error": reason(job["error"]),
            "image": job["image_id"],
            "original": job["key"],
            "priority": job["priority"],
            "arrived": when(job["created_at"]),
            "changed": when(job["updated_at"]),
        },
        job,
    )


@app.command()
def retry(job_ids: _Ids, as_json: AsJson = False, url: Url = None) -> None:
    """Make jobs that have ended again, each with all its tries before it.

    Exits with 0 where all of them are, else with 1.

    Example: `tintype jobs retry job_k3v...`
    """
    _act(job_ids, "retry", as_json=as_json, url=url)


@app.command()
def cancel(job_ids: _Ids, as_json: AsJson = False, url: Url = None) -> None:
    """End jobs that have not ended; what they are doing just now is in vain.

    Exits with 0 where all of them are, else with 1.

    Example: `tintype jobs cancel job_k3v...`
    """
    _act(job_ids, "cancel", as_json=as_json, url=url)


@app.command()
def pause(as_json: AsJson = False, url: Url = None) -> None:
    """Begin no more jobs, in any process and after any restart; what runs goes on.

    Uploads are still taken, and wait.

    Example: `tintype jobs pause`
    """
    _hold("pause", as_json=as_json, url=url)


@app.command()
def resume(as_json: AsJson = False, url: Url = None) -> None:
    """Begin jobs again.

    Example: `tintype jobs resume`
    """
    _hold("resume", as_json=as_json, url=url)


def _row(job: Mapping[str, Any]) -> tuple[str, ...]:
    age = times.cell(job["created_at"])
    return job["id"], job["status"], str(job["tries"]), age, job["key"]


def _act(job_ids: list[str], action: str, *, as_json: bool, url: str | None) -> None:
    failed = False
    with open_client(url) as client:
        for job_id in job_ids:
            try:
                job = ask(client, "POST", f"{path_of(_PATH, job_id)}/{action}")
            except (ServiceRefusedError, ParameterInvalidError) as error:
                failed = True
                note(f"{job_id}:")
                complain(error)
                continue
            if as_json:
                print_json(job)
            else:
                print(printable(f"{job['id']} {job['status']}"), flush=True)
    if failed:
        raise typer.Exit(1)


def _hold(action: str, *, as_json: bool, url: str | None) -> None:
    with open_client(url) as client:
        standing = ask(client, "POST", f"/v1/queue/{action}")
    if as_json:
        print_json(standing)
    else:
        print(queue.told(standing))

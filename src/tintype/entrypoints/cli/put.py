"""`tintype put`: send files to a running service."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from tintype.entrypoints.cli.client import ask, open_client
from tintype.entrypoints.cli.terminal import complain, progress
from tintype.errors import ParameterInvalidError, TintypeError
from tintype.pipeline.develop import Source, sources
from tintype.text import printable

# Enough to keep a service busy, few enough to keep its answers in sight.
_SENDERS = 4

_UNSETTLED = ("queued", "running")


@dataclass(frozen=True, slots=True)
class _Sent:
    source: Source
    image: dict[str, Any]
    error: TintypeError | None = None

    @property
    def fine(self) -> bool:
        return self.error is None and self.image["status"] in ("done", *_UNSETTLED)


def put(
    files: Annotated[list[Path], typer.Argument(help="Files, or folders with files.")],
    wait: Annotated[bool, typer.Option("--wait", help="Wait until every image is done.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per file.")
    ] = False,
    url: Annotated[
        str | None, typer.Option("--url", help="The service; TINTYPE_URL where it is not given.")
    ] = None,
) -> None:
    """Send files to a running service.

    Exits with 0 where every file was taken (with --wait: is done), else with 1.

    Example: `tintype put photos/ --wait`
    """
    try:
        work = list(sources(files))
    except FileNotFoundError as error:
        raise ParameterInvalidError(f"No such file or folder: {error}") from None
    fine = True
    with (
        open_client(url) as client,
        ThreadPoolExecutor(_SENDERS) as pool,
        progress("sending", len(work)) as bar,
    ):
        for sent in pool.map(lambda source: _send(client, source, wait=wait), work):
            bar.advance(bar.task_ids[0])
            fine = fine and sent.fine
            _tell(sent, as_json=as_json)
    if not fine:
        raise typer.Exit(1)


def _send(client: httpx.Client, source: Source, *, wait: bool) -> _Sent:
    try:
        with source.file.open("rb") as content:
            image = ask(
                client,
                "POST",
                "/v1/images",
                content=content,
                params={"name": source.file.name} | ({"wait": "30"} if wait else {}),
                headers={"Content-Type": "application/octet-stream"},
            )
        while wait and image["status"] in _UNSETTLED:
            time.sleep(0.2)
            image = ask(client, "GET", f"/v1/images/{image['id']}")
    except TintypeError as error:
        return _Sent(source, {}, error)
    return _Sent(source, image)


def _tell(sent: _Sent, *, as_json: bool) -> None:
    if as_json:
        error = {"code": sent.error.code, "detail": sent.error.detail} if sent.error else None
        print(json.dumps({"file": str(sent.source.file), "error": error} | sent.image), flush=True)
    elif sent.error:
        print(printable(f"{sent.source.file}: not sent"), flush=True)
        complain(sent.error)
    else:
        image = sent.image
        problem = image.get("error")
        reason = f" {problem['code']}: {problem['detail']}" if problem else ""
        line = f"{sent.source.file}: {image['id']} {image['status']}{reason}"
        print(printable(line), flush=True)

"""`tintype put`: send files to a running service."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.progress import Progress, TaskID

from tintype.entrypoints.cli.client import ServiceRefusedError, ask, open_client
from tintype.entrypoints.cli.terminal import complain, note, progress
from tintype.errors import ParameterInvalidError, QueueFullError, TintypeError
from tintype.model import Priority
from tintype.pipeline.develop import Source, sources
from tintype.text import printable

# Enough to keep a service busy, few enough to keep its answers in sight.
_SENDERS = 4

_UNSETTLED = ("queued", "running")

_LOOK_SECONDS = 0.2

# How long to wait where the service cannot take a file: as it says, within bounds.
_SHORTEST_SECONDS = 1.0
_USUAL_SECONDS = 5.0
_LONGEST_SECONDS = 60.0

# How long a file is sent again and again that is refused as the store or the database is away.
_AWAY_SECONDS = 600.0
_UNAVAILABLE = 503

_SENDING = "sending"
_BUSY = "sending, the service is busy"


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
    priority: Annotated[
        Priority,
        typer.Option("--priority", metavar="PRIORITY", help="high, normal or low: who goes first."),
    ] = Priority.NORMAL,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per file.")
    ] = False,
    url: Annotated[
        str | None, typer.Option("--url", help="The service; TINTYPE_URL where it is not given.")
    ] = None,
) -> None:
    """Send files to a running service.

    Where the service's queue is full, waits until there is room; where its store or database is
    away, ten minutes. Exits with 0 where every file was
    taken (with --wait: is done), else with 1.

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
        progress(_SENDING, len(work)) as bar,
    ):
        (task,) = bar.task_ids
        sender = _Sender(client, priority, partial(_show_busy, bar, task), wait=wait)
        try:
            for sent in pool.map(sender.send, work):
                bar.advance(task)
                fine = fine and sent.fine
                _tell(sent, as_json=as_json)
        finally:
            sender.stop()
    if not fine:
        raise typer.Exit(1)


class _Sender:
    """Sends files; may be used by several threads.

    `show_busy` hears whether the service cannot take now what is being sent.
    """

    def __init__(
        self,
        client: httpx.Client,
        priority: Priority,
        show_busy: Callable[[bool], None],
        *,
        wait: bool,
    ) -> None:
        self._client = client
        self._show_busy = show_busy
        self._wait = wait
        self._params = {"priority": str(priority)} | ({"wait": "30"} if wait else {})
        self._stopped = threading.Event()
        self._told: set[str] = set()  # the codes of refusals
        self._refused = 0  # files that are being sent and were refused so far
        self._lock = threading.Lock()

    def stop(self) -> None:
        """Wait for nothing any more."""
        self._stopped.set()

    def send(self, source: Source) -> _Sent:
        """Send a file, and see what becomes of it where that is wanted."""
        try:
            image = self._upload(source)
            while self._wait and image["status"] in _UNSETTLED:
                if self._stopped.wait(_LOOK_SECONDS):
                    break
                image = ask(self._client, "GET", f"/v1/images/{image['id']}")
        except TintypeError as error:
            return _Sent(source, {}, error)
        return _Sent(source, image)

    def _upload(self, source: Source) -> dict[str, Any]:
        """Send a file as often as it takes while the service cannot take it."""
        with ExitStack() as busy:
            refused = False
            away_since: float | None = None
            while True:
                try:
                    return self._post(source)
                except ServiceRefusedError as error:
                    now, wait = time.monotonic(), _patience(error.retry_after)
                    if error.code == QueueFullError.code:
                        away_since = None
                    elif error.status != _UNAVAILABLE or error.retry_after is None:
                        raise
                    elif away_since is None:
                        away_since = now
                    elif now + wait > away_since + _AWAY_SECONDS:
                        raise
                    self._explain(error)
                    if not refused:
                        refused = True
                        busy.enter_context(self._busy())
                    if self._stopped.wait(wait):
                        raise

    def _post(self, source: Source) -> dict[str, Any]:
        with source.file.open("rb") as content:
            return ask(
                self._client,
                "POST",
                "/v1/images",
                content=content,
                params={"name": source.file.name, **self._params},
                headers={"Content-Type": "application/octet-stream"},
            )

    @contextmanager
    def _busy(self) -> Iterator[None]:
        """Show that one file more has to wait."""
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    def _count(self, change: int) -> None:
        with self._lock:
            self._refused += change
            self._show_busy(self._refused > 0)

    def _explain(self, error: ServiceRefusedError) -> None:
        """Say once for each reason what is waited for."""
        with self._lock:
            if error.code in self._told:
                return
            self._told.add(error.code)
            if error.code == QueueFullError.code:
                note("the service's queue is full: waiting for room")
            else:
                note(f"the service cannot take files now: {error.detail}")
                note(f"trying again for up to {_AWAY_SECONDS / 60:.0f} minutes")


def _patience(retry_after: float | None) -> float:
    """How many seconds to wait where the service says so, or nothing."""
    wanted = _USUAL_SECONDS if retry_after is None else retry_after
    return min(max(wanted, _SHORTEST_SECONDS), _LONGEST_SECONDS)


def _show_busy(bar: Progress, task: TaskID, busy: bool) -> None:
    bar.update(task, description=_BUSY if busy else _SENDING)


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

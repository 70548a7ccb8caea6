"""`tintype put`, where the queue is full and where somebody watches."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest

import tintype.entrypoints.cli.put as put_module
from tests.support.command import tintype
from tests.support.photographs import write_photograph
from tests.support.terminal import at_terminal
from tests.support.troubled import PICTURE, TroubledService
from tintype.entrypoints.cli.client import open_client
from tintype.model import Priority
from tintype.pipeline.develop import Source


def test_a_full_queue_is_waited_for(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("narrow")
    narrow = TroubledService(folder, environ={"TINTYPE_QUEUE_LIMIT": "1"})
    photo = write_photograph(folder / "late.jpg", 80, 60)
    try:
        with narrow.paused():
            narrow.upload("first.jpg", PICTURE)
            command = [sys.executable, "-m", "tintype.entrypoints.cli", "put", str(photo), "--wait"]
            putting = subprocess.Popen(
                [*command, "--url", narrow.url],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            assert putting.stderr
            assert "queue is full" in putting.stderr.readline()
            assert len(narrow.images()) == 1
        told, _ = putting.communicate(timeout=100)
        assert putting.returncode == 0
        assert told.endswith(" done\n")
    finally:
        assert narrow.stop() == 0


def test_a_priority_goes_with_every_file(troubled: TroubledService, tmp_path: Path) -> None:
    photo = write_photograph(tmp_path / "urgent.jpg", 80, 60)
    done = tintype("put", photo, "--priority", "high", "--wait", "--json", "--url", troubled.url)
    job = json.loads(done.stdout)["job"]
    assert troubled.get(f"/v1/jobs/{job['id']}")["priority"] == "high"


def test_lines_for_programs_reach_their_file_while_a_terminal_shows_a_bar(
    troubled: TroubledService, tmp_path: Path
) -> None:
    for number in range(3):
        write_photograph(tmp_path / "photos" / f"{number}.jpg", 80, 60, seed=number)
    output = tmp_path / "lines.jsonl"
    status, shown = at_terminal(
        "put", tmp_path / "photos", "--json", "--url", troubled.url, output=output
    )
    assert status == 0
    assert "sending" in shown
    assert "img_" not in shown
    assert len([json.loads(line)["id"] for line in output.read_text().splitlines()]) == 3


FULL = (429, "queue_full", "Too many images wait already.")
AWAY = (503, "catalog_failed", "The database failed: it is away")
LOST = (500, "internal", "Something unforeseen went wrong")


class Busy(BaseHTTPRequestHandler):
    """Refuses the first uploads as it is told to, then takes one.

    When to come back is a date that only the answer's own clock gives a sense.
    """

    refusals: ClassVar[list[tuple[int, str, str]]] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.refusals:
            status, code, detail = self.refusals.pop(0)
            self.answer(status, {"code": code, "detail": detail})
        else:
            self.answer(202, {"id": "img_a", "status": "queued"})

    def answer(self, status: int, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response_only(status)
        self.send_header("Date", "Thu, 01 Jan 2026 00:00:00 GMT")
        self.send_header("Retry-After", "Thu, 01 Jan 2026 00:00:01 GMT")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def busy_service(*refusals: tuple[int, str, str]) -> Iterator[str]:
    Busy.refusals[:] = refusals
    with ThreadingHTTPServer(("127.0.0.1", 0), Busy) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_somebody_who_watches_sees_that_the_service_is_busy(tmp_path: Path) -> None:
    photo = write_photograph(tmp_path / "busy.jpg", 80, 60)
    with busy_service(FULL, FULL) as url:
        status, shown = at_terminal("put", photo, "--url", url)
    assert status == 0
    assert "sending, the service is busy" in shown
    assert shown.count("queue is full") == 1
    assert "img_a" in shown


def test_a_service_whose_database_is_away_is_waited_for(tmp_path: Path) -> None:
    photo = write_photograph(tmp_path / "early.jpg", 80, 60)
    with busy_service(AWAY, FULL, AWAY) as url:
        done = tintype("put", photo, "--url", url)
    assert (done.returncode, "img_a" in done.stdout) == (0, True)
    assert done.stderr.splitlines() == [
        "the service cannot take files now: The database failed: it is away",
        "trying again for up to 10 minutes",
        "the service's queue is full: waiting for room",
    ]


@pytest.mark.parametrize(("refusal", "left"), [(LOST, 1), (AWAY, 0)])
def test_what_waiting_does_not_cure_and_what_lasts_too_long_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusal: tuple[int, str, str], left: int
) -> None:
    photo = write_photograph(tmp_path / "never.jpg", 80, 60)
    monkeypatch.setattr(put_module, "_AWAY_SECONDS", 0.5)
    with busy_service(refusal, refusal) as url, open_client(url) as client:
        sender = put_module._Sender(client, Priority.NORMAL, lambda _: None, wait=False)
        sent = sender.send(Source(photo, photo.name))
        assert len(Busy.refusals) == left
    assert sent.error
    assert sent.error.code == refusal[1]

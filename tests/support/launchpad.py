"""A program that starts the command line again and again, without loading it each time.

Python takes most of a start to load what Tintype needs; a thousand starts take an hour of that
alone. This program loads everything once and forks. In the fork all goes as it does after
`tintype …`: it has a session, signals and output of its own, and ends as any program ends.

Orders are lines of JSON on standard input, answered by lines on standard output; at the end of the
input it kills what still lives, and ends. See launcher.py for the other side.
"""

import gc
import json
import os
import signal
import sys
import threading
from typing import Any

import uvicorn
import uvicorn.loops.uvloop
import uvicorn.protocols.http.httptools_impl  # noqa: F401 - as above

import tintype.adapters.durable
import tintype.adapters.folder
import tintype.adapters.sql.engines
import tintype.adapters.sql.migrating
import tintype.entrypoints.http.service  # noqa: F401 - what `up` loads when it starts
from tests.support import crash_points
from tintype.entrypoints.cli import main


def serve() -> dict[str, Any] | None:
    """Obey orders; returns in each fork what it was started with, and None at the end."""
    living: set[int] = set()
    for line in sys.stdin:
        order = json.loads(line)
        if "poll" in order:
            answer = _poll(order["poll"], living)
        else:
            answer = os.fork()
            if answer == 0:
                _detach(order)
                return dict(order)
            living.add(answer)
        print(json.dumps(answer), flush=True)
    for pid in living:
        os.kill(pid, signal.SIGKILL)
    return None


def _poll(pid: int, living: set[int]) -> int | None:
    """The exit status of a process, negative for a signal's; None while it lives."""
    ended, status = os.waitpid(pid, os.WNOHANG)
    if not ended:
        return None
    living.discard(pid)
    return os.waitstatus_to_exitcode(status)


def _detach(order: dict[str, Any]) -> None:
    os.setsid()
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    for descriptor, path, how in (
        (0, "/dev/null", os.O_RDONLY),
        (1, order["output"], flags),
        (2, order["log"], flags),
    ):
        opened = os.open(path, how, 0o600)
        os.dup2(opened, descriptor)
        os.close(opened)


if __name__ == "__main__":
    if threading.active_count() > 1:
        raise SystemExit("A library started a thread when it was loaded: a fork would lose it.")
    gc.freeze()  # else every fork would copy all pages that the collector looks at
    if started := serve():
        os.environ.update(started["environ"])
        if started["crash"]:
            crash_points.arm(*started["crash"])
        sys.argv = ["tintype", *started["arguments"]]
        main()

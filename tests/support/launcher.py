"""Starts the command line in a tenth of a second, to be killed and started again very often."""

import itertools
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self

import psutil

_READY = re.compile(r"is ready(?:.*?(http://[^/ ]+))?")
_PATIENCE = 60.0  # a ceiling against hangs, far above what anything here takes
_LOOK_SECONDS = 0.01


Crash = tuple[str, int] | tuple[str, int, int]
"""The point of crash_points.py at which a program kills itself when it has come to it so often,
and the signal with which it does it, if that is another one."""


class Launcher:
    """The other side of launchpad.py; one thread may use it at a time.

    What the programs print and log goes to files in `folder`. `environ` is for all of them.
    """

    def __init__(self, folder: Path, environ: Mapping[str, str] = MappingProxyType({})) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._numbers = itertools.count()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.launchpad"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
            env=os.environ | dict(environ),
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Kill what still runs, without its children: they follow."""
        self._process.communicate(timeout=_PATIENCE)

    def launch(
        self,
        arguments: Sequence[str],
        *,
        name: str,
        environ: Mapping[str, str] = MappingProxyType({}),
        crash: Crash | None = None,
    ) -> "Launched":
        """Start `tintype ARGUMENTS`; `name` names its log."""
        output = self.folder / f"{name}-{next(self._numbers)}.out"
        log = self.folder / f"{name}.log"
        order = {"arguments": list(arguments), "environ": dict(environ), "crash": crash}
        pid = self._ask(order | {"output": str(output), "log": str(log)})
        return Launched(self, pid, psutil.Process(pid), output, log)

    def poll(self, pid: int) -> int | None:
        """The exit status of a program, negative for a signal's, once; None while it lives."""
        status: int | None = self._ask({"poll": pid})
        return status

    def _ask(self, order: dict[str, Any]) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        print(json.dumps(order), file=self._process.stdin, flush=True)
        return json.loads(self._process.stdout.readline())


@dataclass
class Launched:
    """A program that was started, until its end."""

    launcher: Launcher
    pid: int
    process: psutil.Process
    output: Path
    log: Path
    status: int | None = None
    url: str | None = None

    def ended(self) -> bool:
        """Whether it has ended; then `status` says how."""
        if self.status is None:
            self.status = self.launcher.poll(self.pid)
        return self.status is not None

    def ready(self) -> bool:
        """Whether it has said that it is ready; then `url` is where."""
        found = _READY.search(self.output.read_text()) if self.output.exists() else None
        if found:
            self.url = found[1]
        return bool(found)

    def wait_until_ready(self) -> bool:
        """Wait for it to be ready; False where it ended before."""
        deadline = time.monotonic() + _PATIENCE
        while not self.ready():
            if self.ended():
                return False
            assert time.monotonic() < deadline, f"it does not get ready: {self.log.read_text()}"
            time.sleep(_LOOK_SECONDS)
        return True

    def wait(self, timeout: float = _PATIENCE) -> int:
        """Wait for its end; returns the exit status."""
        deadline = time.monotonic() + timeout
        while not self.ended():
            assert time.monotonic() < deadline, f"it does not end: {self.log.read_text()}"
            time.sleep(_LOOK_SECONDS)
        assert self.status is not None
        return self.status

    def family(self) -> list[psutil.Process]:
        """Its process and all below it."""
        try:
            return [self.process, *self.process.children(recursive=True)]
        except psutil.NoSuchProcess:
            return [self.process]

    def kill(self) -> list[psutil.Process]:
        """Kill only its own process; the rest of the family, which is returned, must follow."""
        family = self.family()
        os.kill(self.pid, signal.SIGKILL)
        self.wait()
        return family

    def kill_family(self) -> list[psutil.Process]:
        """Kill it and all below it, as a power cut would; returns them."""
        family = self.family()
        for each in family:
            with suppress(psutil.NoSuchProcess):
                each.kill()
        self.wait()
        return family

    def stop(self) -> int:
        """Stop it politely; returns the exit status."""
        os.kill(self.pid, signal.SIGTERM)
        return self.wait()

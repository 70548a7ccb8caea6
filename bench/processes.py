"""Programs that the bench runs, and the processor time that they take."""

import json
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from bench.variants import EFFORTS, QUALITY, THREE, Work

# One thread per picture, for every way.
ENVIRONMENT = os.environ | {
    "VIPS_CONCURRENCY": "1",
    "OMP_NUM_THREADS": "1",
    "MAGICK_THREAD_LIMIT": "1",
}
PATIENCE = 60.0  # seconds


def cpu_seconds(process: psutil.Process) -> float:
    """The processor time of a process and all below it: living, and ended if waited for."""
    total = 0.0
    for each in [process, *process.children(recursive=True)]:
        try:
            total += sum(each.cpu_times()[:4])  # user, system, and those of ended children
        except psutil.NoSuchProcess:
            continue  # its parent has its time now
    return total


@dataclass(frozen=True)
class Way:
    """A program that makes the variants, one photograph after another; see bench.ways."""

    name: str
    command: list[str]


@dataclass
class Worker:
    """A running way."""

    way: Way
    process: subprocess.Popen[str] = field(init=False)

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            self.way.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=ENVIRONMENT,
            text=True,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.communicate()

    def make(self, source: Path, folder: Path, work: Work = THREE) -> float:
        """Have the variants made; returns the processor time in seconds."""
        folder.mkdir(parents=True, exist_ok=True)
        request = {"input": str(source.absolute()), "output": str(folder), **asdict(work)}
        request |= {"quality": QUALITY, "efforts": dict(EFFORTS)}
        watched = psutil.Process(self.process.pid)
        before = cpu_seconds(watched)
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        if answer != "done":
            raise RuntimeError(f"{self.way.name} failed on {source.name}: {answer}")
        return cpu_seconds(watched) - before


@dataclass
class Server:
    """A running HTTP server."""

    command: list[str]
    ready: Callable[[], bool]
    log: Path
    process: subprocess.Popen[bytes] = field(init=False)

    def __enter__(self) -> Self:
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                self.command, env=ENVIRONMENT, stdout=log, stderr=subprocess.STDOUT
            )
        deadline = time.monotonic() + PATIENCE
        while not self.ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.process.kill()
                raise RuntimeError(f"{self.command[0]} did not start: {self.log.read_text()}")
            time.sleep(0.1)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.terminate()
        self.process.wait(PATIENCE)

    def cpu_seconds(self) -> float:
        """The processor time of the server and all below it."""
        return cpu_seconds(psutil.Process(self.process.pid))

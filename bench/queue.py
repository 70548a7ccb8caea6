"""(e) The queue: what a job costs beside its image, how that grows with the queue, double claims.

All parts are real but store and decoder, which do nothing; see bench/imageless.py.
"""

import json
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Self

from bench.database import Database, empty_database
from tests.support.proof import Ledger

_TIMED = 1000  # jobs
_SHORT = 100  # jobs that wait in a short queue
# In a long queue more than a small machine has, so that it is never the queue's polling that is
# waited for.
_DECODERS = 2
_MANY_DECODERS = 8
_PATIENCE = 60.0


@dataclass(frozen=True)
class Cost:
    """What one job has cost beside its image; milliseconds."""

    way: str
    database: str
    cpu_ms: float  # of processor time, in the service's process
    wall_ms: float


@dataclass(frozen=True)
class Claims:
    """What several processes claimed of one queue."""

    database: str
    processes: int
    jobs: int
    claims: int
    of_each: list[int]  # claims, by process
    twice: list[str]  # runs that were claimed more than once
    undone: int
    per_second: float


class Imageless:
    """A process of bench/imageless.py."""

    def __init__(
        self,
        url: str,
        data: Path,
        journal: Path | None = None,
        decoders: int = _MANY_DECODERS,
    ) -> None:
        data.mkdir(parents=True, exist_ok=True)
        with (data / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "bench.imageless"),
                    *(url, str(data), str(journal or "-"), str(decoders)),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def __enter__(self) -> Self:
        self._answer()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=_PATIENCE)
        if self._process.returncode:
            raise RuntimeError(f"the service ended with {self._process.returncode}")

    def ask(self, **order: Any) -> Any:
        """Give an order; returns its answer."""
        assert self._process.stdin
        print(json.dumps(order), file=self._process.stdin, flush=True)
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout
        return json.loads(self._process.stdout.readline())


def overhead(database: Database, folder: Path) -> list[Cost]:
    """What a job costs from its acceptance to its end, when a child is free and when none is."""
    found = []
    for crowded, way in ((False, "started at once"), (True, "through the queue")):
        place = folder / way.replace(" ", "-")
        with (
            empty_database(database, place) as url,
            Imageless(url, place, None, _DECODERS) as service,
        ):
            cost = service.ask(do="accept", count=_TIMED, crowded=crowded)
            found.append(Cost(way, database, **cost))
    return found


def depth(database: Database, jobs: int, folder: Path) -> list[Cost]:
    """What a job costs from its claim to its end where so many wait, and where few do.

    Both in rounds of the same length, in turn.
    """
    short, long = folder / "short", folder / "long"
    with (
        empty_database(database, short) as few,
        empty_database(database, long) as many,
        Imageless(few, short) as short_queue,
        Imageless(many, long) as long_queue,
    ):
        long_queue.ask(do="fill", count=jobs)
        rounds: dict[str, list[Any]] = {f"{_SHORT:,} wait": [], f"{jobs:,} wait": []}
        for _ in range(_TIMED // _SHORT):
            short_queue.ask(do="fill", count=_SHORT)
            for queue, timed in zip((short_queue, long_queue), rounds.values(), strict=True):
                timed.append(queue.ask(do="work_off", count=_SHORT))
    return [
        Cost(
            way,
            database,
            cpu_ms=median(each["cpu_ms"] for each in timed),
            wall_ms=median(each["wall_ms"] for each in timed),
        )
        for way, timed in rounds.items()
    ]


def claims(database: Database, jobs: int, processes: int, folder: Path) -> Claims:
    """Have several processes work off one queue; look whether any run was claimed twice."""
    with empty_database(database, folder) as url, ExitStack() as stack:
        with Imageless(url, folder) as filler:
            filler.ask(do="fill", count=jobs)
        journals = [folder / f"journal-{number}" for number in range(processes)]
        workers = [stack.enter_context(Imageless(url, folder, each)) for each in journals]
        began = time.perf_counter()
        workers[0].ask(do="resume")
        ledger = Ledger(url)
        while any(ledger.unfinished()):
            time.sleep(0.5)
        seconds = time.perf_counter() - began
        undone = sum(ledger.unfinished())
    runs = [[line.split()[0] for line in journal.read_text().splitlines()] for journal in journals]
    claimed = Counter(run for each in runs for run in each)
    return Claims(
        database=database,
        processes=processes,
        jobs=jobs,
        claims=claimed.total(),
        of_each=[len(each) for each in runs],
        twice=[run for run, count in claimed.items() if count > 1],
        undone=undone,
        per_second=jobs / seconds,
    )

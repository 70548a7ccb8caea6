"""(e) The queue: what a job costs beside its image, how that grows with the queue, double claims.

All parts are real but store and decoder, which do nothing; see bench/imageless.py.
"""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Self

from bench.database import Database, empty_database
from tests.support.proof import Ledger

_ROUND = 100  # jobs
_ROUNDS = 20
_SHORT = 100  # jobs that wait in a short queue
# In a long queue more than a small machine has, so that it is never the queue's polling that is
# waited for.
_DECODERS = 2
_MANY_DECODERS = 8
_PATIENCE = 60.0


METHOD = (
    "Store and decoder do nothing; all else is the real service. CPU is the processor time of its"
    " one process, that of its idle threads too, by all jobs of a round; a database server's is not"
    f" in it. Medians of {_ROUNDS} rounds of {_ROUND} jobs, in which the ways take turns; the"
    " ratio is the median of the rounds' own."
)


@dataclass(frozen=True)
class Cost:
    """What one job has cost beside its image: milliseconds, one figure per round."""

    way: str
    cpu: list[float] = field(default_factory=list)  # processor time of the service's process
    wall: list[float] = field(default_factory=list)

    @property
    def cpu_ms(self) -> float:
        """The median round's processor time."""
        return median(self.cpu)

    @property
    def wall_ms(self) -> float:
        """The median round's time."""
        return median(self.wall)

    def add(self, answer: Mapping[str, float]) -> None:
        """Note one round."""
        self.cpu.append(answer["cpu_ms"])
        self.wall.append(answer["wall_ms"])


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
        self._log = data / "log"
        with self._log.open("ab") as log:
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
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the service has ended; its log:\n{self._log.read_text()[-3000:]}")
        return json.loads(line)


def overhead(database: Database, folder: Path) -> list[Cost]:
    """What a job costs from its acceptance to its end, when a child is free and when none is."""
    costs = [Cost("started at once"), Cost("through the queue")]
    with (
        empty_database(database, folder) as url,
        Imageless(url, folder, None, _DECODERS) as service,
    ):
        for _ in range(_ROUNDS):
            for cost in costs:
                crowded = cost.way == "through the queue"
                cost.add(service.ask(do="accept", count=_ROUND, crowded=crowded))
    return costs


def ratio(few: Cost, many: Cost) -> float:
    """How many times the CPU of the few the many cost, round by round: others use the machine."""
    return median(more / less for less, more in zip(few.cpu, many.cpu, strict=True))


def depth(database: Database, jobs: int, folder: Path) -> list[Cost]:
    """What a job costs from its claim to its end where few wait, and where so many do."""
    short, long = folder / "short", folder / "long"
    costs = [Cost(f"{_SHORT:,} wait"), Cost(f"{jobs:,} wait")]
    with (
        empty_database(database, short) as few,
        empty_database(database, long) as many,
        Imageless(few, short) as short_queue,
        Imageless(many, long) as long_queue,
    ):
        long_queue.ask(do="fill", count=jobs)
        for _ in range(_ROUNDS):
            short_queue.ask(do="fill", count=_SHORT)
            for cost, queue in zip(costs, (short_queue, long_queue), strict=True):
                cost.add(queue.ask(do="work_off", count=_ROUND))
    return costs


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

"""The parts of the bench that are no race: what a job waits and costs beside its image, and
whether anything is lost."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bench import alike, efforts
from bench import chaos as storms
from bench import latency as latencies
from bench import queue as queues
from bench.database import Database
from bench.figures import begin, write
from tests.support.storm import Outcome

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)
app.command("alike")(alike.main)
app.command("efforts")(efforts.main)
NAMES = frozenset(("latency", "queue", "chaos", "points", "alike", "efforts"))

Where = Annotated[Database, typer.Option(help="Where catalog and engine are.")]
Keep = Annotated[bool, typer.Option(help="Write the figures to docs/figures; of a commit only.")]
Seed = Annotated[int, typer.Option(help="Of the dice; a failed run is repeated with its seed.")]
_SEED = 20261121


@app.command()
def latency(
    count: Annotated[int, typer.Option(min=2, help="Photographs of each size and way.")] = 40,
    keep: Keep = False,
) -> None:
    """Measure what one photograph waits on an idle machine beside the work on its pixels."""
    console = Console()
    figures = begin(keep=keep, database=Database.SQLITE.release, count=count)
    with _folder() as folder:
        measured = latencies.measure(count, folder)
    figures["method"] = latencies.METHOD
    figures["latency"] = [each.told() for each in measured]
    columns = ("way", "photograph", "p50", "p95", "its own CPU time", "p50 beside", "p95 beside")
    table = _table("latency in ms", *columns)
    for each in measured:
        times = (each.p50, each.p95, each.own, each.p50 - each.own, each.p95 - each.own)
        table.add_row(each.way, each.size, *(f"{time:.0f}" for time in times))
    console.print(table)
    _written(console, write(figures, keep=keep, name="latency"))


@app.command()
def queue(
    database: Where = Database.SQLITE,
    jobs: Annotated[int, typer.Option(min=4000, help="How many wait in a long queue.")] = 100_000,
    claims: Annotated[int, typer.Option(min=0, help="How many are claimed by four.")] = 100_000,
    keep: Keep = False,
) -> None:
    """Measure what a job costs beside its image, with few jobs waiting and with many.

    Then have four processes work off one queue, and look whether any job was claimed twice.
    """
    console = Console()
    figures = begin(keep=keep, database=database.release, jobs=jobs, claims=claims)
    figures["method"] = queues.METHOD
    with _folder() as folder:
        overhead = queues.overhead(database, folder / "overhead")
        few, many = queues.depth(database, jobs, folder / "depth")
        table = _table("a job without its image, in ms", "way", "CPU", "wall")
        for each in (*overhead, few, many):
            table.add_row(each.way, f"{each.cpu_ms:.2f}", f"{each.wall_ms:.2f}")
        console.print(table)
        ratio = queues.ratio(few, many)
        console.print(f"with {jobs:,} waiting, a job costs {ratio:.2f} times as much CPU")
        figures["costs"] = [
            {"way": each.way, "cpu_ms": each.cpu_ms, "wall_ms": each.wall_ms} | asdict(each)
            for each in (*overhead, few, many)
        ]
        figures["ratio"] = ratio
        if claims:
            claimed = queues.claims(database, claims, 4, folder / "claims")
            figures["claims"] = asdict(claimed)
            console.print(
                f"{claimed.claims} claims by {claimed.processes} processes,"
                f" {len(claimed.twice)} twice, {claimed.undone} jobs not done,"
                f" {claimed.per_second:.0f} jobs/s"
            )
    _written(console, write(figures, keep=keep, name=f"queue-{database}"))
    if claims and (claimed.twice or claimed.undone):
        raise typer.Exit(1)


@app.command()
def chaos(
    database: Where = Database.SQLITE,
    kills: Annotated[int, typer.Option(min=1, help="How many.")] = 1000,
    jobs: Annotated[int, typer.Option(min=1, help="How many photographs are sent.")] = 2000,
    seed: Seed = _SEED,
    keep: Keep = False,
) -> None:
    """Kill processes at random moments while photographs arrive; exit 1 if anything was lost."""
    console = Console()
    figures = begin(keep=keep, database=database.release, kills=kills, jobs=jobs, seed=seed)
    folder = _evidence(console)
    outcome = storms.chaos(database, kills, jobs, seed, folder, console)
    figures["sum"] = storms.summary([outcome])
    figures["chaos"] = asdict(outcome)
    _tell(console, "chaos", outcome)
    _written(console, write(figures, keep=keep, name=f"chaos-{database}"))
    _judge(folder, outcome.faults)


@app.command()
def points(
    database: Where = Database.SQLITE,
    hits: Annotated[int, typer.Option(min=1, help="Deaths at each point.")] = 50,
    seed: Seed = _SEED,
    keep: Keep = False,
) -> None:
    """Kill a process at named points of a job; exit 1 if anything was lost."""
    console = Console()
    figures = begin(keep=keep, database=database.release, hits=hits, seed=seed)
    folder = _evidence(console)
    outcomes = storms.points(database, hits, seed, folder, console)
    figures["sum"] = storms.summary(outcomes.values())
    figures["points"] = {point: asdict(outcome) for point, outcome in outcomes.items()}
    for point, outcome in outcomes.items():
        _tell(console, point, outcome)
    _written(console, write(figures, keep=keep, name=f"points-{database}"))
    _judge(folder, [fault for each in outcomes.values() for fault in each.faults])


def _written(console: Console, where: str) -> None:
    console.print(f"written to {where}", highlight=False, soft_wrap=True)


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="tintype-bench-") as temporary:
        yield Path(temporary)


def _evidence(console: Console) -> Path:
    """A folder that stays where something was lost, or where the run itself failed."""
    folder = Path(tempfile.mkdtemp(prefix="tintype-bench-"))
    console.print(f"data and logs are in {folder}", highlight=False)
    return folder


def _judge(folder: Path, faults: list[str]) -> None:
    if faults:
        raise typer.Exit(1)
    shutil.rmtree(folder)


def _tell(console: Console, title: str, outcome: Outcome) -> None:
    table = _table(title, "", "")
    for name, value in asdict(outcome).items():
        if name != "faults":
            table.add_row(name.replace("_", " "), str(value))
    console.print(table)
    console.print(f"{len(outcome.faults)} faults", *outcome.faults, sep="\n", highlight=False)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, box=None)
    for column in columns:
        table.add_column(column)
    return table

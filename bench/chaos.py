"""(d) Nothing is lost: a deployment under kill -9 while uploads go on, and what is left of it.

The tests do the same with fewer kills; see tests/support/storm.py for what is killed and
tests/support/proof.py for what is looked at.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench.database import Database, empty_database
from tests.support.crash_points import POINTS
from tests.support.launcher import Launcher
from tests.support.storm import RECIPE, Outcome, Storm, Tell
from tests.support.traffic import pictures

_LINES = 20  # where there is no terminal, so many lines tell of the progress


def chaos(
    database: Database, kills: int, jobs: int, seed: int, folder: Path, console: Console
) -> Outcome:
    """Kill at random moments while so many photographs arrive."""
    console.print(f"{kills} kills over {jobs} photographs on {database}, seed {seed}")
    with (
        empty_database(database, folder / "data") as url,
        Launcher(folder / "logs") as launcher,
        _progress(console, kills) as tell,
    ):
        storm = Storm(folder, launcher, pictures(RECIPE, folder), database=url, seed=seed)
        return storm.rage(kills, jobs, tell)


def points(
    database: Database, hits: int, seed: int, folder: Path, console: Console
) -> dict[str, Outcome]:
    """Kill so often at each named point, one after the other."""
    console.print(f"{hits} deaths at each point on {database}, seed {seed}")
    photographs = pictures(RECIPE, folder)
    outcomes = {}
    for point in POINTS:
        console.print(point)
        place = folder / point.replace(" ", "-")
        with (
            empty_database(database, place / "data") as url,
            Launcher(place / "logs") as launcher,
            _progress(console, hits) as tell,
        ):
            storm = Storm(place, launcher, photographs, database=url, seed=seed)
            outcomes[point] = storm.haunt(point, hits, tell)
    return outcomes


def summary(outcomes: Iterable[Outcome]) -> dict[str, float]:
    """What several storms have come to together; seconds until drained are the worst one's."""
    each = list(outcomes)
    return {
        "kills": sum(sum(outcome.kills.values()) for outcome in each),
        "promised": sum(outcome.promises for outcome in each),
        "lost": sum(outcome.lost for outcome in each),
        "duplicate_outputs": sum(outcome.duplicates for outcome in each),
        "recorded_twice": sum(outcome.recorded_twice for outcome in each),
        "faults": sum(len(outcome.faults) for outcome in each),  # of any kind, these and others
        "drain_seconds": max(outcome.drain_seconds for outcome in each),
        "seconds": round(sum(outcome.seconds for outcome in each), 1),
    }


@contextmanager
def _progress(console: Console, total: int) -> Iterator[Tell]:
    """Tells how far a storm is: a bar on a terminal, now and then a line in a pipe."""
    with Progress(
        TextColumn("kills"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
        console=console,
        disable=not console.is_terminal,
    ) as progress:
        task = progress.add_task("", total=total)

        def tell(outcome: Outcome) -> None:
            count = sum(outcome.kills.values())
            said = f"{outcome.met_work} met work, {len(outcome.faults)} faults"
            progress.update(task, completed=count, description=said)
            if not console.is_terminal and count % max(1, total // _LINES) == 0:
                console.print(f"{count} of {total} kills: {said}", highlight=False)

        yield tell

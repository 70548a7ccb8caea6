"""(a) The processor time per photograph of every way, against the floor; and how good it looks."""

import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median

from bench.peers.install import Peers
from bench.processes import Way, Worker
from bench.quality import decibels, references
from bench.variants import VARIANTS

FLOOR = "codec floor"
TINTYPE = "tintype"


@dataclass(frozen=True)
class Measured:
    """What was measured of one way."""

    way: str
    milliseconds: list[float]  # per photograph; one figure per round
    kilobytes: float  # of the three variants, per photograph
    decibels: dict[str, float]  # per variant: the median over the photographs; none of the floor

    @property
    def cost(self) -> float:
        """The median round's milliseconds of processor time per photograph."""
        return median(self.milliseconds)


def ways(peers: Peers) -> list[Way]:
    """All ways that can run on this machine, the floor first."""
    programs = {
        FLOOR: "floor",
        TINTYPE: "tintype_sandbox",
        "pyvips thumbnail": "pyvips_thumbnail",
        "Pillow draft": "pillow_draft",
        "Pillow full": "pillow_full",
    }
    found = [
        Way(name, [sys.executable, "-m", f"bench.ways.{module}"])
        for name, module in programs.items()
    ]
    if peers.node:
        command = ["node", str(peers.node / "sharp.mjs")]
        found.append(Way(f"sharp {peers.version('sharp')}", command))
    return found


def measure(sources: list[Path], rounds: int, folder: Path, peers: Peers) -> list[Measured]:
    """Measure all ways, photograph by photograph in turn, so that all see the same machine."""
    with ExitStack() as stack:
        workers = [stack.enter_context(Worker(way)) for way in ways(peers)]
        seconds: dict[str, list[float]] = {worker.way.name: [] for worker in workers}
        for number in range(rounds + 1):
            spent = dict.fromkeys(seconds, 0.0)
            turn = number % len(workers)
            for source in sources:
                for worker in workers[turn:] + workers[:turn]:
                    target = folder / worker.way.name / source.stem
                    spent[worker.way.name] += worker.make(source, target, "jpeg")
            for name, total in spent.items():
                if number:  # the first round warms up
                    seconds[name].append(total * 1000 / len(sources))
        for source in sources:
            for worker in workers:
                worker.make(source, folder / worker.way.name / source.stem, "png")
    ideal = {source.stem: references(source) for source in sources}
    return [
        Measured(
            way=name,
            milliseconds=seconds[name],
            kilobytes=mean(kilobytes(folder / name / stem) for stem in ideal),
            decibels={
                variant: median(
                    decibels(made[variant], folder / name / stem / f"{variant}.png")
                    for stem, made in ideal.items()
                )
                for variant in VARIANTS
                if name != FLOOR
            },
        )
        for name in seconds
    ]


def kilobytes(folder: Path) -> float:
    """The size of the JPEG variants in a folder."""
    return sum(path.stat().st_size for path in folder.glob("*.jpeg")) / 1000

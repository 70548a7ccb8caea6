"""`./do bench`: the figures, measured in one run on one machine."""

import sys
import tempfile
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bench import memory, proofs, render, service
from bench.figures import HERE, begin, write
from bench.peers.install import Peers, install
from bench.photographs import photographs

WIDTH = 120  # columns that the widest table takes


class Part(StrEnum):
    """What can be measured by itself."""

    RENDER = "render"
    SERVICE = "service"
    MEMORY = "memory"


def main(
    parts: Annotated[list[Part] | None, typer.Argument(help="What to measure.")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Medians are over so many rounds.")] = 5,
    count: Annotated[int, typer.Option(min=9, help="Photographs for the service.")] = 200,
    keep: Annotated[
        bool, typer.Option(help="Write the figures to docs/figures; of a commit only.")
    ] = False,
    peers: Annotated[
        bool, typer.Option(help="Measure sharp, ipx, thumbor and the Magicks too.")
    ] = True,
) -> None:
    """Measure Tintype against its codecs and its peers.

    Example: `./do bench render --rounds 9`

    There are also `./do bench latency`, `queue`, `chaos`, `points`, `alike` and `efforts`, with
    options of their own.
    """
    chosen = parts or list(Part)
    console = Console()
    console.width = max(console.width, WIDTH)
    names = [part.value for part in chosen]
    figures = begin(keep=keep, parts=names, rounds=rounds, count=count, peers=peers)
    others = install(HERE / ".cache") if peers else Peers(None, None, {})
    with tempfile.TemporaryDirectory(prefix="tintype-bench-") as temporary:
        folder = Path(temporary)
        where, sources = photographs(folder)
        figures["photographs"] = [where, [path.name for path in sources]]
        console.print(f"{where}; medians of {rounds} rounds", highlight=False)
        if Part.RENDER in chosen:
            rendered: list[object] = []
            figures["render"] = rendered
            for scene, measured in render.measure(sources, rounds, folder / "render", others):
                rendered += [asdict(each) for each in measured]
                console.print(_render_table(scene, measured))
        if Part.SERVICE in chosen:
            served = service.measure(sources, count, rounds, folder / "service", others)
            figures["service"] = [asdict(each) for each in served]
            console.print(_service_table(served))
        if Part.MEMORY in chosen:
            peaks = memory.measure(folder)
            figures["memory"] = [asdict(each) for each in peaks]
            console.print(_memory_table(peaks))
    console.print(f"written to {write(figures, keep=keep)}", highlight=False)


def _render_table(scene: render.Scene, measured: list[render.Measured]) -> Table:
    """A table of the ways; times are compared with those that the scene says, where they ran."""
    sizes = list(dict.fromkeys((scene.work.sizes[0], scene.work.sizes[-1])))
    against = {
        name: each.cost for name in scene.against for each in measured if each.way.startswith(name)
    }
    forms = list(dict.fromkeys(form for each in measured for form in each.looks))
    table = Table(title=f"{scene.title}: processor time per photograph, one thread", box=None)
    titles = ["way", "ms", "min - max", *(f"x {name.split()[-1]}" for name in against), "kB"]
    titles += [f"dB {size}" for size in sizes] + [f"SSIMULACRA2 {form}" for form in forms]
    for title in titles:
        table.add_column(title, justify="left" if title == "way" else "right", no_wrap=True)
    for each in measured:
        lowest, highest = min(each.milliseconds), max(each.milliseconds)
        table.add_row(
            each.way,
            f"{each.cost:.0f}",
            f"{lowest:.0f} - {highest:.0f}",
            *(f"{each.cost / cost:.2f}" for cost in against.values()),
            f"{each.kilobytes:.0f}",
            *(f"{each.decibels[size]:.1f}" for size in sizes if each.decibels),
            *(f"{each.looks[form]:.1f}" for form in forms if each.looks),
        )
    return table


def _service_table(measured: list[service.Throughput]) -> Table:
    baseline = measured[0].rate
    table = Table(title="photographs per second, all processors", box=None)
    for title in ("way", "per second", "min - max", "of develop", "CPU ms each"):
        table.add_column(title, justify="left" if title == "way" else "right", no_wrap=True)
    for each in measured:
        lowest, highest = min(each.per_second), max(each.per_second)
        table.add_row(
            each.way,
            f"{each.rate:.1f}",
            f"{lowest:.1f} - {highest:.1f}",
            f"{each.rate / baseline:.0%}",
            f"{each.cost:.0f}",
        )
    return table


def _memory_table(measured: list[memory.Peak]) -> Table:
    table = Table(title="largest resident memory of a decoder child", box=None)
    for title in ("photograph", "MB", "idle MB"):
        table.add_column(title, justify="left" if title == "photograph" else "right")
    for each in measured:
        table.add_row(each.photograph, f"{each.megabytes:.0f}", f"{each.idle_megabytes:.0f}")
    return table


if __name__ == "__main__":
    if set(sys.argv[1:2]) & proofs.NAMES:
        proofs.app()
    else:
        typer.run(main)

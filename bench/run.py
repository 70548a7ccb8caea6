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
    peers: Annotated[bool, typer.Option(help="Measure sharp, ipx and thumbor too.")] = True,
) -> None:
    """Measure Tintype against its codecs and its peers.

    Example: `./do bench render --rounds 9`

    There are also `./do bench latency`, `queue`, `chaos` and `points`, with options of their own.
    """
    chosen = parts or list(Part)
    console = Console()
    names = [part.value for part in chosen]
    figures = begin(keep=keep, parts=names, rounds=rounds, count=count, peers=peers)
    others = install(HERE / ".cache") if peers else Peers(None, None)
    with tempfile.TemporaryDirectory(prefix="tintype-bench-") as temporary:
        folder = Path(temporary)
        where, sources = photographs(folder)
        figures["photographs"] = [where, [path.name for path in sources]]
        console.print(f"{where}; medians of {rounds} rounds", highlight=False)
        if Part.RENDER in chosen:
            rendered = render.measure(sources, rounds, folder / "render", others)
            figures["render"] = [asdict(each) for each in rendered]
            console.print(_render_table(rendered))
        if Part.SERVICE in chosen:
            served = service.measure(sources, count, rounds, folder / "service", others)
            figures["service"] = [asdict(each) for each in served]
            console.print(_service_table(served))
        if Part.MEMORY in chosen:
            peaks = memory.measure(folder)
            figures["memory"] = [asdict(each) for each in peaks]
            console.print(_memory_table(peaks))
    console.print(f"written to {write(figures, keep=keep)}", highlight=False)


def _render_table(measured: list[render.Measured]) -> Table:
    floor = next(each.cost for each in measured if each.way == render.FLOOR)
    table = Table(title="processor time per photograph: three variants, one thread", box=None)
    for title in ("way", "ms", "min - max", "x floor", "kB", "dB 800x600", "dB 200x150"):
        table.add_column(title, justify="left" if title == "way" else "right", no_wrap=True)
    for each in measured:
        lowest, highest = min(each.milliseconds), max(each.milliseconds)
        table.add_row(
            each.way,
            f"{each.cost:.0f}",
            f"{lowest:.0f} - {highest:.0f}",
            f"{each.cost / floor:.2f}",
            f"{each.kilobytes:.0f}",
            *(f"{each.decibels[name]:.1f}" for name in ("800x600", "200x150") if each.decibels),
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

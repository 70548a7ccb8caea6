"""What the commands share in speaking to a terminal or a pipe."""

import sys
from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from rich.text import Text

from tintype.errors import TintypeError
from tintype.text import printable

# Wider than any key or address: a line in a pipe is for programs, which do not like it folded.
_PIPE_WIDTH = 10_000

_STYLES = {
    "done": "green",
    "rejected": "yellow",
    "dead": "red",
    "failed": "red",
    "ok": "green",
    "warn": "yellow",
    "bad": "red",
}


def complain(error: TintypeError) -> None:
    """Say on standard error what is wrong and what to do."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print("error:", style="bold red", end=" ")
    console.print(printable(error.detail, keep="\n"), markup=False)
    if error.hint:
        console.print(f"  {error.hint}", markup=False)


def table(*columns: str) -> Table:
    """A table without frame whose columns take what they need; too long a line is folded."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in columns:
        made.add_column(name, overflow="fold", no_wrap=name != columns[-1])
    return made


def show_rows(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table on a terminal; in a pipe a line for each row, its fields apart by tabs.

    The last column takes what is left of a terminal's width. Cells may come from outside; on a
    terminal they may have several lines.
    """
    if not sys.stdout.isatty():
        for row in rows:
            print("\t".join(map(printable, row)))
        return
    made = table(*columns)
    for row in rows:
        made.add_row(
            *(Text(printable(cell, keep="\n"), style=_STYLES.get(cell, "")) for cell in row)
        )
    console().print(made)


def show_facts(facts: Mapping[str, str]) -> None:
    """A line for each fact that is not empty: its name and what it is, perhaps from outside."""
    told = [(name, fact) for name, fact in facts.items() if fact]
    if not sys.stdout.isatty():
        for name, fact in told:
            print(f"{name}\t{printable(fact)}")
        return
    made = Table.grid(padding=(0, 2, 0, 0))
    made.add_column(no_wrap=True, style="bold")
    made.add_column(overflow="fold")
    for name, fact in told:
        made.add_row(name, Text(printable(fact)))
    console().print(made)


def note(text: str) -> None:
    """Say something beside the result, on standard error; it may be from outside."""
    print(printable(text), file=sys.stderr, flush=True)


def console() -> Console:
    """Standard output: as wide as the terminal, and never cut in a pipe."""
    width = None if sys.stdout.isatty() else _PIPE_WIDTH
    return Console(highlight=False, markup=False, emoji=False, width=width)


def progress(what: str, total: int | None) -> Progress:
    """A progress bar on standard error; nothing at all where that is no terminal.

    On one terminal, what is printed meanwhile goes above the bar; elsewhere it goes its own way.
    """
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
        redirect_stdout=sys.stdout.isatty(),
    )
    bar.add_task(what, total=total)
    return bar


def size(count: int) -> str:
    """A number of bytes for people: powers of ten, as the recipe's kB and MB."""
    amount = float(count)
    for unit in ("B", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"

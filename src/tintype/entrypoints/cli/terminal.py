"""What the commands share in speaking to a terminal or a pipe."""

import sys

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from tintype.errors import TintypeError
from tintype.text import printable

# Wider than any key or address: a line in a pipe is for programs, which do not like it folded.
_PIPE_WIDTH = 10_000


def complain(error: TintypeError) -> None:
    """Say on standard error what is wrong and what to do."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print("error:", style="bold red", end=" ")
    console.print(printable(error.detail, keep="\n"), markup=False)
    if error.hint:
        console.print(f"  {error.hint}", markup=False)


def table(*columns: str) -> Table:
    """A table without frame whose columns take what they need; too long a line is folded."""
    made = Table(box=None)
    for name in columns:
        made.add_column(name, overflow="fold")
    return made


def console() -> Console:
    """Standard output: as wide as the terminal, and never cut in a pipe."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else _PIPE_WIDTH)


def progress(what: str, total: int) -> Progress:
    """A progress bar on standard error; nothing at all where that is no terminal."""
    bar = Progress(
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
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

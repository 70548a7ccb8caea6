"""Who else may read or write the files of a SQLite database."""

import shlex
import stat
from dataclasses import dataclass
from pathlib import Path

# What SQLite keeps beside a database: each holds rows too, and is made with the database's mode.
_BESIDE = ("-wal", "-shm", "-journal")

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_WRITE = stat.S_IWGRP | stat.S_IWOTH


@dataclass(frozen=True, slots=True)
class Exposure:
    """Files of a database that not only their owner may use."""

    files: tuple[Path, ...]
    mode: int  # all that their modes allow

    @property
    def told(self) -> str:
        """What is wrong, for people."""
        names = ", ".join(map(str, self.files))
        what = "read and write" if self.mode & _WRITE else "read"
        return f"others than the owner may {what} {names} (mode {self.mode:03o})"

    @property
    def remedy(self) -> str:
        """The command that ends it."""
        return f"chmod 600 {shlex.join(map(str, self.files))}"


def exposure(file: Path) -> Exposure | None:
    """Which of a database's files others than their owner may use; None where it is none of them.

    What is not there, or cannot be looked at, is none.
    """
    modes = {}
    for each in (file, *(file.with_name(file.name + end) for end in _BESIDE)):
        try:
            modes[each] = stat.S_IMODE(each.stat().st_mode)
        except OSError:
            continue
    open_ones = {each: mode for each, mode in modes.items() if mode & _OTHERS}
    if not open_ones:
        return None
    together = 0
    for mode in open_ones.values():
        together |= mode
    return Exposure(tuple(open_ones), together)

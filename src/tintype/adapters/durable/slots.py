"""Slots: which worker processes are alive, known without asking them.

A process owns a slot while it lives and DBOS records the slot's name with every run the process
takes. The death of the process frees the slot at once, however it died. A slot that is free and
still has runs is how a death is noticed; the next process to start takes the lowest free slot, so
names are unique among the living and reused after death.
"""

import fcntl
import itertools
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tintype.errors import CatalogFailedError


class Slot(Protocol):
    """A slot that this process owns."""

    @property
    def name(self) -> str:
        """What DBOS calls this process, as its executor id."""
        ...

    def release(self) -> None:
        """Give the slot back, as death would."""
        ...


class Slots(Protocol):
    """The slots of all processes that share a database."""

    def claim(self) -> Slot:
        """Take the lowest free slot; raises CatalogFailedError where none can be locked."""
        ...

    def visit_abandoned(self, visit: Callable[[str], None]) -> None:
        """Call `visit` with the name of each slot that has no owner; nobody can take it meanwhile.

        Raises CatalogFailedError where the slots cannot be read.
        """
        ...


@dataclass(frozen=True, slots=True)
class FileSlot:
    """A locked file; the lock lives as long as the descriptor."""

    name: str
    descriptor: int

    def release(self) -> None:
        """Unlock the file by closing it."""
        os.close(self.descriptor)


class FileSlots:
    """Slots as files that are locked by flock(2), for processes of one machine.

    The kernel drops the lock with the last copy of its descriptor. Python opens files
    close-on-exec, so a child that outlives its parent keeps no copy, unless it was made by a bare
    fork. The files are never removed: a lock on a file without a name would exclude nobody.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def claim(self) -> FileSlot:
        """Take the lowest free slot; raises CatalogFailedError where none can be locked."""
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            numbers = itertools.count()
            while True:
                path = self._directory / str(next(numbers))
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
                if _lock(descriptor):
                    return FileSlot(_name(path), descriptor)
        except OSError as error:
            raise self._failure(error) from error

    def visit_abandoned(self, visit: Callable[[str], None]) -> None:
        """Call `visit` with the name of each slot that has no owner; nobody can take it meanwhile.

        Raises CatalogFailedError where the folder cannot be read.
        """
        try:
            files = [path for path in self._directory.iterdir() if path.name.isdecimal()]
            for path in files:
                descriptor = os.open(path, os.O_RDWR)
                if _lock(descriptor):
                    try:
                        visit(_name(path))
                    finally:
                        os.close(descriptor)
        except OSError as error:
            raise self._failure(error) from error

    def _failure(self, error: OSError) -> CatalogFailedError:
        return CatalogFailedError(
            f"Cannot lock a worker slot in {self._directory}: {error.strerror}"
        )


def _name(path: Path) -> str:
    return f"slot-{path.name}"


def _lock(descriptor: int) -> bool:
    """Lock an open file if nobody holds it; else close it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return False
    return True

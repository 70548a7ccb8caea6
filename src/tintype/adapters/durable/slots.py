"""Slots: which processes are alive, known without asking them.

A process has a slot while it lives: a name that no other process ever has, and a lock by that name.
DBOS records the name with every run the process takes. The lock goes with the process, however it
ends, so a name that stands by unfinished runs and whose lock can be had is of a dead process.
"""

import fcntl
import os
import secrets
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Protocol

from tintype.errors import CatalogFailedError


class Slot(Protocol):
    """The slot of this process, and the way to those of others."""

    @property
    def name(self) -> str:
        """What DBOS calls this process, as its executor id."""
        ...

    @property
    def held(self) -> bool:
        """Whether the others can see that this process lives, as far as it knows."""
        ...

    def claim(self) -> None:
        """Be seen alive from now on; raises CatalogFailedError."""
        ...

    def visit_abandoned(self, names: Iterable[str], visit: Callable[[str], None]) -> None:
        """Call `visit` with each of these names whose process is gone.

        Nobody else visits that name meanwhile, and if it is not gone after all, it waits with
        taking new runs. To be called again and again with the names of all unfinished runs: one
        call may not be enough to be sure. Raises CatalogFailedError where locks cannot be tried.
        """
        ...

    def release(self) -> None:
        """Give the slot back, as death would; nothing where it was given back before."""
        ...


_PREFIX = "worker-"
_NONE = -1  # instead of a descriptor


def new_name() -> str:
    """A name that no process had before."""
    return f"{_PREFIX}{secrets.token_hex(8)}"


class FileSlot:
    """A slot as a file that is locked by flock(2), for processes of one machine.

    The kernel drops the lock with the last copy of its descriptor, at the end of the process at the
    latest: a lock that can be had proves the death, at once. Python opens files close-on-exec, so a
    child that outlives its parent keeps no copy, unless it was made by a bare fork.
    """

    held = True

    def __init__(self, directory: Path) -> None:
        self.name = new_name()
        self._directory = directory
        self._descriptor = _NONE

    def claim(self) -> None:
        """Be seen alive from now on, and remove the files that dead processes left.

        Raises CatalogFailedError where the file cannot be locked.
        """
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            for path in self._directory.glob(f"{_PREFIX}*"):
                self._visit(path, lambda: None)
            self._descriptor = self._lock_own()
        except OSError as error:
            raise self._failure(error) from error

    def visit_abandoned(self, names: Iterable[str], visit: Callable[[str], None]) -> None:
        """Call `visit` with each of these names whose process is gone."""
        try:
            for name in names:
                self._visit(self._directory / name, partial(visit, name))
        except OSError as error:
            raise self._failure(error) from error

    def release(self) -> None:
        """Give the slot back, as death would."""
        if self._descriptor != _NONE:
            (self._directory / self.name).unlink(missing_ok=True)
            os.close(self._descriptor)
            self._descriptor = _NONE

    def _lock_own(self) -> int:
        path = self._directory / self.name
        while True:
            descriptor = _open(path)
            if _lock(descriptor) and _is_open_at(descriptor, path):
                return descriptor
            os.close(descriptor)  # somebody took the new file for one of the dead, and removes it

    def _visit(self, path: Path, visit: Callable[[], None]) -> None:
        descriptor = _open(path)
        try:
            if _lock(descriptor):
                visit()
                path.unlink(missing_ok=True)
        finally:
            os.close(descriptor)

    def _failure(self, error: OSError) -> CatalogFailedError:
        return CatalogFailedError(
            f"Cannot lock a worker slot in {self._directory}: {error.strerror}"
        )


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_open_at(descriptor: int, path: Path) -> bool:
    """Whether the file is still found by its name: a lock on one that is not excludes nobody."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False

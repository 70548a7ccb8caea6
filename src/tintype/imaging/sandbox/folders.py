"""The scratch root: a folder for each job, gone when the job's work is."""

import fcntl
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tintype.errors import SettingsInvalidError

NAME = re.compile(r"[0-9a-f]{32}")


class Scratch:
    """The scratch root of one sandbox; opening it removes what a killed server left.

    Raises SettingsInvalidError where another live server uses it.
    """

    def __init__(self, root: Path) -> None:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.root = root.resolve()
        self._lock = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise SettingsInvalidError(
                f"The scratch folder {self.root} is in use by another server; "
                "give each server one of its own."
            ) from None
        for entry in self.root.iterdir():
            if NAME.fullmatch(entry.name):
                shutil.rmtree(entry, ignore_errors=True)

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """A new folder for one job, removed whatever happens."""
        folder = self.root / secrets.token_hex(16)
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def name(self, folder: Path) -> str:
        """The name of a folder that `folder` made; raises ValueError for any other."""
        if folder.parent != self.root or not NAME.fullmatch(folder.name):
            raise ValueError(f"{folder} is not a job's folder below {self.root}")
        return folder.name

    def close(self) -> None:
        """Let another server use the root."""
        with suppress(OSError):
            os.close(self._lock)

"""The watcher port on a local folder: inotify, by way of watchfiles."""

import fcntl
import os
import signal
import threading
from collections.abc import Generator
from contextlib import closing, suppress
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Self

from watchfiles import watch
from watchfiles._rust_notify import WatchfilesRustInternalError

from tintype.errors import SettingsInvalidError, WatchFailedError
from tintype.ports.watcher import Kind, State

# Changes are told when no other has come for a step, or so long after the first.
_STEP_MS = 100
_GROUP_MS = 500
# How often something is told where nothing changes.
_IDLE_MS = 200


class FolderWatcher:
    """Watches one folder and those below it.

    What the library does not tell: that the kernel's queue was full and changes were lost.
    """

    def __init__(self, store: Path, prefix: str) -> None:
        self._store = store
        self._prefix = prefix  # of keys: a folder, with a `/` at its end
        self.folder = store / prefix

    @classmethod
    def open(cls, store: Path, prefix: str) -> Self:
        """The watcher of the folder `prefix` of a store.

        Raises SettingsInvalidError where that is reached through a symbolic link: no key leads
        there.
        """
        store = store.resolve()
        folder = store / prefix
        if folder.resolve() != folder:
            raise SettingsInvalidError(
                f"TINTYPE_WATCH: {folder} leads through a symbolic link;"
                " put a folder in the link's place"
            )
        return cls(store, prefix)

    def watch(self, stopping: threading.Event) -> Generator[frozenset[str]]:
        """What has changed, again and again."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            watched = _identity(self.folder)
            told = watch(
                self.folder,
                watch_filter=None,
                debounce=_GROUP_MS,
                step=_STEP_MS,
                stop_event=stopping,
                rust_timeout=_IDLE_MS,
                yield_on_timeout=True,
                raise_interrupt=False,
                ignore_permission_denied=True,
            )
            with closing(told):
                # The watch begins when it is asked for the first time: nothing is lost before.
                for changes in told:
                    paths = {path for _, path in changes}
                    yield frozenset(self._key(path) for path in paths - {str(self.folder)})
                    # An inode is used again at once, but a folder that goes is told of.
                    if str(self.folder) in paths or _identity(self.folder) != watched:
                        return
        except (OSError, WatchfilesRustInternalError) as error:
            raise WatchFailedError(f"The folder cannot be watched: {error}") from error

    def state(self, key: str) -> State:
        """What is under a key now."""
        try:
            status = (self._store / key).lstat()
        except (OSError, ValueError):  # what it is, is found out by whoever looks at it
            return State(Kind.NOTHING)
        if S_ISDIR(status.st_mode):
            return State(Kind.FOLDER)
        if S_ISREG(status.st_mode):
            mark = f"{status.st_ino}-{status.st_mtime_ns}-{status.st_size}"
            return State(Kind.FILE, mark)
        return State(Kind.OTHER)

    def written(self, key: str) -> bool:
        """Whether somebody has the file open to write.

        The kernel grants a read lease only where nobody has. Where it does not say, as for files of
        other users, on some network file systems and where the file is not there, nobody has.
        """
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        with suppress(OSError):
            file = os.open(self._store / key, flags)
            try:
                # Who opens it to write just now is told of by a signal, which by default would end
                # this process; this one is ignored.
                fcntl.fcntl(file, fcntl.F_SETSIG, signal.SIGURG)
                fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
                fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
            except BlockingIOError:
                return True
            finally:
                os.close(file)
        return False

    def _key(self, path: str) -> str:
        return path.removeprefix(f"{self._store}/")


def _identity(folder: Path) -> tuple[int, int] | None:
    with suppress(FileNotFoundError, NotADirectoryError):
        status = folder.stat()
        return status.st_dev, status.st_ino
    return None

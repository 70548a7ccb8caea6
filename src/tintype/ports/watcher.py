"""The watcher port: what others do in a store's folder."""

import threading
from collections.abc import Generator
from enum import StrEnum
from typing import NamedTuple, Protocol


class Kind(StrEnum):
    """What is under a name."""

    FILE = "file"
    FOLDER = "folder"
    OTHER = "other"  # no object: a symbolic link, a pipe
    NOTHING = "nothing"


class State(NamedTuple):
    """How something stands: two that are equal, a while apart, say that nobody wrote meanwhile."""

    kind: Kind
    mark: str = ""  # of a file: changes whenever its content may have


class Watcher(Protocol):
    """Tells of changes below one folder of a store; all names are keys, without a `/` at the end.

    A change is never told too early to be seen, but may be told twice, late or not at all: whoever
    wants to know all compares what is there now and then.
    """

    def watch(self, stopping: threading.Event) -> Generator[frozenset[str]]:
        """What has changed, again and again: keys, of files and of folders.

        It begins with an empty set, when everything is told from then on; another comes where
        nothing has changed for a moment. The folder is made where it is missing. Ends when
        `stopping` is set, and when the folder is not the one any more that it was. Raises
        WatchFailedError.
        """
        ...

    def state(self, key: str) -> State:
        """What is under a key now."""
        ...

    def written(self, key: str) -> bool:
        """Whether somebody has the file open to write; False also where that cannot be told."""
        ...

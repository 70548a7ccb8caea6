"""Named moments at which a process kills or freezes itself, every time.

That is what a power cut there would do, or a machine that was cut off and is taken for dead.

The parts are the real ones; only the way back from one of their methods is cut off. Nothing in
Tintype knows of this.
"""

import itertools
import signal
import threading
from collections.abc import Callable
from typing import Any

import sqlalchemy

from tintype.adapters.folder import FolderStore
from tintype.adapters.sql import SqlCatalog
from tintype.imaging.sandbox import Sandbox

Method = Callable[..., Any]
Die = Callable[[], None]


def arm(point: str, hit: int, number: int = signal.SIGKILL) -> None:
    """Have this process send itself a signal when it comes to `point` for the `hit`-th time."""
    counter = itertools.count(1)

    def die() -> None:
        if next(counter) == hit:
            # To this thread: one to the process would let it go on for a moment.
            signal.pthread_kill(threading.get_ident(), number)

    POINTS[point](die)


def _after(owner: type, name: str, die: Die, counts: Callable[..., bool]) -> None:
    """Die when a method has done its work; `counts` is told its result and its arguments."""
    method: Method = getattr(owner, name)

    def wrapped(self: object, *arguments: Any, **options: Any) -> Any:
        result = method(self, *arguments, **options)
        if counts(result, *arguments):
            die()
        return result

    setattr(owner, name, wrapped)


def _after_accept(die: Die) -> None:
    """The promise is on disk; nobody has heard of it, and nothing was started."""
    _after(SqlCatalog, "accept", die, lambda acceptance, *_: not acceptance.repeated)


def _after_claim(die: Die) -> None:
    _after(SqlCatalog, "claim", die, lambda lease, *_: lease is not None)


def _after_decode(die: Die) -> None:
    """Decoder and encoders have done their work, which lies in the scratch folder."""
    _after(Sandbox, "render", die, lambda *_: True)


def _before_output(die: Die) -> None:
    """One variant, the first or a later one, is about to be put into the store."""
    put: Method = FolderStore.put

    def wrapped(self: FolderStore, key: str, *arguments: Any, **options: Any) -> Any:
        if not key.startswith("originals/"):
            die()
        return put(self, key, *arguments, **options)

    setattr(FolderStore, "put", wrapped)  # noqa: B010 - a method is no variable to mypy


def _after_output(die: Die) -> None:
    """One variant, the first or a later one, is in the store and recorded nowhere."""
    _after(FolderStore, "put", die, lambda _, key, *__: not key.startswith("originals/"))


def _before_commit(die: Die) -> None:
    """The transaction that ends a job has written all its rows."""
    finishing = threading.local()
    finish: Method = SqlCatalog.finish

    def wrapped(self: SqlCatalog, *arguments: Any, **options: Any) -> Any:
        finishing.now = True
        try:
            return finish(self, *arguments, **options)
        finally:
            finishing.now = False

    @sqlalchemy.event.listens_for(sqlalchemy.Engine, "commit")
    def commit(_: sqlalchemy.Connection) -> None:
        if getattr(finishing, "now", False):
            die()

    setattr(SqlCatalog, "finish", wrapped)  # noqa: B010 - a method is no variable to mypy


def _after_commit(die: Die) -> None:
    """The job has ended; the engine has not heard of it."""
    _after(SqlCatalog, "finish", die, lambda *_: True)


ACCEPTING = ("after accept",)
"""The points to which only a process comes that takes uploads."""

POINTS: dict[str, Callable[[Die], None]] = {
    "after accept": _after_accept,
    "after claim": _after_claim,
    "after decode": _after_decode,
    "before output": _before_output,
    "after output": _after_output,
    "before commit": _before_commit,
    "after commit": _after_commit,
}

"""Keeps DBOS from saying the same again and again while a database is away."""

import logging
import threading
import time
from collections.abc import Callable

from tintype.text import printable

_EVERY_SECONDS = 30.0


_STACK = "Traceback (most recent call last):"


class Quiet(logging.Filter):
    """Lets a line through once in 30 seconds, told by where in the code it comes from.

    Of what a line says the first line is kept, and no stack: DBOS logs a failing statement in full
    with each try.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._lock = threading.Lock()
        self._next: dict[tuple[str, int], float] = {}
        self._held_back: dict[tuple[str, int], int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is to be logged."""
        place = record.pathname, record.lineno
        now = self._clock()
        with self._lock:
            if now < self._next.get(place, 0.0):
                self._held_back[place] = self._held_back.get(place, 0) + 1
                return False
            self._next[place] = now + _EVERY_SECONDS
            before = self._held_back.pop(place, 0)
        record.msg = _short(record, before)
        record.args = None
        record.exc_info = None
        return True

    def install(self) -> None:
        """Keep DBOS short from now on."""
        logging.getLogger("dbos").addFilter(self)

    def remove(self) -> None:
        """Let it talk again."""
        logging.getLogger("dbos").removeFilter(self)


def _short(record: logging.LogRecord, before: int) -> str:
    said = record.getMessage().partition("\n")[0].removesuffix(_STACK).rstrip()
    if record.exc_info and record.exc_info[1]:
        cause = str(record.exc_info[1]).partition("\n")[0]
        said = f"{said} {type(record.exc_info[1]).__name__}: {cause}"
    return printable(said) + (f" (and {before} times before)" if before else "")

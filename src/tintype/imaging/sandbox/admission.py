"""The memory that all tasks share: who gets how much of it, and when."""

import threading
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from tintype.errors import ShuttingDownError

OVERTAKERS = 16
"""How many that came later may be let in first, because they fit and it does not yet."""


class Memory:
    """So many bytes, for any number of threads; what it lets in never needs more than that.

    Whoever fits is let in at once. Who does not waits, first come, first served, but for OVERTAKERS
    that fit meanwhile: small tasks go on while a large one waits, and it does not wait for ever.
    """

    def __init__(self, total: int) -> None:
        self.total = total
        """All the bytes that there are."""

        self.admitted = 0
        """The bytes of all that were let in and have not left."""

        self._queue: list[_Waiting] = []
        self._closed = False
        self._changed = threading.Condition()

    @property
    def waiting(self) -> int:
        """How many wait to be let in."""
        return len(self._queue)

    def share(self) -> "Share":
        """A share for one task, with nothing in it yet."""
        return Share(self)

    def close(self) -> None:
        """Let nobody in any more; who waits gets ShuttingDownError."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def take(self, wanted: int) -> bool:
        """Take so many bytes if they can be had at once; raises ShuttingDownError."""
        with self._changed:
            return self._enter(wanted, self._queue)

    def wait(self, wanted: int) -> None:
        """Take so many bytes, at most all there are, when it is their turn.

        Raises ShuttingDownError.
        """
        place = _Waiting()
        with self._changed:
            self._queue.append(place)
            try:
                self._changed.wait_for(lambda: self._enter(wanted, self._before(place)))
            finally:
                self._queue.remove(place)
                self._changed.notify_all()

    def give_back(self, held: int) -> None:
        """Give back bytes that were taken."""
        with self._changed:
            self.admitted -= held
            self._changed.notify_all()

    def _before(self, place: "_Waiting") -> "list[_Waiting]":
        return self._queue[: self._queue.index(place)]

    def _enter(self, wanted: int, before: "Iterable[_Waiting]") -> bool:
        if self._closed:
            raise ShuttingDownError
        fits = self.admitted + wanted <= self.total
        if not fits or any(each.overtaken >= OVERTAKERS for each in before):
            return False
        for each in before:
            each.overtaken += 1
        self.admitted += wanted
        return True


class _Waiting:
    """A place in the queue."""

    def __init__(self) -> None:
        self.overtaken = 0  # how many that came later were let in


class Share:
    """What one task has of the memory, used by one thread; leaving it gives all back."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self.held = 0
        """The bytes that are in it."""

    def covers(self, wanted: int) -> bool:
        """Whether so many bytes are in it, or can be had at once where nothing is in it yet."""
        if not self.held and self._memory.take(wanted):
            self.held = wanted
        return wanted <= self.held

    def become(self, wanted: int) -> None:
        """Have so many bytes in it, or all there are if that is less; waits for its turn.

        What was in it is given back first: whoever waits holds nothing, so all get their turn.
        """
        self._leave()
        wanted = min(wanted, self._memory.total)
        self._memory.wait(wanted)
        self.held = wanted

    def _leave(self) -> None:
        held, self.held = self.held, 0
        self._memory.give_back(held)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._leave()

"""The engine port: durable runs."""

from collections.abc import Callable
from typing import Protocol

from tintype.model import Priority, Run


class Engine(Protocol):
    """Runs attempts durably: what was started is finished, whatever dies in between.

    A run is named by its id; starting or enqueuing an id that is known already does nothing, be
    it waiting, running or ended. A run whose process died is run again from its beginning by the
    next live process, so what it does must be idempotent. The handler given to `launch` decides
    everything else; whatever it raises is logged and ends the run. It may start and enqueue other
    runs, and is called in several threads at once.

    `launch` comes first. Every method raises a SystemFailure where the run is not durable.
    """

    def launch(self, handler: Callable[[Run], None]) -> None:
        """Start working: recover what a dead process left, then take what is enqueued."""
        ...

    def start(self, run: Run, *, priority: Priority = Priority.NORMAL) -> None:
        """Start a run in this process at once.

        Enqueues it where there is no room, while the engine is paused, and after drain; then, of
        the runs that wait, those of a higher priority are taken first.
        """
        ...

    def enqueue(
        self, run: Run, *, delay: float = 0.0, priority: Priority = Priority.NORMAL
    ) -> None:
        """Start a run when a worker is free, after `delay` seconds at the earliest.

        Of the runs that wait, those of a higher priority are taken first.
        """
        ...

    @property
    def paused(self) -> bool:
        """Whether nothing is begun, as far as this process has heard; that takes a second."""
        ...

    def pause(self) -> None:
        """Begin no more runs, in any process and after any restart, until `resume`.

        What runs goes on; what is started or enqueued meanwhile waits.
        """
        ...

    def resume(self) -> None:
        """Begin runs again, in every process."""
        ...

    def sweep(self, older_than_seconds: float) -> int:
        """Forget the runs that ended longer ago than this; returns how many."""
        ...

    def retire(self) -> None:
        """Take no new runs from now on: the first half of a drain, without waiting."""
        ...

    def drain(self, timeout: float) -> bool:
        """Take no new runs; wait up to `timeout` seconds for the running ones; True if all ended.

        What did not begin or did not end is run by the next process.
        """
        ...

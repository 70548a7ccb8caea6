"""The sandbox: a pool of decoder children, one task at a time each."""

import stat
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property, partial
from itertools import groupby
from pathlib import Path, PurePath
from types import MappingProxyType, TracebackType
from typing import Self

from tintype.errors import (
    DecoderDiedError,
    DecoderOutOfMemoryError,
    ShuttingDownError,
    SystemFailure,
)
from tintype.imaging.messages import Refused, Rendered, RenderTask
from tintype.imaging.sandbox import wire
from tintype.imaging.sandbox.admission import Memory, Share
from tintype.imaging.sandbox.folders import Scratch
from tintype.imaging.sandbox.limits import Budget
from tintype.imaging.sandbox.process import Child, Zygote

RENDER = "tintype.imaging.render:render"
TASKS_OF_A_CHILD = 500
UNBOUNDED = sys.maxsize  # bytes
GROWTH_OF_A_CHILD = 64 << 20  # bytes of resident memory


class Sandbox:
    """A pool of decoder children; may be used by any number of threads.

    `size` is the number of children. `scratch` is the root of the jobs' folders; it belongs to one
    sandbox at a time, and what a killed server left there is removed. `environment` adds variables
    to the few that the children have, VIPS_CONCURRENCY for one. `memory` is how many bytes the
    tasks of all children may need together, as estimated. `decoder` is what runs in the children:
    `module:function`, called with a RenderTask, the job's folder, and what to ask for memory before
    much is used. Children are replaced after TASKS_OF_A_CHILD tasks, after a failure, and when they
    have grown.

    The constructor returns before the children are ready; `confinement` and `render` wait for them.
    """

    def __init__(
        self,
        size: int,
        scratch: Path,
        *,
        budget: Budget = Budget(),  # noqa: B008 the value is frozen
        environment: Mapping[str, str] = MappingProxyType({}),
        memory: int = UNBOUNDED,
        decoder: str = RENDER,
    ) -> None:
        self._scratch = Scratch(scratch)
        self._budget = budget
        self._memory = Memory(memory)
        self._config = wire.Config(
            decoder=decoder, scratch=str(self._scratch.root), budget=budget, memory=memory
        )
        self._environment = environment
        self._closed = False
        self._zygote = Zygote(self._config, environment)
        self._zygote_lock = threading.Lock()
        # The children that are not busy; None stands for one that has yet to be forked.
        self._free: list[Child | None] = [self._fork(budget.memory) for _ in range(size)]
        self._changed = threading.Condition()

    @property
    def idle(self) -> int:
        """How many children are not busy."""
        return len(self._free)

    @property
    def crowded(self) -> bool:
        """Whether a task that comes now has to wait, for a child or behind others for memory."""
        return not self._free or self._memory.waiting > 0

    @property
    def admitted(self) -> int:
        """Bytes of memory that the tasks under way need at most, as estimated."""
        return self._memory.admitted

    @property
    def waiting(self) -> int:
        """How many tasks wait for memory."""
        return self._memory.waiting

    @cached_property
    def confinement(self) -> wire.Confinement:
        """What confines the children; raises SystemFailure where none can be started."""
        with self._child(self._budget.memory) as child:
            return child.confinement

    def folder(self) -> AbstractContextManager[Path]:
        """A new folder for one job, which only its owner can enter; removed whatever happens."""
        return self._scratch.folder()

    def render(self, task: RenderTask, folder: Path) -> Rendered | Refused:
        """Check and render in a child; `folder` is one that `folder()` made.

        Waits for a free child, and for memory where others need it all; a task that waits for
        memory keeps no child. An image that is at fault is a Refused value, and so is one that
        would need more memory than there ever is. Raises DecoderOutOfTimeError and
        DecoderOutOfMemoryError for a task over its budget (memory is tried once more, with twice
        the limit), DecoderStalledError where the wall clock ran out first, StoreFailedError where
        the disk did not take the files, DecoderDiedError for any other failure of the child,
        SystemFailure where none can be started, and ShuttingDownError
        after `close`.
        """
        order = wire.order.dump_json(wire.Order(folder=self._scratch.name(folder), task=task))
        try:
            with self._memory.share() as share:
                run = partial(self._run, order, task, folder, share)
                try:
                    return run(self._budget.memory)
                except DecoderOutOfMemoryError:
                    twice = self._budget.memory * 2
                    share.become(max(share.held, twice))
                    return run(twice)
        except SystemFailure:
            if self._closed:
                raise ShuttingDownError from None
            raise

    def close(self) -> None:
        """End all children and the zygote; renders that are under way raise ShuttingDownError."""
        with self._changed:
            if self._closed:
                return
            self._closed = True
            self._changed.notify_all()
        self._memory.close()
        with self._zygote_lock:
            self._zygote.close()
        with self._changed:
            for child in self._free:
                if child:
                    child.close()
            self._free.clear()
        self._scratch.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _run(
        self, order: bytes, task: RenderTask, folder: Path, share: Share, memory: int
    ) -> Rendered | Refused:
        """Run it in a child with so much memory; the first one may only tell what it needs."""
        for postponed in (False, True):
            with self._child(memory) as child:
                reply = child.run(order, share.covers)
                if isinstance(reply, Rendered):
                    _check(reply, task, folder)
                if not isinstance(reply, wire.Wanted):
                    return reply
                if postponed:
                    raise DecoderDiedError("A decoder child wants more memory than it said.")
            share.become(reply.memory)
        raise AssertionError("unreachable: no task is postponed twice")

    @contextmanager
    def _child(self, memory: int) -> Iterator[Child]:
        """A child that takes tasks, with that much memory, when one is free."""
        child = self._take()
        try:
            child = self._living(child, memory)
            yield child
        except BaseException:
            if child:
                child.close()
            child = None
            raise
        finally:
            self._give_back(child)

    def _living(self, child: Child | None, memory: int) -> Child:
        """The child if it will do, else a new one; raises SystemFailure."""
        if child and child.memory == memory and child.ready():
            return child
        fresh = self._replace(child, memory)
        if not fresh.ready():
            fresh.close()
            raise SystemFailure("A decoder child could not be started.")
        return fresh

    def _take(self) -> Child | None:
        with self._changed:
            self._changed.wait_for(lambda: self._free or self._closed)
            if self._closed:
                raise ShuttingDownError
            return self._free.pop()  # the one that was busy last: its memory is in the caches

    def _give_back(self, child: Child | None) -> None:
        """Free a child, or its successor where it is spent."""
        if child is None or self._spent(child):
            try:
                child = self._replace(child, self._budget.memory)
            except (OSError, SystemFailure):  # the next task finds out whether this lasts
                child = None
        with self._changed:
            if not self._closed:
                self._free.append(child)
                self._changed.notify()
            elif child:
                child.close()

    def _spent(self, child: Child) -> bool:
        return (
            child.memory != self._budget.memory
            or child.tasks >= TASKS_OF_A_CHILD
            or child.growth() > GROWTH_OF_A_CHILD
        )

    def _replace(self, child: Child | None, memory: int) -> Child:
        if child:
            child.close()
        return self._fork(memory)

    def _fork(self, memory: int) -> Child:
        """A new child, of a new zygote where the old one died."""
        with self._zygote_lock:
            if self._closed:
                raise ShuttingDownError
            if not self._zygote.alive():
                self._zygote.close()
                self._zygote = Zygote(self._config, self._environment)
            return self._zygote.fork(memory)


def _check(reply: Rendered, task: RenderTask, folder: Path) -> None:
    """Raise DecoderDiedError unless each variant has plain files in the folder, one a format.

    The server will read these files with rights that the child does not have.
    """
    names = [name for name, _ in groupby(file.variant for file in reply.files)]
    entries = {file.entry for file in reply.files}
    wanted = [] if task.only_look else [variant.name for variant in task.variants]
    if names != wanted or len(entries) < len(reply.files):
        raise DecoderDiedError("A decoder child made other variants than it was told to.")
    for file in reply.files:
        if PurePath(file.file).name != file.file or file.file == "..":
            raise DecoderDiedError("A decoder child named a file outside its folder.")
        try:
            found = (folder / file.file).lstat()
        except OSError as error:
            raise DecoderDiedError("A decoder child named a file that is not there.") from error
        if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1 or found.st_size != file.bytes:
            raise DecoderDiedError("A decoder child named a file that is not what it says.")

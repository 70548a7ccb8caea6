"""Taking in what others put into the originals' folder."""

import json
import posixpath
import threading
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice

import structlog

from tintype.errors import (
    CatalogFailedError,
    KeyInvalidError,
    QueueFullError,
    ShuttingDownError,
    StoreFailedError,
    TintypeError,
    WatchFailedError,
)
from tintype.model import Event
from tintype.outage import Outage
from tintype.pipeline.intake import Intake
from tintype.ports.catalog import Catalog
from tintype.ports.monitor import Monitor
from tintype.ports.store import Store, StoredObject
from tintype.ports.watcher import Kind, State, Watcher

log = structlog.get_logger()

_TICK_SECONDS = 0.2
# How long one tick may look at what is complete, so that changes are not left for long.
_LOOKING_SECONDS = 1.0
# A folder that cannot be watched is compared once a minute.
_BLIND_SECONDS = 60.0
_TOLD_SECONDS = 10.0

_BATCH = 1_000  # objects that are compared in one step
_CROWD = 1_000  # while so many wait, nothing is compared
_MOST = 10_000  # more do not wait: the next comparison finds them
_BURST = 1_000  # changes at once beyond which the kernel may have lost others
_LAST_TRY = 5  # the longest time between two looks in vain is 2 ** this as long as the first

_UNFINISHED = ("~", ".part", ".partial", ".crdownload", ".download", ".filepart", ".tmp", ".temp")


def is_passing(name: str) -> bool:
    """Whether a file or folder of this name is not meant to stay: hidden, or unfinished."""
    return name.startswith(".") or name.lower().endswith(_UNFINISHED)


@dataclass(frozen=True, slots=True)
class Pace:
    """How long what is waited for takes, in seconds."""

    quiet: float = 2.0  # for which a file must not change, to be complete
    interval: float = 600.0  # between two comparisons of everything


@dataclass(slots=True)
class _Expected:
    """Something to look at, when it stays as it is."""

    state: State
    due: float
    tries: int = 0


class Watching:
    """A thread that has the intake look at every key of the folder whose file changes.

    A file is complete when it has not changed for a while and nobody has it open to write. What the
    watcher does not tell of, because nobody watched, or because too much happened at once, is found
    by comparing the folder with the catalog: at the start, whenever something may have been missed,
    and every ten minutes. Several processes that watch one folder do no harm.
    """

    def __init__(
        self,
        *,
        intake: Intake,
        catalog: Catalog,
        originals: Store,
        watcher: Watcher,
        monitor: Monitor,
        prefix: str,
        pace: Pace = Pace(),
    ) -> None:
        self._intake = intake
        self._catalog = catalog
        self._originals = originals
        self._watcher = watcher
        self._monitor = monitor
        self._prefix = prefix
        self._pace = pace
        self._expected: dict[str, _Expected] = {}
        self._folders: set[str] = set()  # that were seen: a name that is gone may have been one
        self._comparisons: deque[Iterator[None]] = deque()
        self._missed = False  # whether something may have changed that nobody told of
        self._blind = False  # whether the watch of this round has failed
        self._compared_before = False
        self._resume_at = 0.0
        self._outage = Outage()  # of store or database
        self._blindness = Outage()  # of the watch
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watcher", daemon=True)

    def start(self) -> None:
        """Begin to watch, and to compare."""
        self._thread.start()

    def stop(self) -> None:
        """Stop; returns when the thread has ended, after the file that it looks at."""
        self._stopping.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stopping.is_set():
            try:
                self._round()
            except ShuttingDownError:
                return
            except TintypeError as error:
                self._fail(error)
                self._stopping.wait(self._outage.wait)

    def _round(self) -> None:
        """Watch from now on, and compare everything, until it is time to do so anew."""
        self._originals.check()
        self._comparisons.clear()
        self._comparisons.append(self._compare_all())
        self._missed = False
        ends_at = time.monotonic() + self._pace.interval
        with closing(self._changes()) as changes:
            for keys in changes:
                self._note(keys)
                self._compare()
                self._look()
                idle = not self._comparisons and len(self._expected) < _CROWD
                if idle and (self._missed or time.monotonic() >= ends_at):
                    break
        if not self._blind:
            self._blindness.end()

    def _changes(self) -> Generator[frozenset[str]]:
        """What the watcher tells, and where it fails nothing, until it is time to try again."""
        began = self._blind = False
        try:
            with closing(self._watcher.watch(self._stopping)) as changes:
                for keys in changes:
                    began = True
                    yield keys
        except WatchFailedError as error:
            self._blind = True
            if self._blindness.fail():
                log.warning(
                    "watcher.blind",
                    code=error.code,
                    detail=error.detail,
                    hint=error.hint,
                    count=self._blindness.failures,
                )
            pause = self._blindness.wait if began else _BLIND_SECONDS
            ends_at = time.monotonic() + pause
            while self._comparisons or time.monotonic() < ends_at:
                if self._stopping.wait(_TICK_SECONDS):
                    return
                yield frozenset()

    # --- what has changed ---

    def _note(self, keys: frozenset[str]) -> None:
        if len(keys) > _BURST:
            self._missed = True
        for key in sorted(keys):  # a folder before what is in it
            if not self._is_passing(key):
                self._expect(key)

    def _is_passing(self, key: str) -> bool:
        return any(map(is_passing, key.removeprefix(self._prefix).split("/")))

    def _expect(self, key: str) -> None:
        """Look at a key when its file has been quiet for a while from now."""
        if key not in self._expected and len(self._expected) >= _MOST:
            self._missed = True
            return
        due = time.monotonic() + self._pace.quiet
        self._expected[key] = _Expected(self._watcher.state(key), due)

    def _remember(self, folder: str) -> None:
        while folder not in self._folders and folder.startswith(self._prefix):
            self._folders.add(folder)
            folder = posixpath.dirname(folder)

    # --- comparing ---

    def _compare(self) -> None:
        """Do one step of what is to be compared, unless much is to be looked at already."""
        crowded = len(self._expected) >= _CROWD or time.monotonic() < self._resume_at
        if crowded or not self._comparisons:
            return
        try:
            next(self._comparisons[0])
            self._well()
        except StopIteration:
            self._comparisons.popleft()

    def _compare_all(self) -> Iterator[None]:
        began = told = time.monotonic()
        count = differing = 0
        for compared, found in self._present(self._prefix):
            count += compared
            differing += found
            if time.monotonic() >= told + _TOLD_SECONDS:
                told = time.monotonic()
                log.info("watcher.compares", count=count, differing=differing)
            yield
        for found in self._absent(self._prefix):
            differing += found
            yield
        if differing or not self._compared_before:
            seconds = round(time.monotonic() - began, 1)
            log.info("watcher.compared", count=count, differing=differing, seconds=seconds)
        self._compared_before = True

    def _present(self, prefix: str) -> Iterator[tuple[int, int]]:
        """Expect what is there in another version than is known; in steps of so many, and found."""
        objects = self._originals.list(prefix)
        while batch := list(islice(objects, _BATCH)):
            wanted = [each for each in batch if not self._is_passing(each.key)]
            differing = self._differing(wanted)
            for each in wanted:
                self._remember(posixpath.dirname(each.key))
            for key in differing:
                self._expect(key)
            yield len(batch), len(differing)

    def _differing(self, objects: Iterable[StoredObject]) -> list[str]:
        there = {each.key: each.version for each in objects}
        known = self._catalog.versions(list(there)) if there else {}
        return [key for key in there if known.get(key) != there[key]]

    def _absent(self, prefix: str) -> Iterator[int]:
        """Expect originals that are known and not there; in steps of so many found."""
        cursor: str | None = None
        while True:
            page = self._catalog.original_keys(prefix, cursor=cursor, limit=_BATCH)
            gone = [key for key in page.items if self._watcher.state(key).kind is not Kind.FILE]
            for key in gone:
                self._expect(key)
            yield len(gone)
            if page.next is None:
                return
            cursor = page.next

    # --- looking ---

    def _look(self) -> None:
        """Look at all that is complete, as far as there is time."""
        now = time.monotonic()
        if now < self._resume_at:
            return
        for key, expected in [each for each in self._expected.items() if each[1].due <= now]:
            if self._stopping.is_set() or time.monotonic() > now + _LOOKING_SECONDS:
                return
            state = self._watcher.state(key)
            unfinished = state.kind is Kind.FILE and self._watcher.written(key)
            if unfinished or state != expected.state:
                self._expected[key] = _Expected(state, time.monotonic() + self._pace.quiet)
                continue
            try:
                self._look_at(key, state)
            except (CatalogFailedError, QueueFullError, StoreFailedError) as error:
                self._fail(error)
                # It may be at fault for itself: others come first.
                del self._expected[key]
                delay = self._pace.quiet * 2 ** min(expected.tries, _LAST_TRY)
                again = _Expected(state, time.monotonic() + delay, expected.tries + 1)
                self._expected[key] = again
                self._resume_at = time.monotonic() + self._outage.wait
                return
            del self._expected[key]

    def _look_at(self, key: str, state: State) -> None:
        try:
            sight = self._intake.look(key, Event("folder", json.dumps({"key": key})))
        except KeyInvalidError as error:
            log.warning("watcher.refused", key=key, code=error.code, detail=error.detail)
        else:
            self._monitor.noticed(sight.seen)
            self._well()
        if key in self._folders:  # others may have been in the folder that had this name
            self._comparisons.append(_steps(self._absent(f"{key}/")))
        self._folders.discard(key)
        if state.kind is Kind.FOLDER:
            self._remember(key)
            self._comparisons.append(_steps(self._present(f"{key}/")))
        elif state.kind is Kind.FILE:
            self._remember(posixpath.dirname(key))

    # --- failures ---

    def _fail(self, error: TintypeError) -> None:
        if self._outage.fail():
            log.warning(
                "watcher.failed",
                code=error.code,
                detail=error.detail,
                hint=error.hint,
                count=self._outage.failures,
            )

    def _well(self) -> None:
        if self._outage.failures:
            log.info("watcher.recovered", seconds=round(self._outage.seconds, 1))
            self._outage.end()


def _steps(steps: Iterable[object]) -> Iterator[None]:
    for _ in steps:
        yield

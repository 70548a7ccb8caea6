"""The one place that wires ports to adapters."""

import errno
import fcntl
import itertools
import os
import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import structlog

from tintype.errors import DatabaseMissingError, SettingsInvalidError
from tintype.imaging.sandbox import Budget, Sandbox
from tintype.pipeline import caching
from tintype.pipeline.access import Authority
from tintype.pipeline.app import App
from tintype.pipeline.bulletin import Bulletin
from tintype.pipeline.known_store import ORIGINALS, VARIANTS, KnownStore, recognize
from tintype.pipeline.monitors import Monitors
from tintype.pipeline.noticing import Place
from tintype.pipeline.worker import Worker
from tintype.ports.catalog import Catalog
from tintype.ports.monitor import Monitor
from tintype.ports.store import Store
from tintype.recipe.schema import Recipe
from tintype.settings import Settings, environment

if TYPE_CHECKING:
    from tintype.adapters.metrics import Metrics
    from tintype.adapters.watcher import FolderWatcher

log = structlog.get_logger()

# A decoder that has used its CPU time is caught by that; wall time is for one that only waits.
_WALL_FACTOR = 3

# How long the end of the process waits for the collector of traces.
_FLUSH_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Service:
    """A deployment in this process, ready to be started."""

    app: App
    sandbox: Sandbox
    spool: Path  # a folder for uploads under way, on the file system of the data
    watched: Path | None  # the folder from which files are taken in, whoever puts them there
    authority: Authority
    monitor: Monitor
    exposition: Callable[[str], tuple[bytes, str]]  # the metrics, for an Accept header
    close_catalog: Callable[[], None]
    flush_traces: Callable[[], None]

    def start(self) -> None:
        """Take up the work that a former process left, then whatever arrives."""
        self.app.start()

    def retire(self) -> None:
        """Accept nothing more and begin no more jobs; what runs goes on."""
        self.app.retire()

    def stop(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds for the running jobs; True if all ended.

        Where some have not, the decoders are left to end with the process: a run whose decoder
        was taken away would count as failed.
        """
        drained = self.app.stop(timeout)
        if drained:
            self.sandbox.close()
            self.close_catalog()
        self.flush_traces()
        return drained


def open_service(settings: Settings, recipe: Recipe, *, watch: bool = False) -> Service:
    """Wire a service from its settings; nothing runs before `start`.

    With `watch` it takes in what others put into the originals' folder, if the settings say so.

    Raises SettingsInvalidError, StoreFailedError and CatalogFailedError where a part cannot be
    opened, and StoreMistakenError for another store than the database knows.
    """
    # A second to load that `tintype develop`, which needs none of them, does not pay.
    from tintype.adapters.durable import DurableEngine
    from tintype.adapters.sql import SqlCatalog
    from tintype.adapters.sql.engines import open_engine
    from tintype.adapters.sql.migrating import migrate

    watcher = _open_watcher(settings, recipe) if watch and settings.watch else None
    make_folder(settings.data, "TINTYPE_DATA")
    place = _take_place(settings.data / "processes")
    database = open_engine(settings.database_url)
    migrate(database)
    engine = DurableEngine(settings.database_url, threads=settings.decoders)
    catalog = SqlCatalog(database, enqueue=engine.enqueue_within)
    originals, variants = _open_stores(catalog, settings)
    bulletin = Bulletin()
    metrics, monitor, flush_traces = _open_monitor(settings)
    sandbox = open_sandbox(settings, place / "scratch")
    worker = Worker(
        catalog=catalog,
        originals=originals,
        variants=variants,
        sandbox=sandbox,
        bulletin=bulletin,
        monitor=monitor,
        retry=recipe.retry,
        cache_control=caching.in_store(recipe.delivery),
        jitter=random.random,
    )
    app = App(
        recipe=recipe,
        catalog=catalog,
        originals=originals,
        variants=variants,
        engine=engine,
        sandbox=sandbox,
        worker=worker,
        bulletin=bulletin,
        monitor=monitor,
        place=_place(settings.originals_url),
        queue_limit=settings.queue_limit,
        history_seconds=settings.history_days * 24 * 3600,
        watcher=watcher,
    )
    metrics.follow(
        idle=lambda: sandbox.idle,
        admitted=lambda: sandbox.admitted,
        waiting=lambda: sandbox.waiting,
        backlog=lambda: app.jobs.queue_lately().backlog,
        paused=lambda: engine.paused,
    )

    return Service(
        app=app,
        sandbox=sandbox,
        spool=_empty_spool(place / "uploads"),
        watched=watcher.folder if watcher else None,
        authority=Authority.over(catalog, link_seconds=settings.link_seconds),
        monitor=monitor,
        exposition=metrics.exposition,
        close_catalog=database.dispose,
        flush_traces=flush_traces,
    )


def _open_monitor(settings: Settings) -> "tuple[Metrics, Monitor, Callable[[], None]]":
    """The metrics, all that watches, and what sends the last traces."""
    from tintype.adapters.metrics import Metrics
    from tintype.adapters.traces import open_traces

    metrics = Metrics(
        workers=settings.decoders, memory=settings.memory, queue_limit=settings.queue_limit
    )
    traces = open_traces(environment())

    def flush_traces() -> None:
        if traces and not traces.close(_FLUSH_SECONDS):
            log.warning("traces.incomplete")

    return metrics, Monitors(metrics, traces) if traces else Monitors(metrics), flush_traces


def _open_stores(catalog: Catalog, settings: Settings) -> tuple[Store, Store]:
    """The stores of originals and variants, if they are those that the database knows."""

    def known(role: str, url: str) -> Store:
        mark = catalog.store_mark(role) or recognize(catalog, role, open_store(url))
        return KnownStore(open_store(url, mark=mark), mark)

    originals = known(ORIGINALS, settings.originals_url)
    if settings.variants_url != settings.originals_url:
        return originals, known(VARIANTS, settings.variants_url)
    recognize(catalog, VARIANTS, originals)  # should variants be moved, without them it is noticed
    return originals, originals


def _place(url: str) -> Place:
    """What notifications call the store at a URL."""
    scheme, _, address = url.partition("://")
    if scheme != "s3":
        return Place()
    bucket, _, prefix = address.partition("/")
    return Place(bucket, prefix and prefix.removesuffix("/") + "/")


def open_store(url: str, *, mark: str | None = None) -> Store:
    """The store at a `file://` or `s3://` URL, which must bear the mark if one is given.

    Raises SettingsInvalidError, StoreMistakenError and StoreFailedError.
    """
    if urlsplit(url).scheme == "s3":
        from tintype.adapters.objects import ObjectStore

        return ObjectStore.open(url, mark=mark)
    from tintype.adapters.folder import FolderStore

    return FolderStore.open(url, mark=mark)


def _open_watcher(settings: Settings, recipe: Recipe) -> "FolderWatcher":
    """The watcher of the originals' folder; raises SettingsInvalidError where there is none."""
    from tintype.adapters.watcher import FolderWatcher

    parts = urlsplit(settings.originals_url)
    if parts.scheme != "file":
        raise SettingsInvalidError(
            "TINTYPE_WATCH: only a folder can be watched; have the bucket send its notifications"
            " to /v1/events/s3"
        )
    return FolderWatcher.open(Path(unquote(parts.path)), recipe.originals.prefix)


def make_folder(folder: Path, name: str) -> None:
    """Make a folder and those above it; raises SettingsInvalidError that names the setting."""
    try:
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        os.close(os.open(folder, os.O_DIRECTORY))
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise SettingsInvalidError(
            f"{name}: the folder {folder} cannot be used: {error.strerror};"
            " name a folder that you may write to"
        ) from None


def open_sandbox(settings: Settings, scratch: Path) -> Sandbox:
    """The decoder children, with their job folders below `scratch`."""
    seconds = settings.decoder_seconds
    return Sandbox(
        settings.decoders,
        scratch,
        budget=Budget(
            memory=settings.decoder_memory,
            cpu_seconds=seconds,
            wall_seconds=_WALL_FACTOR * seconds,
        ),
        memory=settings.memory,
        environment={"VIPS_CONCURRENCY": str(settings.vips_concurrency)},
    )


def _empty_spool(folder: Path) -> Path:
    """The folder for uploads under way, without what a killed process left there."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _take_place(processes: Path) -> Path:
    """The lowest numbered folder that no living process has; it is this one's until it ends.

    Several processes may share the data folder. The lock goes with the process, however it ends.
    """
    for number in itertools.count():
        place = processes / str(number)
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(place / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
        else:
            return place
    raise AssertionError("unreachable: there is always a higher number")


@contextmanager
def open_access(settings: Settings, *, make: bool = False) -> Iterator[Authority]:
    """Who may do what in a deployment, without its engine and stores: for keys and addresses.

    Raises DatabaseMissingError where there is no database yet, unless it may `make` one;
    SettingsInvalidError, CatalogFailedError.
    """
    from tintype.adapters.sql import SqlCatalog
    from tintype.adapters.sql.engines import open_engine
    from tintype.adapters.sql.examining import examine
    from tintype.adapters.sql.migrating import migrate

    if not make:
        found = examine(settings.database_url)
        if found is None or found.revision is None:
            where = database_name(settings)
            raise DatabaseMissingError(f"There is no database of Tintype's: {where}")
    elif not settings.database:
        make_folder(settings.data, "TINTYPE_DATA")
    database = open_engine(settings.database_url)
    try:
        migrate(database)
        catalog = SqlCatalog(database, enqueue=_no_engine)
        yield Authority.over(catalog, link_seconds=settings.link_seconds)
    finally:
        database.dispose()


def database_name(settings: Settings) -> str:
    """The database as it may be shown: an address of a server may hold a password."""
    local = settings.database_url.startswith("sqlite:")
    return settings.database_url if local else "that of TINTYPE_DATABASE"


def _no_engine(*_: object) -> None:
    raise AssertionError("no work begins where there is no engine")

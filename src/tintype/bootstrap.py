"""The one place that wires ports to adapters."""

import errno
import os
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tintype.errors import SettingsInvalidError
from tintype.imaging.sandbox import Budget, Sandbox
from tintype.pipeline.app import App
from tintype.pipeline.bulletin import Bulletin
from tintype.pipeline.worker import Worker
from tintype.recipe.schema import Recipe
from tintype.settings import Settings

# A decoder that has used its CPU time is caught by that; wall time is for one that only waits.
_WALL_FACTOR = 3


@dataclass(frozen=True, slots=True)
class Service:
    """A deployment in this process, ready to be started."""

    app: App
    sandbox: Sandbox
    close_catalog: Callable[[], None]
    spool: Path  # a folder for uploads under way, on the file system of the data

    def start(self) -> None:
        """Take up the work that a former process left, then whatever arrives."""
        self.app.start()

    def stop(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds for the running jobs; True if all ended.

        Where some have not, the decoders are left to end with the process: a run whose decoder
        was taken away would count as failed.
        """
        drained = self.app.stop(timeout)
        if drained:
            self.sandbox.close()
            self.close_catalog()
        return drained


def open_service(settings: Settings, recipe: Recipe) -> Service:
    """Wire a service from its settings; nothing runs before `start`.

    Raises SettingsInvalidError, StoreFailedError and CatalogFailedError where a part cannot be
    opened.
    """
    # A second to load that `tintype develop`, which needs none of them, does not pay.
    from tintype.adapters.durable import DurableEngine
    from tintype.adapters.folder import FolderStore
    from tintype.adapters.sql import SqlCatalog
    from tintype.adapters.sql.engines import open_engine
    from tintype.adapters.sql.migrating import migrate

    make_folder(settings.data, "TINTYPE_DATA")
    # The sandbox comes first: its folder's lock tells whether another service has this data.
    sandbox = open_sandbox(settings, settings.data / "scratch")
    database = open_engine(settings.database_url)
    migrate(database)
    engine = DurableEngine(settings.database_url, threads=settings.decoders)
    catalog = SqlCatalog(database, enqueue=engine.enqueue_within)
    originals = FolderStore.open(settings.originals_url)
    variants = FolderStore.open(settings.variants_url)
    bulletin = Bulletin()
    worker = Worker(
        catalog=catalog,
        originals=originals,
        variants=variants,
        sandbox=sandbox,
        bulletin=bulletin,
        retry=recipe.retry,
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
    )
    return Service(app, sandbox, database.dispose, _empty_spool(settings.data / "uploads"))


def make_folder(folder: Path, name: str) -> None:
    """Make a folder and those above it; raises SettingsInvalidError that names the setting."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
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
        environment={"VIPS_CONCURRENCY": str(settings.vips_concurrency)},
    )


def _empty_spool(folder: Path) -> Path:
    """The folder for uploads under way, without what a killed process left there."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder

"""The one way in: what every entry point translates to and from."""

import random
import time
from collections.abc import Iterator
from datetime import datetime

import structlog

from tintype import __version__
from tintype.errors import (
    CatalogFailedError,
    ShuttingDownError,
    VariantNotFoundError,
    VariantNotReadyError,
)
from tintype.imaging.sandbox import Sandbox
from tintype.model import (
    Image,
    ImageState,
    Page,
    Run,
    Variant,
)
from tintype.outage import Outage
from tintype.pipeline.bulletin import Bulletin
from tintype.pipeline.crowding import Crowding
from tintype.pipeline.intake import Intake
from tintype.pipeline.jobs import Jobs
from tintype.pipeline.noticing import Noticing, Place
from tintype.pipeline.reconciler import Reconciler
from tintype.pipeline.remover import Remover
from tintype.pipeline.starting import start
from tintype.pipeline.watching import Watching
from tintype.pipeline.worker import Worker
from tintype.ports.catalog import Catalog
from tintype.ports.engine import Engine
from tintype.ports.monitor import Monitor
from tintype.ports.store import Store, StoredObject
from tintype.ports.watcher import Watcher
from tintype.recipe.schema import Recipe

log = structlog.get_logger()

# How long a run waits before it asks a database again that is away.
_PATIENCE_SECONDS = (0.1, 0.5, 1.0, 2.0, 5.0)

_ID_PREFIX = "img_"


class App:
    """Accepts, works, tells and delivers."""

    def __init__(
        self,
        *,
        recipe: Recipe,
        catalog: Catalog,
        originals: Store,
        variants: Store,
        engine: Engine,
        sandbox: Sandbox,
        worker: Worker,
        bulletin: Bulletin,
        monitor: Monitor,
        place: Place,
        queue_limit: int,
        history_seconds: float,
        watcher: Watcher | None = None,
    ) -> None:
        self.recipe = recipe
        self.bulletin = bulletin
        self._crowding = Crowding(catalog, queue_limit)
        self.jobs = Jobs(catalog=catalog, engine=engine, bulletin=bulletin, crowding=self._crowding)
        self._catalog = catalog
        self._originals = originals
        self._variants = variants
        self._engine = engine
        self._sandbox = sandbox
        self._worker = worker
        self._monitor = monitor
        self.intake = Intake(
            recipe=recipe,
            catalog=catalog,
            originals=originals,
            engine=engine,
            sandbox=sandbox,
            bulletin=bulletin,
            monitor=monitor,
            crowding=self._crowding,
        )
        self.noticing = Noticing(self.intake, monitor, place, recipe.originals.prefix)
        self._reconciler = Reconciler(catalog, engine, self._crowding, history_seconds)
        self._remover = Remover(catalog, originals, variants)
        self._watching = watcher and Watching(
            intake=self.intake,
            catalog=catalog,
            originals=originals,
            watcher=watcher,
            monitor=monitor,
            prefix=recipe.originals.prefix,
        )
        self._outage = Outage()  # of the database, as all runs together meet it

    # --- life ---

    def start(self) -> None:
        """Take up the work that a former process left, then whatever arrives."""
        self._catalog.keep_recipe(self.recipe.digest, self.recipe.to_json())
        self._crowding.count()
        self._engine.launch(self._run)
        self._reconciler.start()
        self._remover.start()
        if self._watching:
            self._watching.start()
        recipe, digest = self.recipe.name, self.recipe.digest
        log.info("service.started", version=__version__, recipe=recipe, digest=digest)

    @property
    def stopping(self) -> bool:
        """Whether nothing is accepted any more."""
        return self.intake.closed

    def retire(self) -> None:
        """Accept nothing more and begin no more jobs; what runs goes on."""
        self.intake.close()
        if self._watching:
            self._watching.stop()
        self._reconciler.stop()
        self._remover.stop()
        self._engine.retire()

    def stop(self, timeout: float) -> bool:
        """Retire, and wait up to `timeout` seconds for what runs; True if all ended.

        What did not end is no loss: it is run again by the next process.
        """
        self.retire()
        return self._engine.drain(timeout)

    def check(self) -> None:
        """Raise unless an upload could be accepted now."""
        if self.stopping:
            raise ShuttingDownError
        self._catalog.check()
        self._originals.check()
        if self._variants is not self._originals:
            self._variants.check()

    # --- work ---

    def delete(self, image_id: str) -> None:
        """Have an image end as gone, and its original and variants be removed, within seconds.

        One that is gone already stays as it is. Raises ImageNotFoundError.
        """
        if self._catalog.remove(image_id, original=True):
            self.bulletin.post(image_id)
            log.info("image.deleted", image=image_id)
        self._remover.wake()

    def _run(self, run: Run) -> None:
        """The engine's handler. A database that is away is waited for: only it knows what to do."""
        for begun, patience in enumerate(self._patience()):
            try:
                following = self._worker.work(run, begun=begun)
            except CatalogFailedError as error:
                if self._outage.fail():
                    log.warning(
                        "run.waits",
                        run=run.id,
                        code=error.code,
                        detail=error.detail,
                        count=self._outage.failures,
                    )
                time.sleep(patience * (1 + random.random() / 4))  # noqa: S311 - no secret
            else:
                self._outage.end()
                if following:
                    start(self._catalog, self._engine, following)
                return

    def _patience(self) -> Iterator[float]:
        yield from _PATIENCE_SECONDS
        while True:
            yield _PATIENCE_SECONDS[-1]

    # --- out ---

    def image(self, image_id: str) -> Image:
        """One image; raises ImageNotFoundError."""
        return self._catalog.image(image_id)

    def images(
        self,
        *,
        cursor: str | None = None,
        limit: int = 50,
        state: ImageState | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Page[Image]:
        """Images, newest first; raises ParameterInvalidError for a bad cursor."""
        return self._catalog.images(
            cursor=cursor, limit=limit, state=state, since=since, until=until
        )

    def variants(self, name: str, image: str, *, only: str | None = None) -> tuple[Variant, ...]:
        """A variant by its name and its image's id or original key, once for each of its formats.

        They are in the order of the recipe, the most compatible last; with `only` it is just the
        one in this format. Raises ImageNotFoundError, VariantNotFoundError, and
        VariantNotReadyError where it may still come.
        """
        by_id = image.startswith(_ID_PREFIX)
        found = self._catalog.image(image) if by_id else self._catalog.image_by_key(image)
        made = tuple(
            variant
            for variant in found.variants
            if variant.name == name and only in (None, variant.format)
        )
        if made:
            return made
        if not found.state.final and any(name == known.name for known in self.recipe.variants):
            raise VariantNotReadyError
        raise VariantNotFoundError

    def variant_by_key(self, key: str) -> Variant:
        """A variant by its own key; raises VariantNotFoundError."""
        return self._catalog.variant_by_key(key)[1]

    def read(
        self, variant: Variant, *, start: int = 0, end: int | None = None
    ) -> tuple[StoredObject, Iterator[bytes]]:
        """What the store holds under a variant's key, from byte `start` up to `end`, in chunks.

        While an image is made again, that may be newer than `variant`: its version then differs
        from the variant's etag. Raises RangeInvalidError, ObjectMissingError.
        """
        return self._variants.read(variant.key, start=start, end=end)

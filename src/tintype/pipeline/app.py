"""The one way in: what every entry point translates to and from."""

import json
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog

from tintype import __version__
from tintype.errors import (
    CatalogFailedError,
    KeyInvalidError,
    KeyTakenError,
    ShuttingDownError,
    SystemFailure,
    TintypeError,
    VariantNotFoundError,
    VariantNotReadyError,
)
from tintype.imaging.sandbox import Sandbox
from tintype.model import (
    Event,
    Image,
    ImageState,
    Original,
    Page,
    Priority,
    Run,
    Variant,
    new_image_id,
)
from tintype.outage import Outage
from tintype.pipeline.bulletin import Bulletin
from tintype.pipeline.crowding import Crowding
from tintype.pipeline.jobs import Jobs
from tintype.pipeline.reconciler import Reconciler
from tintype.pipeline.worker import Worker
from tintype.ports.catalog import Acceptance, Catalog
from tintype.ports.engine import Engine
from tintype.ports.monitor import Monitor
from tintype.ports.store import Store, StoredObject
from tintype.recipe.keys import check_key, with_suffix
from tintype.recipe.schema import Recipe

log = structlog.get_logger()

# How long a run waits before it asks a database again that is away.
_PATIENCE_SECONDS = (0.1, 0.5, 1.0, 2.0, 5.0)

_ID_PREFIX = "img_"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that has arrived in full."""

    file: Path
    name: str  # as the sender calls it; folders in it are ignored
    key: str | None = None  # replaces the object at this key
    idempotency: tuple[str, str] | None = None  # the sender's key and the upload's fingerprint
    priority: Priority = Priority.NORMAL
    sender: str | None = None  # the id of the API key that came with it


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
        queue_limit: int,
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
        self._reconciler = Reconciler(catalog, engine, self._crowding)
        self._outage = Outage()  # of the database, as all runs together meet it
        self._stopping = threading.Event()

    # --- life ---

    def start(self) -> None:
        """Take up the work that a former process left, then whatever arrives."""
        self._catalog.keep_recipe(self.recipe.digest, self.recipe.to_json())
        self._crowding.count()
        self._engine.launch(self._run)
        self._reconciler.start()
        recipe, digest = self.recipe.name, self.recipe.digest
        log.info("service.started", version=__version__, recipe=recipe, digest=digest)

    @property
    def stopping(self) -> bool:
        """Whether nothing is accepted any more."""
        return self._stopping.is_set()

    def retire(self) -> None:
        """Accept nothing more and begin no more jobs; what runs goes on."""
        self._stopping.set()
        self._reconciler.stop()
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

    # --- in ---

    def admit(self, key: str | None = None) -> None:
        """Raise unless an upload may come in; asked before its bytes are.

        With the `key` of an original that it replaces, this may block. Raises KeyInvalidError,
        QueueFullError where too many wait, CatalogFailedError, and ShuttingDownError.
        """
        if self.stopping:
            raise ShuttingDownError
        if key is not None:
            self._check(key)
        self._crowding.admit(key)

    def accept(self, upload: Upload) -> Acceptance:
        """Store an upload, commit to working on it, and start at once where a child is free.

        Raises KeyInvalidError for a name or key that cannot be kept, StoreFailedError and
        CatalogFailedError where nothing was promised, ShuttingDownError.
        """
        if self.stopping:
            raise ShuttingDownError
        if upload.idempotency and (before := self._catalog.repeated(upload.idempotency)):
            return before
        with self._monitor.accepting():
            return self._accept(upload)

    def _accept(self, upload: Upload) -> Acceptance:
        image_id = new_image_id()
        name = _name(upload) or image_id
        wanted = self._wanted_key(upload, name)
        # Asked before a byte is stored: where the catalog is away, the store stays as it is.
        replaces_waiting = self._catalog.waits(wanted) and upload.key is not None
        original = self._keep(upload, wanted, name, image_id)
        try:
            acceptance = self._catalog.accept(
                image_id,
                original,
                self.recipe.digest,
                enqueue=self._sandbox.crowded or self._engine.paused,
                idempotency=upload.idempotency,
                priority=upload.priority,
                event=_event(upload),
                trace=self._monitor.trace(),
            )
        except TintypeError:
            self._take_back(upload, original)
            raise
        if acceptance.repeated:
            self._take_back(upload, original)
        else:
            if acceptance.job.state is ImageState.QUEUED and not replaces_waiting:
                self._crowding.add()
            self._monitor.accepted(acceptance.job)
            log.info(
                "image.accepted",
                image=acceptance.image.id,
                job=acceptance.job.id,
                key=original.key,
                bytes=original.size,
            )
        if acceptance.run:
            self._start(acceptance.run, acceptance.job.priority)
        return acceptance

    def _wanted_key(self, upload: Upload, name: str) -> str:
        """Where an original is to be, unless another is there that it must not replace."""
        if upload.key is not None:
            self._check(upload.key)
            return upload.key
        key = self.recipe.originals.prefix + name
        check_key(key)
        return key

    def _keep(self, upload: Upload, key: str, name: str, image_id: str) -> Original:
        create = upload.key is None
        try:
            stored = self._put(key, upload.file, create=create)
        except KeyTakenError:
            suffix = image_id.removeprefix(_ID_PREFIX)[:8]
            stored = self._put(with_suffix(key, suffix), upload.file, create=create)
        return Original(stored.key, name, stored.version, stored.size)

    def _take_back(self, upload: Upload, original: Original) -> None:
        """Remove a new original that was not accepted.

        One that replaced another stays: that one is gone. So does one of which the catalog does not
        say that it knows it not, as its acceptance may have been committed.
        """
        if upload.key is not None:
            return
        try:
            # Somebody may have replaced it meanwhile, by its key, and been promised to.
            ours = self._originals.head(original.key).version == original.version
            if ours and not self._catalog.knows(original.key):
                self._originals.delete(original.key)
        except TintypeError as error:
            log.warning("original.left", key=original.key, code=error.code, detail=error.detail)

    def _check(self, key: str) -> None:
        """Raise KeyInvalidError unless an original may be at a key that somebody named."""
        prefix = self.recipe.originals.prefix
        if not key.startswith(prefix):
            raise KeyInvalidError(
                f"The key must begin with {prefix}", f"Ask for a key such as {prefix}photo.jpg."
            )
        check_key(key)

    def _put(self, key: str, file: Path, *, create: bool) -> StoredObject:
        # An original is served as an attachment, if at all: its type is what its content says.
        return self._originals.put(
            key, file, content_type="application/octet-stream", create=create
        )

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
                    self._start(following)
                return

    def _start(self, run: Run, priority: Priority | None = None) -> None:
        """Start a run that the catalog has promised: if this fails, the reconciler does it.

        Without a `priority`, it is what the catalog says of its job.
        """
        try:
            known = priority or self._catalog.job(run.job_id).priority
            self._engine.start(run, priority=known)
        except SystemFailure as error:
            log.warning("run.postponed", run=run.id, code=error.code, detail=error.detail)

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


def _name(upload: Upload) -> str:
    """What an upload's file is called, without folders; empty where nobody said."""
    return (upload.name or upload.key or "").replace("\\", "/").rpartition("/")[2]


def _event(upload: Upload) -> Event:
    """What is worth knowing of an upload when its job has failed."""
    told = {
        "name": upload.name,
        "key": upload.key,
        "idempotency_key": upload.idempotency[0] if upload.idempotency else None,
        "sender": upload.sender,
    }
    return Event("upload", json.dumps(told))

"""Taking in what arrives, and giving up what goes."""

import json
import threading
from dataclasses import dataclass
from pathlib import Path

import structlog

from tintype.errors import KeyInvalidError, KeyTakenError, ShuttingDownError, TintypeError
from tintype.imaging.sandbox import Sandbox
from tintype.model import Event, ImageState, Original, Priority, new_image_id
from tintype.pipeline.crowding import Crowding
from tintype.pipeline.starting import start
from tintype.ports.catalog import Acceptance, Catalog
from tintype.ports.engine import Engine
from tintype.ports.monitor import Monitor
from tintype.ports.store import Store, StoredObject
from tintype.recipe.keys import check_key, with_suffix
from tintype.recipe.schema import Recipe

log = structlog.get_logger()

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


class Intake:
    """Takes uploads in: commits to working on them, and starts where a child is free."""

    def __init__(
        self,
        *,
        recipe: Recipe,
        catalog: Catalog,
        originals: Store,
        engine: Engine,
        sandbox: Sandbox,
        monitor: Monitor,
        crowding: Crowding,
    ) -> None:
        self._recipe = recipe
        self._catalog = catalog
        self._originals = originals
        self._engine = engine
        self._sandbox = sandbox
        self._monitor = monitor
        self._crowding = crowding
        self._closed = threading.Event()

    @property
    def closed(self) -> bool:
        """Whether nothing is taken in any more."""
        return self._closed.is_set()

    def close(self) -> None:
        """Take in nothing more."""
        self._closed.set()

    def admit(self, key: str | None = None) -> None:
        """Raise unless an upload may come in; asked before its bytes are.

        With the `key` of an original that it replaces, this may block. Raises KeyInvalidError,
        QueueFullError where too many wait, CatalogFailedError, and ShuttingDownError.
        """
        if self.closed:
            raise ShuttingDownError
        if key is not None:
            self._check(key)
        self._crowding.admit(key)

    def accept(self, upload: Upload) -> Acceptance:
        """Store an upload, commit to working on it, and start at once where a child is free.

        Raises KeyInvalidError for a name or key that cannot be kept, StoreFailedError and
        CatalogFailedError where nothing was promised, ShuttingDownError.
        """
        if self.closed:
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
                self._recipe.digest,
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
            start(self._catalog, self._engine, acceptance.run, acceptance.job.priority)
        return acceptance

    def _wanted_key(self, upload: Upload, name: str) -> str:
        """Where an original is to be, unless another is there that it must not replace."""
        if upload.key is not None:
            self._check(upload.key)
            return upload.key
        key = self._recipe.originals.prefix + name
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
        prefix = self._recipe.originals.prefix
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

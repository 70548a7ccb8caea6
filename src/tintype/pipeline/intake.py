"""Taking in what arrives, and giving up what goes."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path

import structlog

from tintype.errors import (
    ImageNotFoundError,
    KeyInvalidError,
    KeyTakenError,
    ObjectMissingError,
    ShuttingDownError,
    TintypeError,
)
from tintype.imaging.sandbox import Sandbox
from tintype.model import Event, Image, ImageState, Original, Priority, new_image_id
from tintype.pipeline.bulletin import Bulletin
from tintype.pipeline.crowding import Crowding
from tintype.pipeline.starting import start
from tintype.ports.catalog import Acceptance, Catalog
from tintype.ports.engine import Engine
from tintype.ports.monitor import Monitor
from tintype.ports.store import Store, StoredObject
from tintype.recipe.keys import check_key, partition, with_suffix
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


class Seen(StrEnum):
    """What a look at the store has found."""

    ACCEPTED = "accepted"  # a version that is worked on from now on
    KNOWN = "known"  # the version that is worked on already
    GONE = "gone"  # nothing, where an image had its original
    NOTHING = "nothing"  # as before


@dataclass(frozen=True, slots=True)
class Sight:
    """What was found under a key, and whose it is."""

    seen: Seen
    image_id: str | None = None


def _now() -> datetime:
    return datetime.now(UTC)


class Intake:
    """Takes originals in: commits to working on them, and starts where a child is free.

    `clock` tells the time, aware of its zone.
    """

    def __init__(
        self,
        *,
        recipe: Recipe,
        catalog: Catalog,
        originals: Store,
        engine: Engine,
        sandbox: Sandbox,
        bulletin: Bulletin,
        monitor: Monitor,
        crowding: Crowding,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._recipe = recipe
        self._catalog = catalog
        self._originals = originals
        self._engine = engine
        self._sandbox = sandbox
        self._bulletin = bulletin
        self._monitor = monitor
        self._crowding = crowding
        self._clock = clock
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
        name = _last(upload.name or upload.key or "") or image_id
        day = self._day(upload)
        wanted = self._wanted_key(upload, name, image_id, day)
        # Asked before a byte is stored: where the catalog is away, the store stays as it is.
        replaces_waiting = self._catalog.waits(wanted) and upload.key is not None
        original = self._keep(upload, wanted, name, image_id)
        try:
            acceptance = self._commit(
                image_id,
                original,
                _event(upload),
                idempotency=upload.idempotency,
                priority=upload.priority,
                replaces_waiting=replaces_waiting,
                day=day,
            )
        except TintypeError:
            self._take_back(upload, original)
            raise
        if acceptance.repeated:
            self._take_back(upload, original)
        return acceptance

    def look(self, key: str, event: Event) -> Sight:
        """Bring the catalog in line with what the store has under a key; `event` is why.

        What is there is accepted, unless its version is known; an image whose original is not there
        any more ends as gone. So it does not matter how often, how late or in which order somebody
        tells that a key has changed. Raises KeyInvalidError for a key where no original may be,
        QueueFullError, StoreFailedError, CatalogFailedError, ShuttingDownError.
        """
        self.admit(key)
        known = self._known(key)
        try:
            found = self._originals.head(key)
        except ObjectMissingError:
            # A newer version that came meanwhile is not meant.
            if known and self._catalog.remove(known.id, version=known.original.version):
                self._bulletin.post(known.id)
                log.info("image.gone", image=known.id, key=key)
                return Sight(Seen.GONE, known.id)
            return Sight(Seen.NOTHING)
        if known and known.original.version == found.version:
            return Sight(Seen.KNOWN, known.id)
        with self._monitor.accepting():
            original = Original(key, _last(key), found.version, found.size)
            replaces_waiting = known is not None and known.state is ImageState.QUEUED
            acceptance = self._commit(
                new_image_id(), original, event, replaces_waiting=replaces_waiting
            )
        return Sight(Seen.ACCEPTED, acceptance.image.id)

    def _known(self, key: str) -> Image | None:
        try:
            return self._catalog.image_by_key(key)
        except ImageNotFoundError:
            return None

    def _commit(
        self,
        image_id: str,
        original: Original,
        event: Event,
        *,
        replaces_waiting: bool,
        idempotency: tuple[str, str] | None = None,
        priority: Priority = Priority.NORMAL,
        day: date | None = None,
    ) -> Acceptance:
        """Commit to working on an original, tell so, and start at once where a child is free."""
        acceptance = self._catalog.accept(
            image_id,
            original,
            self._recipe.digest,
            enqueue=self._sandbox.crowded or self._engine.paused,
            idempotency=idempotency,
            priority=priority,
            event=event,
            trace=self._monitor.trace(),
            day=day,
        )
        image, job = acceptance.image, acceptance.job
        if not acceptance.repeated:
            if job.state is ImageState.QUEUED and not replaces_waiting:
                self._crowding.add()
            self._monitor.accepted(job)
            log.info(
                "image.accepted", image=image.id, job=job.id, key=original.key, bytes=original.size
            )
        if acceptance.run:
            start(self._catalog, self._engine, acceptance.run, job.priority)
        return acceptance

    def _day(self, upload: Upload) -> date | None:
        """The day (UTC) that an upload's key is to tell, if any."""
        if upload.key is not None or self._recipe.originals.partition == "none":
            return None
        return self._clock().astimezone(UTC).date()

    def _wanted_key(self, upload: Upload, name: str, image_id: str, day: date | None) -> str:
        """Where an original is to be, unless another is there that it must not replace."""
        if upload.key is not None:
            self._check(upload.key)
            return upload.key
        folders = partition(day, image_id) if day else ""
        key = f"{self._recipe.originals.prefix}{folders}{name}"
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


def _last(path: str) -> str:
    """What a file is called, without the folders that its sender names before it."""
    return path.replace("\\", "/").rpartition("/")[2]


def _event(upload: Upload) -> Event:
    """What is worth knowing of an upload when its job has failed."""
    told = {
        "name": upload.name,
        "key": upload.key,
        "idempotency_key": upload.idempotency[0] if upload.idempotency else None,
        "sender": upload.sender,
    }
    return Event("upload", json.dumps(told))

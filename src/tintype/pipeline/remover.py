"""Removes the objects of images that are gone."""

import threading

import structlog

from tintype.errors import ObjectMissingError, TintypeError
from tintype.model import Original
from tintype.outage import Outage
from tintype.ports.catalog import Catalog, Removal
from tintype.ports.store import Store

log = structlog.get_logger()

_INTERVAL_SECONDS = 5.0
_BATCH = 100


class Remover:
    """A thread that removes what the catalog says: when it is woken, and every five seconds.

    Each process has one. Two that remove the same do no harm, and what one has not done when it
    ends another does.
    """

    def __init__(self, catalog: Catalog, originals: Store, variants: Store) -> None:
        self._catalog = catalog
        self._originals = originals
        self._variants = variants
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="remover", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Stop looking; returns when the thread has ended, after the object that it is at."""
        self._stopping.set()
        self._woken.set()
        self._thread.join()

    def wake(self) -> None:
        """Look at once."""
        self._woken.set()

    def _watch(self) -> None:
        outage = Outage()
        while not self._stopping.is_set():
            try:
                self.look()
                outage.end()
            except TintypeError as error:
                if outage.fail():
                    log.warning(
                        "remover.failed",
                        code=error.code,
                        detail=error.detail,
                        count=outage.failures,
                    )
            self._woken.wait(_INTERVAL_SECONDS)
            self._woken.clear()

    def look(self) -> None:
        """Remove all that is to be removed by now.

        Raises the last of the TintypeErrors by which some could not be removed: those are removed
        another time.
        """
        while due := self._catalog.removals(_BATCH):
            failed = None
            for removal in due:
                if self._stopping.is_set():
                    return
                try:
                    self._remove(removal)
                except TintypeError as error:
                    failed = error
            if failed:
                raise failed

    def _remove(self, removal: Removal) -> None:
        for key in removal.keys:
            self._variants.delete(key)
        if removal.original:
            self._remove_original(removal.original)
        self._catalog.removed(removal)
        log.info("image.removed", image=removal.image_id, count=len(removal.keys))

    def _remove_original(self, original: Original) -> None:
        """Remove an original, unless another one is under its key by now."""
        try:
            ours = self._originals.head(original.key).version == original.version
        except ObjectMissingError:
            return
        if ours:
            self._originals.delete(original.key)

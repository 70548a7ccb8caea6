"""Stores that are known again: none is taken for another, or for an empty one.

Where a disk is not mounted, or an address is wrong, there is a store all the same; it only holds
none of the objects, and jobs would end as if somebody had removed their originals.
"""

import secrets
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

from tintype.errors import ObjectMissingError, StoreMistakenError
from tintype.ports.catalog import Catalog
from tintype.ports.store import MARK_PREFIX, Store, StoredObject

ORIGINALS = "originals"
VARIANTS = "variants"

_MARK_BYTES = 16


def recognize(catalog: Catalog, role: str, store: Store) -> str:
    """See that a store is the one that has this role; returns the mark by which it is known.

    A store that none was known before is marked. Raises StoreMistakenError, StoreFailedError and
    CatalogFailedError.
    """
    known = catalog.store_mark(role)
    if known is None:
        # Marked first: what the database knows is in a store, wherever a process is killed.
        made = f"{role}-{secrets.token_hex(_MARK_BYTES)}"
        store.mark(made)
        known = catalog.keep_store_mark(role, made)
        if known != made:  # another process was quicker
            store.unmark(made)
    if not store.bears(known):
        raise StoreMistakenError.without(MARK_PREFIX + known)
    return known


class KnownStore:
    """A store that looks at its mark before it says that an object is missing.

    Where the mark is missing too, it raises StoreMistakenError: the store is away, as when a disk
    was unmounted.
    """

    def __init__(self, store: Store, mark: str) -> None:
        self._store = store
        self._mark = mark

    def put(
        self,
        key: str,
        source: Path,
        *,
        content_type: str,
        cache_control: str | None = None,
        create: bool = False,
    ) -> StoredObject:
        """Store the file at `source` under `key`."""
        return self._store.put(
            key, source, content_type=content_type, cache_control=cache_control, create=create
        )

    def fetch(self, key: str, target: Path) -> StoredObject:
        """Copy an object to the file `target` and say which version that was."""
        with self._doubted():
            return self._store.fetch(key, target)

    def read(
        self, key: str, *, start: int = 0, end: int | None = None
    ) -> tuple[StoredObject, Iterator[bytes]]:
        """An object and its bytes from `start` up to but not including `end`, in chunks."""
        with self._doubted():
            return self._store.read(key, start=start, end=end)

    def head(self, key: str) -> StoredObject:
        """What the store knows of an object."""
        with self._doubted():
            return self._store.head(key)

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is no error."""
        self._store.delete(key)

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        """The objects whose keys start with `prefix`, in no particular order."""
        return self._store.list(prefix)

    def check(self) -> None:
        """Raise StoreFailedError unless this very store can be written to now."""
        self._require_mark()
        self._store.check()

    def mark(self, name: str) -> None:
        """Leave a mark."""
        self._store.mark(name)

    def unmark(self, name: str) -> None:
        """Take a mark away."""
        self._store.unmark(name)

    def bears(self, name: str) -> bool:
        """Whether this mark is there."""
        return self._store.bears(name)

    @contextmanager
    def _doubted(self) -> Generator[None]:
        try:
            yield
        except ObjectMissingError:
            self._require_mark()
            raise

    def _require_mark(self) -> None:
        if not self._store.bears(self._mark):
            raise StoreMistakenError.without(MARK_PREFIX + self._mark)

"""The store port: objects by key."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from tintype.errors import KeyInvalidError

RESERVED = ".tintype"
"""What a store keeps for itself is named so, or begins so with a `-` after it."""

MARK_PREFIX = f"{RESERVED}-"
"""How the names begin of what a store is known again by."""


def refuse_reserved(key: str) -> None:
    """Raise KeyInvalidError where a part of the key is a name that stores keep for themselves.

    In any folder: the store of one may lie below that of another.
    """
    if any(part == RESERVED or part.startswith(MARK_PREFIX) for part in key.split("/")):
        raise KeyInvalidError(
            f"Names like {RESERVED} are reserved.",
            f"Name no folder and no file {RESERVED} or {MARK_PREFIX}...",
        )


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What a store says of an object."""

    key: str
    size: int  # bytes
    version: str  # changes whenever the content is replaced
    # By the store's clock; by ours where `put` says it. Two answers may differ by a second.
    modified_at: datetime = field(compare=False)


class Store(Protocol):
    """Objects by key.

    Every method raises KeyInvalidError for a key that this store cannot hold faithfully,
    ObjectMissingError where there is no such object, and StoreFailedError for everything that
    trying again may cure. A key is a relative path with `/`; no key reaches outside the store.
    """

    def put(
        self,
        key: str,
        source: Path,
        *,
        content_type: str,
        cache_control: str | None = None,
        create: bool = False,
    ) -> StoredObject:
        """Store the file at `source` under `key`.

        Atomic: readers see the old object or the new one, whole. Durable: when this returns, the
        object survives a power cut. With `create`, raises KeyTakenError where an object exists.
        A store that others read from too, such as a CDN, tells them the content type and what its
        caches may do (`cache_control`, as in HTTP).
        """
        ...

    def fetch(self, key: str, target: Path) -> StoredObject:
        """Copy an object to the file `target` and say which version that was."""
        ...

    def read(
        self, key: str, *, start: int = 0, end: int | None = None
    ) -> tuple[StoredObject, Iterator[bytes]]:
        """An object and its bytes from `start` up to but not including `end`, in chunks.

        Both are of one version, even where the object is replaced meanwhile. An `end` beyond the
        object's end means its end. Raises RangeInvalidError where `start` lies beyond it, or
        after `end`.
        """
        ...

    def head(self, key: str) -> StoredObject:
        """What the store knows of an object."""
        ...

    def delete(self, key: str) -> None:
        """Remove an object; one that is not there is no error."""
        ...

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        """The objects whose keys start with `prefix` (any string), in no particular order."""
        ...

    def check(self) -> None:
        """Raise StoreFailedError unless the store can be written to now."""
        ...

    def mark(self, name: str) -> None:
        """Leave a mark, by which the store is known again: durable, and no object.

        It is called MARK_PREFIX and the name, which is letters, digits and `-`, and lies where the
        objects do, so that whoever copies all of them copies it too.
        """
        ...

    def unmark(self, name: str) -> None:
        """Take a mark away; one that is not there is no error."""
        ...

    def bears(self, name: str) -> bool:
        """Whether this mark is there."""
        ...

"""How objects get into a bucket: small or large, over what is there or only where nothing is."""

import mmap
import secrets
import threading
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tintype.adapters.objects.bucket import Bucket
from tintype.adapters.objects.failures import NotOfferedError, named_failures
from tintype.errors import KeyTakenError, StoreFailedError
from tintype.ports.store import RESERVED, StoredObject

if TYPE_CHECKING:
    from obstore import Attributes

# Up to this size a file is just sent. Before a larger one, the store is asked whether the key is
# taken: that costs little, and one that hangs is noticed before much is sent to it.
_SMALL_BYTES = 512 * 1024
# Up to this size a file is read into memory and sent in one request.
_SINGLE_BYTES = 16 * 1024 * 1024
_PART_BYTES = 8 * 1024 * 1024
_PARTS_AT_ONCE = 4


class Writer:
    """Puts files into a bucket; every method raises StoreFailedError."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._turns = _Turns()
        self.decides = self._probe()
        """Whether the store itself refuses to create an object that is there."""

    def put(
        self, key: str, source: Path, attributes: "Attributes", *, create: bool
    ) -> StoredObject:
        """Put a file under a key; raises KeyTakenError with `create`."""
        with named_failures():
            size = source.stat().st_size
            if size > _SMALL_BYTES and self.exists(key) and create:
                raise KeyTakenError
            if create:
                with self._turns.turn(key):
                    tag = self._create(key, source, size, attributes)
            else:
                tag = self._overwrite(key, source, size, attributes)
        return StoredObject(key, size, version(tag), datetime.now(UTC))

    def exists(self, key: str) -> bool:
        """Whether there is such an object; in a bucket that is not there, there is none."""
        with named_failures():
            try:
                self._bucket.client().head(key)
            except FileNotFoundError:
                return False
        return True

    def touch(self) -> None:
        """Make a small object and remove it again."""
        name = _fresh_name()
        with named_failures():
            self._bucket.client().put(name, b"0")
            self._bucket.client().delete(name)

    def _probe(self) -> bool:
        client, name, decides = self._bucket.client(), _fresh_name(), False
        try:
            with named_failures():
                for _ in range(2):
                    client.put(name, b"0", mode="create")
        except KeyTakenError:
            decides = True
        except NotOfferedError:
            self.touch()
        with named_failures():
            client.delete(name)
        return decides

    def _create(self, key: str, source: Path, size: int, attributes: "Attributes") -> str | None:
        if not self.decides:
            if self.exists(key):
                raise KeyTakenError
            return self._overwrite(key, source, size, attributes)
        content: bytes | mmap.mmap
        if size <= _SINGLE_BYTES:
            content = source.read_bytes()
        else:
            # Multipart uploads cannot create, and memory is for smaller files. Only uploads are
            # created, and only the service writes those: a file that somebody else cuts short while
            # it is mapped ends the process.
            with source.open("rb") as file:
                content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        client = self._bucket.client(size)
        done = client.put(key, content, attributes=attributes, mode="create", use_multipart=False)
        return done["e_tag"]

    def _overwrite(self, key: str, source: Path, size: int, attributes: "Attributes") -> str | None:
        client = self._bucket.client(size)
        if size <= _SINGLE_BYTES:
            content = source.read_bytes()
            done = client.put(key, content, attributes=attributes, use_multipart=False)
            return done["e_tag"]
        client.put(
            key,
            source,
            attributes=attributes,
            chunk_size=_PART_BYTES,
            max_concurrency=_PARTS_AT_ONCE,
        )
        # Some stores give the whole object another tag than they said when its parts were complete.
        return self._bucket.client().head(key)["e_tag"]


class _Turns:
    """Threads that create the same object do it one after the other.

    Some stores cannot refuse the second, and some look only when an upload begins, like Swift.
    """

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._changed = threading.Condition()

    @contextmanager
    def turn(self, key: str) -> Generator[None]:
        """The only one for this key, once the others have ended."""
        with self._changed:
            self._changed.wait_for(lambda: key not in self._taken)
            self._taken.add(key)
        try:
            yield
        finally:
            with self._changed:
                self._taken.remove(key)
                self._changed.notify_all()


def version(tag: str | None) -> str:
    """The version that an entity tag is."""
    if not tag:
        raise StoreFailedError("The object store failed: it gives objects no entity tags")
    return tag.strip('"')


def _fresh_name() -> str:
    """The name of an object that is made and removed again, to see if that can be done."""
    return f"{RESERVED}/{secrets.token_hex(16)}"

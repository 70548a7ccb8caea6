"""The store port on a bucket of an S3-compatible store.

It relies on put, get, head, list, delete and multipart uploads, and on nothing else.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

import structlog

from tintype.adapters.objects.bucket import Bucket
from tintype.adapters.objects.failures import NotOfferedError, named_failures
from tintype.adapters.objects.writing import Writer, version
from tintype.errors import (
    KeyInvalidError,
    ObjectMissingError,
    RangeInvalidError,
    SettingsInvalidError,
    StoreFailedError,
    StoreMistakenError,
)
from tintype.ports.store import MARK_PREFIX, StoredObject, refuse_reserved
from tintype.recipe.keys import check_key

if TYPE_CHECKING:
    from obstore import Attributes, GetOptions, GetResult, ObjectMeta

log = structlog.get_logger()

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}")
_MAX_KEY_BYTES = 1024

_PAGE = 1000
_CHUNK_BYTES = 256 * 1024
_MAX_CHUNK_BYTES = 1024 * 1024
_MARK = b"Tintype knows its store by this object: let it stay, and go where the others go.\n"


class ObjectStore:
    """Objects below a prefix of one bucket, for any number of threads.

    An object's version is its entity tag: all that every store says everywhere. Putting the same
    content again may leave it as it is. Multipart uploads that a killed put has left are the
    bucket's to remove, by a lifecycle rule.
    """

    def __init__(self, bucket: Bucket, writer: Writer, prefix: str) -> None:
        self._bucket = bucket
        self._writer = writer
        self._prefix = prefix

    @classmethod
    def open(cls, url: str, *, mark: str | None = None) -> Self:
        """The store at a URL like `s3://bucket/prefix`, both as they are, without any encoding.

        Raises SettingsInvalidError for any other URL, StoreMistakenError and makes nothing where
        there is no such `mark`, and StoreFailedError where the bucket is not there or cannot be
        written to.
        """
        scheme, _, address = url.partition("://")
        name, _, prefix = address.partition("/")
        prefix = prefix.removesuffix("/")
        if scheme != "s3" or not _BUCKET.fullmatch(name) or not (prefix == "" or _is_key(prefix)):
            raise SettingsInvalidError("A store needs a URL like s3://bucket or s3://bucket/prefix")
        bucket = Bucket(name, prefix)
        if mark and not _bears(bucket, mark):
            raise StoreMistakenError.without(MARK_PREFIX + mark)
        writer = Writer(bucket)
        if not writer.decides:
            log.warning("store.undecided", detail="two processes can create the same object")
        return cls(bucket, writer, prefix)

    def put(
        self,
        key: str,
        source: Path,
        *,
        content_type: str,
        cache_control: str | None = None,
        create: bool = False,
    ) -> StoredObject:
        """Send the file `source`, a large one in parts; it is there at once or not at all.

        Where the store has no conditional put, a `create` only looks before it puts: two processes
        at the same instant can both succeed, and the later object stays.
        """
        self._check_key(key)
        attributes: Attributes = {"Content-Type": content_type}
        if cache_control:
            attributes["Cache-Control"] = cache_control
        return self._writer.put(key, source, attributes, create=create)

    def fetch(self, key: str, target: Path) -> StoredObject:
        """Copy an object to the file `target` and say which version it was."""
        stored, chunks = self.read(key)
        with named_failures(), target.open("wb") as copy:
            copied = sum(map(copy.write, chunks))
        if copied != stored.size:
            raise StoreFailedError("The object store failed: it sent less than the whole object")
        return stored

    def read(
        self, key: str, *, start: int = 0, end: int | None = None
    ) -> tuple[StoredObject, Iterator[bytes]]:
        """An object and its bytes from `start` to `end`, in chunks of up to 1 MiB.

        It is one answer to one request: where the connection breaks, the rest is asked for and
        taken only if it is of the same version.
        """
        self._check_key(key)
        try:
            return self._get(key, start, end)
        except (RangeInvalidError, NotOfferedError):
            # S3 has no empty ranges, some stores none that end beyond the object, and some none.
            stored, chunks = self._get(key, 0, None)
        stop = stored.size if end is None else min(end, stored.size)
        if not 0 <= start <= stop:
            raise RangeInvalidError
        return stored, _part(chunks, start, stop)

    def head(self, key: str) -> StoredObject:
        """What the store knows of an object."""
        self._check_key(key)
        return _head(self._bucket, key)

    def delete(self, key: str) -> None:
        """Remove an object; absence is no error."""
        self._check_key(key)
        with suppress(ObjectMissingError), named_failures():
            self._bucket.client().delete(key)

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        """The objects whose keys start with `prefix`; the whole last folder of it is looked at.

        Raises StoreFailedError that names an object whose key is none, such as `a//b`: whoever put
        it there must remove it.
        """
        folder = prefix[: prefix.rfind("/") + 1]
        if folder and not _is_key(folder + "_"):  # then no key starts like this
            return
        with named_failures():
            for page in self._bucket.client().list(folder or None, chunk_size=_PAGE):
                for found in page:
                    key = found["path"]
                    if key.startswith(prefix) and _is_key(key) and self._is_object(found):
                        yield _stored(key, found)

    def check(self) -> None:
        """Raise StoreFailedError unless the bucket can be written to now."""
        self._writer.touch()

    def mark(self, name: str) -> None:
        """Leave a mark: an object below the prefix."""
        with named_failures():
            attributes: Attributes = {"Content-Type": "text/plain"}
            self._bucket.client().put(MARK_PREFIX + name, _MARK, attributes=attributes)

    def unmark(self, name: str) -> None:
        """Take a mark away."""
        with suppress(ObjectMissingError), named_failures():
            self._bucket.client().delete(MARK_PREFIX + name)

    def bears(self, name: str) -> bool:
        """Whether this mark is there."""
        return _bears(self._bucket, name)

    def _check_key(self, key: str) -> None:
        _check_key(key)
        whole = f"{self._prefix}/{key}" if self._prefix else key
        if len(whole.encode()) > _MAX_KEY_BYTES:
            raise KeyInvalidError(
                "The key is too long below the store's prefix.", "Use a shorter name, or prefix."
            )

    def _is_object(self, found: "ObjectMeta") -> bool:
        # `folder/` is how consoles keep an empty folder; it is listed without its slash.
        return found["size"] > 0 or self._writer.exists(found["path"])

    def _get(self, key: str, start: int, end: int | None) -> tuple[StoredObject, Iterator[bytes]]:
        if start < 0 or (end is not None and start >= end):
            raise RangeInvalidError
        options: GetOptions = {}
        if end is not None:
            options["range"] = (start, end)
        elif start:
            options["range"] = {"offset": start}
        with named_failures():
            found = self._bucket.client().get(key, options=options)
        return _stored(key, found.meta), _chunks(found)


def _check_key(key: str) -> None:
    check_key(key)
    refuse_reserved(key)


def _is_key(name: str) -> bool:
    try:
        _check_key(name)
    except KeyInvalidError:
        return False
    return True


def _head(bucket: Bucket, key: str) -> StoredObject:
    with named_failures():
        try:
            return _stored(key, bucket.client().head(key))
        except FileNotFoundError:
            # To a HEAD, a bucket that is not there looks like an object that is not: a GET's
            # answer has the words.
            return _stored(key, bucket.client().get(key).meta)


def _bears(bucket: Bucket, mark: str) -> bool:
    try:
        _head(bucket, MARK_PREFIX + mark)
    except ObjectMissingError:
        return False
    return True


def _chunks(found: "GetResult") -> Iterator[bytes]:
    with named_failures():
        for piece in found.stream(min_chunk_size=_CHUNK_BYTES):
            for start in range(0, len(piece), _MAX_CHUNK_BYTES):
                yield piece[start : start + _MAX_CHUNK_BYTES]


def _part(chunks: Iterator[bytes], start: int, stop: int) -> Iterator[bytes]:
    """The bytes from `start` to `stop` of all that `chunks` hold."""
    position = 0
    while start < stop and position < stop:
        chunk = next(chunks)
        if piece := chunk[max(start - position, 0) : stop - position]:
            yield piece
        position += len(chunk)


def _stored(key: str, meta: "ObjectMeta") -> StoredObject:
    return StoredObject(key, meta["size"], version(meta["e_tag"]), meta["last_modified"])

"""The store port on a folder: an object is a file, its key the path below the folder.

docs/decisions/0007-folder-store.md tells why this is not obstore's local store.
"""

import errno
import fcntl
import os
import secrets
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from stat import S_ISREG
from time import time_ns
from typing import Self
from urllib.parse import unquote, urlsplit

from tintype.errors import (
    KeyInvalidError,
    KeyTakenError,
    ObjectMissingError,
    RangeInvalidError,
    SettingsInvalidError,
    StoreFailedError,
    StoreMistakenError,
)
from tintype.ports.store import MARK_PREFIX, RESERVED, StoredObject, refuse_reserved
from tintype.recipe.keys import check_key

# NAME_MAX of the common Linux file systems.
_MAX_NAME_BYTES = 255
# Where unfinished files are: inside the folder, as a rename does not cross file systems.
_STAGING = RESERVED
_CHUNK_BYTES = 256 * 1024
# A folder that a put has just made may be taken for an empty one by a delete at the same time.
_PUBLISH_TRIES = 10
# An unfinished file may be taken for a dead process's before it is locked.
_STAGING_TRIES = 10
_MARK = b"Tintype knows its store by this file: let it stay, and go where the objects go.\n"
_SHORTEN = "Use a shorter name: letters outside ASCII take two to four bytes each."
# How the kernel says that a key's folder is a file, or its file a folder.
_CLASHES = frozenset((errno.ENOTDIR, errno.EISDIR, errno.ENOTEMPTY))
# How it says that there is no file under a key; ELOOP is a symbolic link.
_ABSENCES = frozenset((errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG))
_REMEDIES = {
    errno.ENOSPC: "free space on its disk",
    errno.EDQUOT: "remove files, or have the quota raised",
    errno.EFBIG: "raise the limit on files' sizes",
    errno.EROFS: "mount its file system for writing",
    errno.EACCES: "give the service's user the right to its files and folders",
    errno.EPERM: "give the service's user the right to its files and folders",
    errno.EIO: "look at its disk, which may be dying",
    errno.EMFILE: "raise the limit on open files (ulimit -n)",
}


class FolderStore:
    """Objects in one folder of a local file system that knows hard links and flock.

    Content types are not kept: the catalog knows the formats. Symbolic links and special files
    below the folder are no objects, and no key leads through them. What a killed put left is never
    visible, and the next `open` of the folder removes it.
    """

    def __init__(self, folder: Path, mark: str | None = None) -> None:
        self._folder = folder
        self._known_by = mark
        self._staging = folder / _STAGING

    @classmethod
    def open(cls, url: str, *, mark: str | None = None) -> Self:
        """The store at a URL like `file:///data/originals`; the folder is made where it is missing.

        Raises SettingsInvalidError for any other URL, StoreMistakenError and makes nothing where
        there is no such `mark`, and StoreFailedError where the folder cannot be made or written to.
        With a mark, every put looks for it: what is written below a mount point, while its disk is
        not mounted, is out of sight afterwards.
        """
        parts = urlsplit(url)
        folder = unquote(parts.path)
        if parts.scheme != "file" or parts.netloc or not folder.startswith("/"):
            raise SettingsInvalidError("A store needs a URL like file:///data/originals")
        store = cls(Path(folder), mark)
        store._require_mark()
        with _named_failures():
            store._staging.mkdir(parents=True, exist_ok=True)
            store = cls(Path(folder).resolve(strict=True), mark)
            store._sweep()
        return store

    def put(
        self,
        key: str,
        source: Path,
        *,
        content_type: str,  # noqa: ARG002 - a folder keeps no content types
        cache_control: str | None = None,  # noqa: ARG002 - nor this: nobody reads it but through us
        create: bool = False,
    ) -> StoredObject:
        """Copy the file `source` to `key`; it is on disk before anybody sees it."""
        path = self._path(key)
        with _named_failures(), self._staged() as (staged, target):
            self._require_mark()
            with source.open("rb", buffering=0) as file:
                _copy(file.fileno(), target)
            # The kernel's own stamps are milliseconds apart: too coarse to tell versions apart.
            now = time_ns()
            os.utime(target, ns=(now, now))
            os.fsync(target)
            with _named_clashes():
                self._publish(staged, path, create=create)
            return _stored(key, os.fstat(target))

    def fetch(self, key: str, target: Path) -> StoredObject:
        """Copy an object to the file `target`, inside the kernel, and say which version it was."""
        with _named_failures(), self._opened(key) as source:
            stored = _stored(key, os.fstat(source))
            with target.open("wb", buffering=0) as copy:
                copied = _copy(source, copy.fileno())
            if copied != stored.size:
                raise StoreFailedError("The object was changed in place while it was copied")
            return stored

    def read(
        self, key: str, *, start: int = 0, end: int | None = None
    ) -> tuple[StoredObject, Iterator[bytes]]:
        """An object and its bytes from `start` to `end`, in chunks of up to 256 KiB."""
        with _named_failures(), ExitStack() as stack:
            source = stack.enter_context(self._opened(key))
            stored = _stored(key, os.fstat(source))
            stop = stored.size if end is None else min(end, stored.size)
            if not 0 <= start <= stored.size or start > stop:
                raise RangeInvalidError
            chunks = _chunks(stack.pop_all(), source, start, stop)
            next(chunks)  # begun, so that it closes the file even if nobody takes a chunk
        return stored, chunks

    def head(self, key: str) -> StoredObject:
        """What the folder knows of an object."""
        with _named_failures(), self._opened(key) as source:
            return _stored(key, os.fstat(source))

    def delete(self, key: str) -> None:
        """Remove an object, and the folders that it leaves empty; absence is no error."""
        path = self._path(key)
        with _named_failures():
            try:
                path.unlink()
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                self._require_folder()
                return
            with suppress(FileNotFoundError):
                _sync(path.parent)
            for folder in path.parents[: key.count("/")]:
                try:
                    folder.rmdir()
                except OSError:  # other objects are in it
                    return

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        """The objects whose keys start with `prefix`; files that are no objects are left out."""
        pending = [prefix[: prefix.rfind("/") + 1]]
        if pending[0]:
            try:
                self._path(pending[0] + "_")
            except KeyInvalidError:  # then no key starts like this
                return
        self._require_folder()
        while pending:
            base = pending.pop()
            with _named_failures():
                for entry in _entries(self._folder / base):
                    key = base + entry.name
                    if not key.startswith(prefix) or not _is_key(key):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(key + "/")
                        continue
                    with suppress(FileNotFoundError):
                        status = entry.stat(follow_symlinks=False)
                        if S_ISREG(status.st_mode):
                            yield _stored(key, status)

    def check(self) -> None:
        """Raise StoreFailedError unless the folder can be written to now."""
        with _named_failures(), self._staged() as (_, target):
            os.write(target, b"0")
            os.fsync(target)

    def mark(self, name: str) -> None:
        """Leave a mark: a file in the folder."""
        with _named_failures(), self._staged() as (staged, target):
            os.write(target, _MARK)
            os.fsync(target)
            staged.replace(self._mark(name))
            _sync(self._folder)

    def unmark(self, name: str) -> None:
        """Take a mark away."""
        with _named_failures():
            self._mark(name).unlink(missing_ok=True)

    def bears(self, name: str) -> bool:
        """Whether this mark is there."""
        with _named_failures():
            try:
                self._mark(name).lstat()
            except (FileNotFoundError, NotADirectoryError):
                return False
        return True

    def _mark(self, name: str) -> Path:
        return self._folder / f"{MARK_PREFIX}{name}"

    def _require_mark(self) -> None:
        if self._known_by and not self.bears(self._known_by):
            raise StoreMistakenError.without(MARK_PREFIX + self._known_by)

    def _require_folder(self) -> None:
        """Raise StoreFailedError unless this is the store's folder: its disk may be unmounted."""
        with _named_failures():
            try:
                self._staging.stat()
            except FileNotFoundError:
                detail = "The object store failed: its folder is not there; is its disk mounted?"
                raise StoreFailedError(detail) from None

    def _path(self, key: str) -> Path:
        _check_key(key)
        folder = str(self._folder)
        for name in key.split("/")[:-1]:
            folder = f"{folder}/{name}"
            if os.path.islink(folder):  # noqa: PTH114 - pathlib takes ten times as long
                raise KeyInvalidError(
                    "The key leads through a symbolic link",
                    "Put a folder in the link's place, or choose a key that leads elsewhere.",
                )
        return self._folder / key

    @contextmanager
    def _opened(self, key: str) -> Generator[int]:
        """A descriptor of the object's file, which stays what it is if the object is replaced."""
        # Without O_NONBLOCK, opening a pipe would wait for its writer.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            source = os.open(self._path(key), flags)
        except OSError as error:
            if error.errno in _ABSENCES:
                self._require_folder()
                raise ObjectMissingError from None
            raise
        try:
            if not S_ISREG(os.fstat(source).st_mode):
                raise ObjectMissingError
            yield source
        finally:
            os.close(source)

    @contextmanager
    def _staged(self) -> Generator[tuple[Path, int]]:
        """A new file that is not visible, and removed unless it is renamed."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        for _ in range(_STAGING_TRIES):
            staged = self._staging / secrets.token_hex(16)
            try:
                target = os.open(staged, flags, 0o666)
            except FileNotFoundError:
                self._require_mark()
                self._require_folder()
                continue
            try:
                fcntl.flock(target, fcntl.LOCK_EX)  # says to `_sweep` that its maker is alive
                if os.fstat(target).st_nlink:  # else it was swept before it was locked
                    yield staged, target
                    return
            finally:
                os.close(target)
                staged.unlink(missing_ok=True)
        raise StoreFailedError("An unfinished file vanished again and again")

    def _sweep(self) -> None:
        """Remove the unfinished files whose makers are dead."""
        for entry in _entries(self._staging):
            with suppress(FileNotFoundError, BlockingIOError), open(entry.path, "rb") as left:  # noqa: PTH123 - an entry has no `open`
                fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)
                Path(entry.path).unlink()

    def _publish(self, staged: Path, path: Path, *, create: bool) -> None:
        for _ in range(_PUBLISH_TRIES):
            try:
                self._make_folder(path.parent)
                if create:
                    path.hardlink_to(staged)
                else:
                    staged.replace(path)
            except FileNotFoundError:
                continue
            except (FileExistsError, IsADirectoryError):
                if not path.is_dir():
                    raise KeyTakenError from None
                path.rmdir()  # it may be an empty one that a killed delete has left
                continue
            with suppress(FileNotFoundError):  # removed again at once
                _sync(path.parent)
            return
        raise StoreFailedError("The object's folder vanished again and again")

    def _make_folder(self, folder: Path) -> None:
        # A folder that another process is just making may not be on disk yet; it is when the
        # object's own folder is synced, as a journal keeps the order.
        if folder == self._folder or folder.is_dir():
            return
        self._make_folder(folder.parent)
        with suppress(FileExistsError):
            folder.mkdir()
        _sync(folder.parent)


def _check_key(key: str) -> None:
    """Raise KeyInvalidError for a key that a folder cannot hold faithfully."""
    check_key(key)
    if any(len(name.encode()) > _MAX_NAME_BYTES for name in key.split("/")):
        raise KeyInvalidError(
            f"A part of the key is longer than {_MAX_NAME_BYTES} bytes.", _SHORTEN
        )
    refuse_reserved(key)


def _is_key(name: str) -> bool:
    try:
        _check_key(name)
    except KeyInvalidError:
        return False
    return True


def _stored(key: str, status: os.stat_result) -> StoredObject:
    # An inode may be used again, but not at the same nanosecond.
    version = f"{status.st_ino:x}-{status.st_mtime_ns:x}-{status.st_size:x}"
    modified_at = datetime.fromtimestamp(status.st_mtime, UTC)
    return StoredObject(key, status.st_size, version, modified_at)


def _copy(source: int, target: int) -> int:
    """Copy a file from its beginning to its end inside the kernel; returns the number of bytes."""
    copied = 0
    while sent := os.sendfile(target, source, copied, 1 << 30):
        copied += sent
    return copied


def _chunks(stack: ExitStack, source: int, start: int, stop: int) -> Iterator[bytes]:
    with _named_failures(), stack:
        yield b""
        while start < stop:
            chunk = os.pread(source, min(_CHUNK_BYTES, stop - start), start)
            if not chunk:
                raise StoreFailedError("The object was cut short in place while it was read")
            start += len(chunk)
            yield chunk


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
        yield from entries


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _named_clashes() -> Generator[None]:
    """Turn what the kernel says of a key that does not fit to the others into KeyInvalidError."""
    try:
        yield
    except OSError as error:
        if error.errno in _CLASHES:
            detail = "The key is the folder of another object, or another object is its folder."
            raise KeyInvalidError(detail, "Choose another name.") from error
        if error.errno == errno.ENAMETOOLONG:
            raise KeyInvalidError("The key is too long for this folder.", _SHORTEN) from error
        raise


@contextmanager
def _named_failures() -> Generator[None]:
    """Turn what the kernel says into Tintype's failures, without any path."""
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else "an unknown reason"
        remedy = f"; {_REMEDIES[error.errno]}" if error.errno in _REMEDIES else ""
        raise StoreFailedError(f"The object store failed: {reason}{remedy}") from error

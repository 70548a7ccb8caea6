"""A file on its way in: from the network's pieces to a whole file on disk."""

import hashlib
import os
import tempfile
from pathlib import Path

from starlette.concurrency import run_in_threadpool

from tintype.errors import StoreFailedError, TooManyBytesError

# Pieces are collected up to this size before a thread writes them: large enough that the hand-over
# to the thread costs nothing, small enough that many uploads fit into memory side by side.
_PIECE_BYTES = 1024 * 1024

_FILE_PREFIX = "upload-"


class Arrival:
    """A file that arrives in pieces and must be discarded in the end, whatever happened.

    `limit` is the most bytes it may have. With `hashed`, its SHA-256 is computed as it arrives.
    """

    def __init__(self, folder: Path, limit: int, *, hashed: bool) -> None:
        self._folder = folder
        self._limit = limit
        self._digest = hashlib.sha256() if hashed else None
        self._pieces: list[bytes] = []
        self._waiting = 0  # bytes in the pieces
        self._descriptor: int | None = None
        self._path: Path | None = None
        self.size = 0  # bytes

    def take(self, piece: bytes) -> None:
        """Take the next piece into memory; raises TooManyBytesError."""
        self.size += len(piece)
        if self.size > self._limit:
            raise TooManyBytesError(f"The file is larger than the {self._limit:,} bytes allowed.")
        self._pieces.append(piece)
        self._waiting += len(piece)

    async def settle(self) -> None:
        """Write what has been taken, if it is worth a thread's while; raises StoreFailedError."""
        if self._waiting >= _PIECE_BYTES:
            await run_in_threadpool(self._write)

    def complete(self) -> Path:
        """Write the rest and return the whole file; blocks; raises StoreFailedError."""
        path = self._write()
        self._close()
        return path

    def discard(self) -> None:
        """Remove the file, if there is one; blocks."""
        self._close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def fingerprint(self, *circumstances: str | None) -> str:
        """A digest of the file and of what else makes this upload the same as another."""
        digest = hashlib.sha256(self._digest.digest() if self._digest else b"")
        for text in circumstances:
            digest.update(b"\0" if text is None else b"\1" + text.encode() + b"\0")
        return digest.hexdigest()

    def _write(self) -> Path:
        pieces, self._pieces, self._waiting = self._pieces, [], 0
        try:
            if self._path is None or self._descriptor is None:
                self._descriptor, name = tempfile.mkstemp(prefix=_FILE_PREFIX, dir=self._folder)
                self._path = Path(name)
            for piece in pieces:
                self._write_all(self._descriptor, piece)
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else "an unknown reason"
            raise StoreFailedError(f"The upload could not be written: {reason}") from error
        return self._path

    def _write_all(self, descriptor: int, piece: bytes) -> None:
        if self._digest:
            self._digest.update(piece)
        rest = memoryview(piece)
        while rest:
            rest = rest[os.write(descriptor, rest) :]

    def _close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

"""Being a user who may do nothing, for a moment."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

_NOBODY = 65534


@contextmanager
def without_rights() -> Iterator[int]:
    """Root may do anything, so as root be another user meanwhile; yields who."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(_NOBODY)
    try:
        yield os.geteuid()
    finally:
        os.seteuid(before)


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that every user can come to; pytest's own are closed."""
    with TemporaryDirectory(prefix="tintype-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)

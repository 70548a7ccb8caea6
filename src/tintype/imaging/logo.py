"""Pictures that are laid over others: small files that a recipe names."""

import base64
import json
import sys
from typing import TYPE_CHECKING

from tintype.errors import Rejection
from tintype.imaging.codec import decode
from tintype.imaging.header import inspect
from tintype.imaging.messages import Limits
from tintype.imaging.vips import prepare

if TYPE_CHECKING:
    import pyvips

MAX_BYTES = 256_000

_LIMITS = Limits(accept=("png", "webp"), max_bytes=MAX_BYTES, max_pixels=4_000_000, max_frames=1)


def decoded(content: bytes) -> "pyvips.Image":
    """A file's picture, read as strictly as originals are; raises a Rejection."""
    return decode(content, inspect(content, _LIMITS), 1.0).image


def main() -> None:
    """Say for each file on standard input what is wrong with it, or nothing.

    Both are JSON lists, the files in base64. Runs in a process of its own, because neither the
    server nor the recipe loader has libvips.
    """
    prepare()
    print(json.dumps([_fault(base64.b64decode(each)) for each in json.load(sys.stdin)]))  # noqa: T201 - its answer


def _fault(content: bytes) -> str:
    try:
        decoded(content)
    except Rejection as error:
        return error.detail
    return ""

"""A decoder that obeys what some originals say and decodes all others; runs in children."""

import errno
import os
import time
from pathlib import Path

from tintype.imaging.messages import Admit, Refused, Rendered, RenderTask
from tintype.imaging.render import render as really_render

HANG = b"hang"
DIE = b"die"
BURN = b"burn"
FULL = b"full"


def render(task: RenderTask, folder: Path, admit: Admit) -> Rendered | Refused:
    """Decode like the real one, but for the originals that are one of the words above."""
    content = (folder / task.input).read_bytes()
    if content == DIE:
        os._exit(139)
    while content == BURN:
        pass
    if content == HANG:
        time.sleep(3600)
    if content == FULL:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return really_render(task, folder, admit)

"""The ways to make the variants in Python: one program each, all spoken to alike.

A way reads one JSON object per line, {"input": file, "output": folder, "sizes": names, "formats":
names}, writes each size in each format into the folder as SIZE.FORMAT, and answers `done`.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.variants import EFFORTS, QUALITY, Work

Make = Callable[[Path, Path, Work], None]
"""Makes the variants of a file in a folder."""


def serve(make: Make) -> None:
    """Answer requests until the input ends."""
    for line in sys.stdin:
        request = json.loads(line)
        work = Work(tuple(request["formats"]), tuple(request["sizes"]))
        make(Path(request["input"]), Path(request["output"]), work)
        print("done", flush=True)


def vips_options(form: str) -> dict[str, Any]:
    """What libvips is told to encode a format like every other way."""
    options: dict[str, dict[str, Any]] = {
        "jpeg": {"Q": QUALITY, "interlace": True},
        "png": {},
        "webp": {"Q": QUALITY, "effort": EFFORTS["webp"]},
        "avif": {"Q": QUALITY, "effort": EFFORTS["avif"], "compression": "av1"},
    }
    return options[form] | {"keep": "none"}


def pillow_options(form: str) -> dict[str, Any]:
    """What Pillow is told to encode a format like every other way."""
    options: dict[str, dict[str, Any]] = {
        "jpeg": {"quality": QUALITY, "progressive": True},
        "png": {},
        "webp": {"quality": QUALITY, "method": EFFORTS["webp"]},
    }
    return options[form]

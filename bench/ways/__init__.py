"""The ways to make the variants in Python: one program each, all spoken to alike.

A way reads one JSON object per line, {"input": file, "output": folder, "format": "jpeg" | "png"},
writes the three variants into the folder as NAME.FORMAT, and answers `done`.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path

Make = Callable[[Path, Path, str], None]
"""Makes the variants of a file in a folder, in a format."""


def serve(make: Make) -> None:
    """Answer requests until the input ends."""
    for line in sys.stdin:
        request = json.loads(line)
        make(Path(request["input"]), Path(request["output"]), request["format"])
        print("done", flush=True)

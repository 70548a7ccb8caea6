"""ImageMagick or GraphicsMagick, whose program the arguments begin with: one run per variant.

The JPEG decoder is told the size, so that it shrinks.
"""

import subprocess
import sys
from functools import partial
from pathlib import Path

from bench.variants import QUALITY, Work
from bench.ways import serve


def make(program: list[str], source: Path, folder: Path, work: Work) -> None:
    for name, (width, height) in work.boxes.items():
        for form in work.formats:
            command = [*program, "-define", f"jpeg:size={2 * width}x{2 * height}", str(source)]
            command += ["-auto-orient", "-filter", "Lanczos", "-resize", f"{width}x{height}^"]
            command += ["-gravity", "center", "-extent", f"{width}x{height}", "-strip"]
            command += ["-interlace", "Line" if form == "jpeg" else "None"]
            # Of PNG, this would be the kind of compression.
            command += [] if form == "png" else ["-quality", str(QUALITY)]
            command.append(str(folder / f"{name}.{form}"))
            # They warn of metadata that they cannot read.
            ran = subprocess.run(command, capture_output=True, text=True, check=False)
            assert ran.returncode == 0, ran.stderr


if __name__ == "__main__":
    serve(partial(make, sys.argv[1:]))

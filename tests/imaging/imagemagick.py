"""What ImageMagick sees in a file: decoders, color engine and readers of animations of its own."""

import io
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

PROGRAMS = ("magick", "convert-im6.q16")
"""ImageMagick 7, and 6 by the name that Debian has for it."""


@dataclass(frozen=True)
class Shown:
    """An animation as it is shown."""

    frames: tuple[Image.Image, ...]
    delays: tuple[int, ...]
    """In hundredths of a second."""

    plays: int
    """How often it is played; 0 for without end."""


class ImageMagick:
    """The program, with the profile of sRGB for it in a file."""

    def __init__(self, program: str, srgb: Path) -> None:
        self._program = program
        self._srgb = srgb

    def picture(self, file: Path) -> Image.Image | None:
        """The first picture of a file, upright, in sRGB, over white; None if it cannot be read."""
        made = self._run(
            f"{file}[0]",
            *("-auto-orient", "+repage"),
            *("-profile", str(self._srgb), "-colorspace", "sRGB"),
            *("-background", "white", "-flatten", "-depth", "8", "ppm:-"),
        )
        return Image.open(io.BytesIO(made)).convert("RGB") if made else None

    def animation(self, file: Path) -> Shown:
        """All frames of a file."""
        told = self._run(str(file), "-coalesce", "-format", "%w %h %T\n", "info:").decode()
        sizes = [tuple(map(int, line.split())) for line in told.splitlines()]
        width, height, _ = sizes[0]
        pixels = self._run(str(file), "-coalesce", "-depth", "8", "rgba:-")
        size = width * height * 4
        plays = re.search(rb"Iterations: (\d+)", self._run(f"{file}[0]", "-verbose", "info:"))
        return Shown(
            frames=tuple(
                Image.frombytes("RGBA", (width, height), pixels[at : at + size])
                for at in range(0, len(pixels), size)
            ),
            delays=tuple(delay for _, _, delay in sizes),
            plays=int(plays[1]) if plays else 1,
        )

    def _run(self, *arguments: str) -> bytes:
        environment = {"PATH": "/usr/bin:/bin", "MAGICK_THREAD_LIMIT": "1"}
        ran = subprocess.run(
            [self._program, *arguments],
            capture_output=True,
            timeout=60,
            env=environment,
        )
        return ran.stdout  # it complains of much that it reads all the same


def found(srgb: Path) -> ImageMagick:
    """The program of this machine; where there is none, the test is skipped."""
    for name in PROGRAMS:
        if program := shutil.which(name):
            return ImageMagick(program, srgb)
    pytest.skip("no ImageMagick on this machine")

"""(c) The largest resident memory of a decoder child on photographs of 24 and of 100 MP."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psutil
import pyvips

from bench.photographs import write_photograph
from bench.variants import THREE
from bench.ways.tintype_sandbox import renderer
from tintype.imaging.sandbox import Sandbox

TILE = (3000, 2075)
SIZES = {"24 MP": 2, "100 MP": 4}
"""How many times, across and down, a smaller photograph is laid out: 6000 x 4150, 12000 x 8300."""

KINDS = ("baseline", "progressive")


@dataclass(frozen=True)
class Peak:
    """What was measured of one photograph."""

    photograph: str
    megabytes: float  # the child's peak, with what it shares with the others
    idle_megabytes: float  # the same before its first task


def measure(folder: Path) -> list[Peak]:
    """Measure baseline and progressive JPEG, each in a fresh child."""
    tile = folder / "tile.jpg"
    write_photograph(tile, *TILE, progressive=False)
    return [_measured(tile, folder, size, kind) for size in SIZES for kind in KINDS]


def _measured(tile: Path, folder: Path, size: str, kind: str) -> Peak:
    source = folder / f"{size}-{kind}.jpg"
    picture = pyvips.Image.new_from_buffer(tile.read_bytes(), "").replicate(
        SIZES[size], SIZES[size]
    )
    picture.jpegsave(str(source), Q=90, interlace=kind == "progressive", subsample_mode="on")
    scratch, out = source.with_suffix(".scratch"), source.with_suffix(".out")
    scratch.mkdir()
    out.mkdir()
    with Sandbox(1, scratch) as sandbox, ThreadPoolExecutor(1) as thread:
        _ = sandbox.confinement  # waits for the child to be ready
        idle = peak = _largest()
        rendering = thread.submit(renderer(sandbox), source, out, THREE)
        # A child that has grown is replaced after its task, so it is looked at while it works.
        while not rendering.done():
            peak = max(peak, _largest())
            time.sleep(0.001)
        rendering.result()
    return Peak(f"{size}, {kind}", peak, idle)


def _largest() -> float:
    """The largest peak of the processes below this one, in MB, as the kernel keeps it."""
    peaks = [0.0]
    for child in psutil.Process().children(recursive=True):
        try:
            status = Path(f"/proc/{child.pid}/status").read_text()
        except OSError:
            continue  # it has ended
        if found := re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE):
            peaks.append(int(found[1]) * 1024 / 1e6)
    return max(peaks)

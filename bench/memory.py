"""(c) The largest resident memory of a decoder child on a photograph of 24 MP."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.photographs import write_photograph
from bench.ways.tintype_sandbox import renderer
from tintype.imaging.sandbox import Sandbox

WIDTH, HEIGHT = 6000, 4000


@dataclass(frozen=True)
class Peak:
    """What was measured of one photograph."""

    photograph: str
    megabytes: float  # the child's peak, with what it shares with the others
    idle_megabytes: float  # the same before its first task


def measure(folder: Path) -> list[Peak]:
    """Measure a baseline and a progressive JPEG, each in a fresh child."""
    return [
        _measure(folder / f"{kind}.jpg", kind, progressive=kind == "progressive")
        for kind in ("baseline", "progressive")
    ]


def _measure(source: Path, kind: str, *, progressive: bool) -> Peak:
    write_photograph(source, WIDTH, HEIGHT, progressive=progressive)
    scratch, out = source.with_suffix(".scratch"), source.with_suffix(".out")
    scratch.mkdir()
    out.mkdir()
    with Sandbox(1, scratch) as sandbox, ThreadPoolExecutor(1) as thread:
        _ = sandbox.confinement  # waits for the child to be ready
        idle = peak = _largest()
        rendering = thread.submit(renderer(sandbox), source, out, "jpeg")
        # A child that has grown is replaced after its task, so it is looked at while it works.
        while not rendering.done():
            peak = max(peak, _largest())
            time.sleep(0.001)
        rendering.result()
    return Peak(f"24 MP, {kind}", peak, idle)


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

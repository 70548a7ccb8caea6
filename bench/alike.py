"""How `quality: auto` does against a fixed quality of 80, as JPEG: what its target was set by.

`python -m bench.alike [SIDE]` scales all photographs of the collection into SIDE x SIDE * 3/4 (800)
and prints a table for docs/encoding.md.
"""

import os
import sys
import time
from pathlib import Path
from statistics import mean, quantiles

import pyvips

from bench.photographs import ROOT
from tintype.imaging.alike import TARGET, least_quality
from tintype.imaging.messages import Output
from tintype.imaging.save import saved
from tintype.imaging.ssimulacra2 import Reference

OUTPUT = Output(format="jpeg", quality="auto")
FIXED = 80


def main(side: int) -> None:
    """Print the scores and sizes of both."""
    collection = Path(os.environ.get("TINTYPE_CORPUS", ROOT.parent / "shared" / "corpus"))
    fixed, auto = [], []
    for source in sorted(collection.glob("photos/*.jpg")):
        try:
            picture = pyvips.Image.thumbnail(str(source), side, height=side * 3 // 4, size="down")
            picture = picture.colourspace("srgb").copy_memory()
        except pyvips.Error:  # a damaged one is no photograph to measure
            continue
        reference = Reference(picture)
        fixed.append(_measured(reference, saved(picture, OUTPUT, "jpeg", FIXED)))
        before = time.process_time()
        quality, content = least_quality(picture, OUTPUT, "jpeg")
        content = content or saved(picture, OUTPUT, "jpeg", quality)
        spent = (time.process_time() - before) * 1000
        auto.append((*_measured(reference, content), spent, quality))
    print(f"{len(fixed)} photographs within {side} x {side * 3 // 4}; the target is {TARGET:g}\n")
    print("| quality | score: p10 | median | kB | CPU ms |")
    print("|---|---|---|---|---|")
    for name, rows in ((str(FIXED), fixed), ("auto", auto)):
        columns = list(zip(*rows, strict=True))
        scores, sizes = columns[:2]
        tenths = quantiles(scores, n=10)
        cost = f"{mean(columns[2]):.0f}" if len(columns) > 2 else ""
        print(f"| {name} | {tenths[0]:.1f} | {tenths[4]:.1f} | {mean(sizes):.1f} | {cost} |")
    chosen = sorted(int(each[3]) for each in auto)
    print(f"\nauto chose qualities from {chosen[0]} to {chosen[-1]}")


def _measured(reference: Reference, content: bytes) -> tuple[float, float]:
    made = pyvips.Image.new_from_buffer(content, "").copy_memory()
    return reference.score(made), len(content) / 1000


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 800)

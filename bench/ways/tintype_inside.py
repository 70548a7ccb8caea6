"""Tintype's pipeline in this process, without its sandbox: to compare it with a library."""

import tempfile
from pathlib import Path

from bench.variants import Work
from bench.ways import serve
from bench.ways.tintype_sandbox import keep, task
from tintype.imaging.render import render


def make(source: Path, folder: Path, work: Work) -> None:
    order = task(work)
    with tempfile.TemporaryDirectory(prefix="tintype-bench-") as scratch:
        job = Path(scratch)
        (job / order.input).symlink_to(source)
        keep(render(order, job), source, job, folder)


if __name__ == "__main__":
    serve(make)

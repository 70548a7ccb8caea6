"""Tintype: one decode for all variants, in a sandboxed child process."""

import shutil
import tempfile
from pathlib import Path

from bench.variants import QUALITY, Work
from bench.ways import Make, serve
from tintype.imaging.messages import Limits, Output, Refused, Rendered, RenderTask, VariantTask
from tintype.imaging.operations.resize import Resize
from tintype.imaging.sandbox import Sandbox

LIMITS = Limits(
    accept=("jpeg", "png", "webp", "avif"),
    max_bytes=100_000_000,
    max_pixels=100_000_000,
    max_frames=1,
)


def task(work: Work) -> RenderTask:
    """The work in Tintype's own words."""
    formats = tuple(form for form in ("jpeg", "png", "webp", "avif") if form in work.formats)
    return RenderTask(
        input="original",
        limits=LIMITS,
        variants=tuple(
            VariantTask(
                name=name,
                operations=(Resize(width=width, height=height, fit="cover", enlarge=True),),
                # An interlaced PNG is not what the others make.
                output=Output(
                    formats=formats, quality=QUALITY, progressive=work.formats != ("png",)
                ),
            )
            for name, (width, height) in work.boxes.items()
        ),
    )


def keep(reply: Rendered | Refused, source: Path, job: Path, folder: Path) -> None:
    """Move what was made to where the bench looks for it."""
    assert not isinstance(reply, Refused), f"{source.name}: {reply}"
    for made in reply.files:
        shutil.move(job / made.file, folder / f"{made.variant}.{made.format}")


def renderer(sandbox: Sandbox) -> Make:
    def make(source: Path, folder: Path, work: Work) -> None:
        order = task(work)
        with sandbox.folder() as job:
            shutil.copyfile(source, job / order.input)
            keep(sandbox.render(order, job), source, job, folder)

    return make


if __name__ == "__main__":
    with (
        tempfile.TemporaryDirectory(prefix="tintype-bench-") as scratch,
        Sandbox(1, Path(scratch)) as sandbox,
    ):
        serve(renderer(sandbox))

"""Tintype: one decode for all variants, in a sandboxed child process."""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from bench.variants import QUALITY, VARIANTS
from bench.ways import serve
from tintype.imaging.messages import Limits, Output, Refused, RenderTask, VariantTask
from tintype.imaging.operations.resize import Resize
from tintype.imaging.sandbox import Sandbox

OUTPUT = Output(format="jpeg", quality=QUALITY, progressive=True)
TASK = RenderTask(
    input="original",
    limits=Limits(accept=("jpeg",), max_bytes=50_000_000, max_pixels=100_000_000, max_frames=1),
    variants=tuple(
        VariantTask(
            name=name,
            operations=(Resize(width=width, height=height, fit="cover", enlarge=True),),
            output=OUTPUT,
        )
        for name, (width, height) in VARIANTS.items()
    ),
)


def renderer(sandbox: Sandbox) -> Callable[[Path, Path, str], None]:
    def make(source: Path, folder: Path, form: str) -> None:
        output = replace(OUTPUT, format="png" if form == "png" else "jpeg")
        task = replace(TASK, variants=tuple(replace(each, output=output) for each in TASK.variants))
        with sandbox.folder() as job:
            shutil.copyfile(source, job / task.input)
            reply = sandbox.render(task, job)
            assert not isinstance(reply, Refused), f"{source.name}: {reply}"
            for made in reply.files:
                shutil.move(job / made.file, folder / f"{made.variant}.{form}")

    return make


if __name__ == "__main__":
    with (
        tempfile.TemporaryDirectory(prefix="tintype-bench-") as scratch,
        Sandbox(1, Path(scratch)) as sandbox,
    ):
        serve(renderer(sandbox))

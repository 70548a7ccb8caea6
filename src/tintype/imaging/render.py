"""From an original's file to the files of its variants. Runs in decoder children only."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

from tintype.errors import Rejection, TooManyBytesError
from tintype.imaging.codec import decode
from tintype.imaging.encode import chosen_format, encode
from tintype.imaging.geometry import Size
from tintype.imaging.header import inspect, upright
from tintype.imaging.messages import (
    EXTENSIONS,
    Limits,
    Refused,
    Rendered,
    RenderedFile,
    RenderTask,
    VariantTask,
)
from tintype.imaging.operations import in_phases
from tintype.imaging.operations.resize import Resize
from tintype.imaging.raster import Raster
from tintype.imaging.shortage import wanted_memory
from tintype.imaging.vips import prepare
from tintype.model import Facts

if TYPE_CHECKING:
    import pyvips


def render(task: RenderTask, folder: Path) -> Rendered | Refused:
    """Check the original and make its variants, as files of the folder.

    Reads `folder / task.input` and writes `0.jpg`, `1.webp` ... in the order of the task's
    variants; no name that comes from outside is used. A Refused value has the facts where the
    header was sound and the pixels are not.
    """
    prepare()
    begun = time.monotonic()
    facts = None
    try:
        content = _read(folder / task.input, task.limits)
        facts = inspect(content, task.limits)
        validated = time.monotonic()
        files = _make_all(task, content, facts, folder)
    except Rejection as error:
        if wanted_memory(error):  # which is no verdict on the image
            raise
        return Refused(code=error.code, detail=error.detail, facts=facts)
    return Rendered(
        facts=facts,
        files=files,
        validate_seconds=validated - begun,
        render_seconds=time.monotonic() - validated,
    )


def _make_all(
    task: RenderTask, content: bytes, facts: Facts, folder: Path
) -> tuple[RenderedFile, ...]:
    size = upright(facts)
    raster = decode(content, facts, max((_scale(each, size) for each in task.variants), default=0))
    return tuple(
        _make(raster, variant, facts.format, folder, number)
        for number, variant in enumerate(task.variants)
    )


def _read(source: Path, limits: Limits) -> bytes:
    size = source.stat().st_size
    if size > limits.max_bytes:
        raise TooManyBytesError(f"The file has {size:,} bytes, more than {limits.max_bytes:,}.")
    return source.read_bytes()


def _scale(variant: VariantTask, picture: Size) -> float:
    """The scale at which a variant uses the picture: below 1 where a resize comes first."""
    for operation in in_phases(variant.operations)[:1]:
        if isinstance(operation, Resize):
            scaled = operation.fitted(picture).scaled
            return max(scaled.width / picture.width, scaled.height / picture.height)
    return 1.0


def _make(
    raster: Raster, variant: VariantTask, original: str, folder: Path, number: int
) -> RenderedFile:
    image = _operated(raster, variant)
    output_format = chosen_format(variant.output, original)
    content = encode(image, variant.output, output_format)
    file = f"{number}.{EXTENSIONS[output_format]}"
    (folder / file).write_bytes(content)
    return RenderedFile(
        variant=variant.name,
        file=file,
        format=output_format,
        width=image.width,
        height=image.height,
        bytes=len(content),
    )


def _operated(raster: Raster, variant: VariantTask) -> "pyvips.Image":
    operations = in_phases(variant.operations)
    image = raster.image
    if operations and isinstance(operations[0], Resize):
        image, operations = operations[0].draw(raster), operations[1:]
    for operation in operations:
        image = operation.apply(image)
    return image

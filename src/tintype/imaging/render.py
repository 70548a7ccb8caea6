"""From an original's file to the files of its variants. Runs in decoder children only."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tintype.errors import Rejection, TooManyBytesError
from tintype.imaging.animation import Animation, check_frames, is_kept
from tintype.imaging.codec import decode
from tintype.imaging.color import Space
from tintype.imaging.encode import encoded
from tintype.imaging.estimate import estimate
from tintype.imaging.filmstrip import first_of
from tintype.imaging.header import examine, upright
from tintype.imaging.messages import (
    EXTENSIONS,
    Admit,
    Limits,
    Refused,
    Rendered,
    RenderedFile,
    RenderTask,
    Timed,
    VariantTask,
)
from tintype.imaging.metadata import NONE, Metadata, kept, read
from tintype.imaging.operations import in_phases, perform
from tintype.imaging.operations.resize import Resize
from tintype.imaging.raster import Raster
from tintype.imaging.scale import deciding, largest_scale
from tintype.imaging.shortage import wanted_memory
from tintype.imaging.vips import prepare
from tintype.model import Facts

if TYPE_CHECKING:
    import pyvips


_Made = tuple[tuple[RenderedFile, ...], tuple[Timed, ...]]


def render(task: RenderTask, folder: Path, admit: Admit = lambda _: None) -> Rendered | Refused:
    """Check the original and make its variants, as files of the folder.

    Reads `folder / task.input` and writes `0.avif`, `0.jpg`, `1.webp` ... in the order of the
    task's variants and their formats; no name that comes from outside is used. A Refused value has
    the facts where the header was sound and the pixels are not. `admit` is
    called between the two.
    """
    prepare(task.limits.accept)
    begun = time.monotonic()
    facts = None
    try:
        content = _read(folder / task.input, task.limits)
        facts, coded = examine(content, task.limits)
        if any(is_kept(each.output, facts) for each in task.variants):
            check_frames(facts, task.limits)
        estimated = estimate(facts, coded, task)
        admit(estimated.peak)
        validated = time.monotonic()
        nothing: _Made = (), ()
        files, parts = nothing if task.only_look else _make_all(task, content, facts, folder)
    except Rejection as error:
        if wanted_memory(error):  # which is no verdict on the image
            raise
        return Refused(code=error.code, detail=error.detail, facts=facts)
    return Rendered(
        facts=facts,
        files=files,
        validate_seconds=validated - begun,
        render_seconds=time.monotonic() - validated,
        estimate=estimated,
        parts=parts,
    )


def _make_all(task: RenderTask, content: bytes, facts: Facts, folder: Path) -> _Made:
    clock = _Clock()
    stills = tuple(each for each in task.variants if not is_kept(each.output, facts))
    moving = tuple(each for each in task.variants if is_kept(each.output, facts))
    scale = largest_scale(stills, upright(facts), task.limits.max_pixels)
    sources: dict[tuple[Space, bool], Raster | Animation] = {}
    spaces = dict.fromkeys(each.output.color for each in stills)
    if not task.variants:  # the image has to be whole all the same
        spaces = {"srgb": None}
    for space in spaces:
        raster = decode(content, facts, scale, space)
        sources[space, False] = replace(raster, faces=task.faces)
    for space in dict.fromkeys(each.output.color for each in moving):
        sources[space, True] = Animation(content, facts, space, task.limits, task.faces)
    stripped = all(each.output.metadata == "strip" for each in task.variants)
    original = NONE if stripped else read(facts.format, content)
    clock.ended("decode")
    files = []
    for number, variant in enumerate(task.variants):
        source = sources[variant.output.color, variant in moving]
        for file in _make(source, variant, original, facts.format, folder, number):
            files.append(file)
            clock.ended(file.entry)
    return tuple(files), tuple(clock.parts)


class _Clock:
    """Tells how long each part of the work took, one after the other."""

    def __init__(self) -> None:
        self.parts: list[Timed] = []
        self._begun = time.monotonic()

    def ended(self, part: str) -> None:
        now = time.monotonic()
        self.parts.append(Timed(part=part, seconds=now - self._begun))
        self._begun = now


def _read(source: Path, limits: Limits) -> bytes:
    size = source.stat().st_size
    if size > limits.max_bytes:
        raise TooManyBytesError(f"The file has {size:,} bytes, more than {limits.max_bytes:,}.")
    return source.read_bytes()


def _make(
    source: Raster | Animation,
    variant: VariantTask,
    original: Metadata,
    original_format: str,
    folder: Path,
    number: int,
) -> Iterator[RenderedFile]:
    metadata = kept(original, variant.output.metadata, source.profile)
    strip = None
    if isinstance(source, Animation):
        strip = metadata.put(source.operated(variant.operations))
        image = first_of(strip)
    else:
        image = metadata.put(_operated(source, variant))
    for output_format, content in encoded(image, variant.output, original_format, strip):
        file = f"{number}.{EXTENSIONS[output_format]}"
        (folder / file).write_bytes(content)
        yield RenderedFile(
            variant=variant.name,
            file=file,
            format=output_format,
            width=image.width,
            height=image.height,
            bytes=len(content),
        )


def _operated(raster: Raster, variant: VariantTask) -> "pyvips.Image":
    if raster.enlarged and not isinstance(deciding(variant), Resize):
        raster = raster.in_full()
    for operation in in_phases(variant.operations):
        raster = perform(operation, raster)
    return raster.image

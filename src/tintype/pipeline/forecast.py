"""What a recipe does with one file, told before it is done, or measured while it is."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from tintype.errors import DecoderDiedError, ResourceLimitError, TooManyBytesError
from tintype.imaging.geometry import Size
from tintype.imaging.header import upright
from tintype.imaging.messages import Estimate, Rendered
from tintype.imaging.operations.resize import Resize
from tintype.imaging.sandbox import Sandbox
from tintype.imaging.scale import deciding, reduced, scale
from tintype.model import Failure
from tintype.pipeline.plan import verdict
from tintype.pipeline.record import Record
from tintype.pipeline.steps import INPUT, render
from tintype.recipe.schema import Recipe


@dataclass(frozen=True, slots=True)
class Forecast:
    """What becomes of a file."""

    rendered: Rendered
    """What the header says, and what was made if anything was."""

    estimate: Estimate
    decoded: Size
    """The upright picture as it is decoded, perhaps reduced."""

    reason: str
    """Why it is decoded at that size, in words."""


def forecast(recipe: Recipe, sandbox: Sandbox, file: Path, *, run: bool) -> Forecast:
    """Look at a file as the service would; `run` makes its variants too, and throws them away.

    Raises the Rejection that the service would find, SystemFailure, and OSError.
    """
    if file.stat().st_size > recipe.originals.max_bytes:
        raise TooManyBytesError
    with sandbox.folder() as folder:
        shutil.copyfile(file, folder / INPUT)
        try:
            rendered = render(sandbox, recipe, folder, Record(attempt=1), only_look=not run)
        except DecoderDiedError as error:
            raise verdict(error, [Failure.of(error)]) from None
    if rendered.estimate is None:
        raise ResourceLimitError
    factor, size = rendered.estimate.factor, upright(rendered.facts)
    return Forecast(
        rendered=rendered,
        estimate=rendered.estimate,
        decoded=reduced(size, factor),
        reason=_reason(recipe, size, factor),
    )


def _reason(recipe: Recipe, size: Size, factor: float) -> str:
    """Why the picture is decoded at this scale: the variant that uses the most of it decides."""
    tasks = recipe.tasks()
    largest = max(tasks, key=lambda each: scale(each, size))
    first = deciding(largest)
    if first is None:
        return f"{largest.name} keeps its size"
    if not isinstance(first, Resize):
        return f"{largest.name} does {first.name} before any resize, which takes every pixel"
    used = f"{largest.name} uses the most of it, at {scale(largest, size):.3g} of its size"
    return used if factor != 1 else f"{used}: too much for half the resolution"

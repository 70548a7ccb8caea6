"""`tintype recipe plan`: what a recipe does with a file, step by step."""

import json
import tempfile
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter

from tintype.bootstrap import open_sandbox
from tintype.entrypoints.cli.terminal import size
from tintype.entrypoints.cli.wording import applied
from tintype.errors import ParameterInvalidError, TintypeError
from tintype.imaging.encode import chosen_formats
from tintype.imaging.messages import VariantTask
from tintype.imaging.operations import AnyOperation, Operation, in_phases
from tintype.imaging.sandbox import Sandbox
from tintype.pipeline.forecast import Forecast, forecast
from tintype.recipe.loader import load
from tintype.recipe.schema import Recipe
from tintype.settings import Settings, environment, load_settings
from tintype.text import printable

_WIDTH = 80
_INDENT = 11  # where what is told of a step begins
_operation: TypeAdapter[Operation] = TypeAdapter(AnyOperation)


def plan(
    recipe: Annotated[Path, typer.Argument(help="The recipe file.")],
    file: Annotated[Path, typer.Argument(help="An image.")],
    run: Annotated[
        bool, typer.Option("--run/--no-run", help="Make the variants once, to tell the times.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Show what a recipe does with an image: scale, order, memory, and how long each step takes.

    Nothing is kept. Exits with 1 where the recipe would reject the image, and says why.

    Example: `tintype recipe plan recipe.yaml photo.jpg`
    """
    resolved, settings = load(recipe, environment()), load_settings(decoders=1)
    with (
        tempfile.TemporaryDirectory(prefix="tintype-") as scratch,
        open_sandbox(settings, Path(scratch)) as sandbox,
    ):
        _ = sandbox.confinement  # waits for the child, whose start is no part of the times
        found, failure = _forecast(resolved, sandbox, file, run=run)
    measured = run and failure is None
    if as_json:
        content = _content(resolved, found, settings)
        print(json.dumps({"file": str(file), "measured": measured, **content}, indent=2))
    else:
        for line in _lines(resolved, found, settings, run=measured):
            print(printable(line))
    if failure:
        raise failure


def _forecast(
    recipe: Recipe, sandbox: Sandbox, file: Path, *, run: bool
) -> tuple[Forecast, TintypeError | None]:
    """The plan, and why the run of it failed, if it did: what was to be done is told all the same.

    Raises what a look at the header finds.
    """
    try:
        try:
            return forecast(recipe, sandbox, file, run=run), None
        except TintypeError as failure:
            if not run:
                raise
            return forecast(recipe, sandbox, file, run=False), failure
    except OSError as error:
        raise ParameterInvalidError(f"{file} cannot be read: {error.strerror}.") from None


def _content(recipe: Recipe, found: Forecast, settings: Settings) -> dict[str, Any]:
    """The plan for programs."""
    seconds = _seconds(found)
    return {
        "recipe": recipe.name,
        "original": asdict(found.rendered.facts),
        "decode": {
            "reduced_by": found.estimate.factor,
            **asdict(found.decoded),
            "reason": found.reason,
            "seconds": seconds.get("decode"),
        },
        "variants": [_variant(task, found, seconds) for task in recipe.tasks()],
        "memory": {
            "estimated": True,
            "decoding": found.estimate.decoding,
            "peak": found.estimate.peak,
            "limit": settings.memory,
        },
        "seconds": {
            "validate": found.rendered.validate_seconds,
            "render": found.rendered.render_seconds if seconds else None,
        },
    }


def _variant(task: VariantTask, found: Forecast, seconds: Mapping[str, float]) -> dict[str, Any]:
    return {
        "name": task.name,
        "operations": [
            {"phase": each.phase.name.lower(), **_operation.dump_python(each, mode="json")}
            for each in in_phases(task.operations)
        ],
        "formats": chosen_formats(task.output, found.rendered.facts.format),
        "memory": found.estimate.variants[task.name],
        "files": [
            {
                "format": made.format,
                "width": made.width,
                "height": made.height,
                "bytes": made.bytes,
                "seconds": seconds[made.entry],
            }
            for made in found.rendered.files
            if made.variant == task.name
        ],
    }


def _seconds(found: Forecast) -> dict[str, float]:
    return {each.part: each.seconds for each in found.rendered.parts}


def _lines(recipe: Recipe, found: Forecast, settings: Settings, *, run: bool) -> Iterator[str]:
    """The plan for people."""
    facts, seconds = found.rendered.facts, _seconds(found)
    frames = f", {facts.frames:,} frames" if facts.frames > 1 else ""
    turned = f", orientation {facts.orientation}" if facts.orientation != 1 else ""
    told = f"{facts.format}, {facts.width} x {facts.height}, {size(facts.bytes)}{turned}{frames}"
    yield _step("original", told, found.rendered.validate_seconds)
    factor, decoded = found.estimate.factor, found.decoded
    scale = "at full size" if factor == 1 else f"at 1/{factor}"
    if not isinstance(factor, int):  # drawn
        scale = f"at {1 / factor:.3g} of its size"
    yield _step("decode", f"{scale}, {decoded.width} x {decoded.height}", seconds.get("decode"))
    yield from _told(found.reason)
    spaces = dict.fromkeys(each.output.color for each in recipe.tasks())
    if len(spaces) > 1:
        yield from _told(f"once for each color space: {', '.join(spaces)}")
    for task in recipe.tasks():
        yield ""
        yield from _variant_lines(task, found, seconds)
    yield ""
    peak = found.estimate.peak
    when = [name for name, needed in found.estimate.variants.items() if needed == peak]
    during = f"making {when[0]}" if when else "decoding"
    yield _step("memory", f"at most {size(peak)}, estimated, while {during}", None)
    yield from _told(f"of {size(settings.memory)} for all images under way (TINTYPE_MEMORY)")
    if run:
        yield _step("total", "", found.rendered.validate_seconds + found.rendered.render_seconds)
    else:
        yield _step("total", "not run, so no times are known", None)


def _variant_lines(
    task: VariantTask, found: Forecast, seconds: Mapping[str, float]
) -> Iterator[str]:
    ordered = in_phases(task.operations)
    yield _step(task.name, "from the decoded picture", None)
    for operation in ordered:
        told = f"{operation.phase.name.lower()}: {applied(operation)}"
        yield from _told(told, deeper="  ")
    formats = chosen_formats(task.output, found.rendered.facts.format)
    if len(formats) > 1:
        yield from _told(f"these pixels are encoded {len(formats)} times")
    made = [each for each in found.rendered.files if each.variant == task.name]
    for each in made:
        told = f"{each.format}, {each.width} x {each.height}, {size(each.bytes)}"
        yield _step("", told, seconds[each.entry])
    if not made:
        yield from _told(", ".join(formats))


def _step(name: str, told: str, seconds: float | None) -> str:
    """A line with the time it takes at its end, if that is known."""
    line = f"{name:<{_INDENT - 1}} {told}"
    if seconds is None:
        return line.rstrip()
    spent = f"{seconds * 1000:,.1f} ms"
    return f"{line:<{_WIDTH - len(spent) - 1}} {spent}"


def _told(text: str, deeper: str = "") -> list[str]:
    """More of a step, folded to the width of a terminal."""
    indent = " " * _INDENT
    return textwrap.wrap(text, _WIDTH, initial_indent=indent, subsequent_indent=indent + deeper)

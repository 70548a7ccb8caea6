"""`./do docs`: the reference of the operations, made by running them.

Writes the table in `docs/recipe.md` anew, and into a folder the page `index.html` with a picture of
each example. The pictures come from the recipe's loader, the decoder children and the encoders that
the service has; the recipe that made them lies beside them.
"""

import html
import re
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from PIL import Image, ImageOps
from rich.console import Console

from tintype.bootstrap import open_sandbox
from tintype.errors import TintypeError
from tintype.imaging.operations import OPERATIONS
from tintype.model import ImageState
from tintype.pipeline.develop import Darkroom, DevelopedVariant, Source
from tintype.recipe.loader import load
from tintype.settings import load_settings
from tools.operations import PAGE, Described, Example, choices, described, examples, page_with_table
from tools.photographs import write_photographs

FOLDER = Path(__file__).parents[1] / "build" / "docs" / "operations"
PHOTOGRAPH = "coffee.jpg"

# What only cuts borders away has nothing to do on a photograph without any.
_NEED_A_BORDER = frozenset({"trim"})
_BORDER = (24, 16, 60, 16)  # left, top, right, bottom
_BORDER_COLOR = "#e9e4da"

_UNCHANGED = "original"


@dataclass(frozen=True, slots=True)
class Shown:
    """An example and what became of it: its picture, and the one without the operation."""

    example: Example
    after: DevelopedVariant
    before: DevelopedVariant


class UnusableError(Exception):
    """A photograph of which no pictures can be made."""


def main(arguments: list[str], folder: Path = FOLDER) -> int:
    """Write the table and the page, of a photograph of the caller's or of our own."""
    console = Console()
    try:
        index = write_page(folder, Path(arguments[0]) if arguments else None)
    except (TintypeError, UnusableError) as error:
        console.print(str(error), style="red", markup=False)
        return 1
    PAGE.write_text(page_with_table())
    console.print(f"{PAGE}: table written")
    console.print(f"{index}: open it in a browser")
    return 0


def write_page(folder: Path, photograph: Path | None = None) -> Path:
    """Write the page and its pictures into a folder; returns the page's path.

    Raises RecipeProblemsError for an example that is no valid recipe, and UnusableError for a
    photograph that cannot be read or is refused.
    """
    shown = developed(examples(), folder, "examples", photograph)
    fits = developed(_fits(), folder, "fits", photograph)
    gravities = developed(_gravities(), folder, "gravities", photograph)
    operations = [described(each) for each in OPERATIONS]
    index = folder / "index.html"
    index.write_text(_rendered(operations, shown, fits, gravities, folder))
    return index


def developed(
    wanted: Iterable[Example], folder: Path, name: str, photograph: Path | None = None
) -> list[Shown]:
    """The examples with their pictures below a folder; all are variants of one recipe there."""
    named = {f"{number:02}-{each.operation}": each for number, each in enumerate(wanted, 1)}
    bordered = {key for key, each in named.items() if each.operation in _NEED_A_BORDER}
    made: dict[str, tuple[DevelopedVariant, DevelopedVariant]] = {}
    for kind, keys in (("plain", named.keys() - bordered), ("bordered", bordered)):
        if not keys:
            continue
        recipe = folder / f"{name}-{kind}.yaml"
        recipe.parent.mkdir(parents=True, exist_ok=True)
        recipe.write_text(_recipe(f"{name}-{kind}", {key: named[key] for key in sorted(keys)}))
        variants = _developed(recipe, photograph, bordered=kind == "bordered")
        made |= {key: (variants[key], variants[_UNCHANGED]) for key in keys}
    return [Shown(each, *made[key]) for key, each in named.items()]


def _developed(
    recipe: Path, photograph: Path | None, *, bordered: bool
) -> dict[str, DevelopedVariant]:
    resolved = load(recipe, {})
    with tempfile.TemporaryDirectory(dir=recipe.parent) as scratch:
        original = _original(Path(scratch), photograph, bordered=bordered)
        with open_sandbox(load_settings(), Path(scratch)) as sandbox:
            done = Darkroom(resolved, sandbox, recipe.parent).develop(
                Source(original, original.name)
            )
    if done.status is not ImageState.DONE:
        raise UnusableError(f"{original}: {done.error.detail if done.error else done.status}")
    return {each.name: each for each in done.variants}


def _original(folder: Path, photograph: Path | None, *, bordered: bool) -> Path:
    if photograph is None:
        photograph = next(each for each in write_photographs(folder) if each.name == PHOTOGRAPH)
    if not bordered:
        return photograph
    try:
        with Image.open(photograph) as image:
            upright = ImageOps.exif_transpose(image).convert("RGB")
    except OSError as error:
        raise UnusableError(str(error)) from None
    path = folder / "bordered.png"
    ImageOps.expand(upright, _BORDER, _BORDER_COLOR).save(path)
    return path


def _recipe(name: str, wanted: dict[str, Example]) -> str:
    """A recipe with a variant for each example, and one without operations to compare with."""
    lines = ["version: 1", f"name: {name}", "variants:"]
    for variant, example in {_UNCHANGED: None, **wanted}.items():
        lines += [f"  - name: {variant}"]
        lines += [f"    operations:\n      - {example.text}"] if example else []
        lines += [
            "    output: {format: webp, quality: 80}",
            f'    key: "{name}/{{variant}}.{{ext}}"',
        ]
    return "\n".join(lines) + "\n"


def _fits() -> list[Example]:
    return [
        Example("resize", f"resize: {{width: 240, height: 240, fit: {fit}}}")
        for fit in choices("resize", "fit")
    ]


def _gravities() -> list[Example]:
    named = [*choices("crop", "gravity"), "{x: 0.6, y: 0.7}"]
    return [
        Example("crop", f"crop: {{width: 40%, height: 40%, gravity: {each}}}") for each in named
    ]


def _rendered(
    operations: list[Described],
    shown: list[Shown],
    fits: list[Shown],
    gravities: list[Shown],
    folder: Path,
) -> str:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "marked": _marked,
        "below": lambda path: path.relative_to(folder).as_posix(),
        "kb": lambda size: f"{size / 1000:.1f} kB",
    }
    return environment.get_template("docs.html").render(
        operations=operations, shown=shown, fits=fits, gravities=gravities
    )


def _marked(text: str) -> Markup:
    """A docstring as HTML: what stands between backticks is code, lines are joined."""
    escaped = html.escape(" ".join(text.split()), quote=False)
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", escaped))  # noqa: S704  escaped above


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

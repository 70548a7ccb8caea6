"""`tintype recipe`: write, check and describe recipes."""

import dataclasses
import json
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from tintype.entrypoints.cli.plan import plan
from tintype.entrypoints.cli.terminal import size
from tintype.entrypoints.cli.wording import applied
from tintype.errors import ParameterInvalidError
from tintype.recipe.advice import advice
from tintype.recipe.loader import load
from tintype.recipe.problems import RecipeProblemsError
from tintype.recipe.schema import Recipe, Variant, json_schema
from tintype.settings import environment
from tintype.text import printable

app = typer.Typer(no_args_is_help=True, help="Write, check and describe recipes.")

_USAGE = 2  # the exit code of a command that was not used right, an invalid recipe included

app.command()(plan)


@app.command()
def new(
    file: Annotated[
        Path | None, typer.Argument(help="Where to write it; standard output if not given.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that exists.")] = False,
) -> None:
    """Write a commented recipe to start from.

    Example: `tintype recipe new recipe.yaml`
    """
    starter = resources.files("tintype.recipe").joinpath("starter.yaml").read_text("utf-8")
    if file is None:
        print(starter, end="")
        return
    try:
        with file.open("w" if force else "x", encoding="utf-8") as target:
            target.write(starter)
    except FileExistsError:
        raise ParameterInvalidError(f"{file} exists; --force overwrites it.") from None
    except OSError as error:
        raise ParameterInvalidError(f"{file} cannot be written: {error.strerror}.") from None
    print(f"wrote {printable(str(file))}; `tintype recipe check` says what it makes")


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="The recipe file.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Say what is wrong with a recipe, or what it makes.

    Prints every problem with its line and ends with exit code 2, or prints a summary and warnings
    and ends with 0. Variables of the environment are put in as they are now.

    Example: `tintype recipe check recipe.yaml`
    """
    try:
        recipe = load(file, environment())
    except RecipeProblemsError as error:
        _show_problems(error, as_json=as_json)
        raise typer.Exit(_USAGE) from None
    if as_json:
        content = {"digest": recipe.digest, "recipe": json.loads(recipe.to_json())}
        _print_json({"valid": True, **content, "warnings": advice(recipe)})
    else:
        _show_recipe(file, recipe)


@app.command()
def schema() -> None:
    """Print the JSON Schema of recipes, for editors.

    Example: `tintype recipe schema > recipe.schema.json`
    """
    _print_json(json_schema())


def _print_json(value: object) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False))


def _show_problems(error: RecipeProblemsError, *, as_json: bool) -> None:
    if as_json:
        problems = [dataclasses.asdict(problem) for problem in error.problems]
        _print_json({"valid": False, "problems": problems})
        return
    for problem in error.problems:
        print(printable(str(problem)))
    count = len(error.problems)
    print(f"{count} problem{'s' if count > 1 else ''}")


def _show_recipe(file: Path, recipe: Recipe) -> None:
    originals, retry = recipe.originals, recipe.retry
    print(f"{printable(str(file))} is valid: {recipe.name}, digest {recipe.digest[:12]}\n")
    folders = "YYYY/MM/DD/ID/" if originals.partition == "date" else ""
    print(f"originals  {originals.prefix}{folders}: {', '.join(originals.accept)}")
    print(
        f"           at most {size(originals.max_bytes)}, {originals.max_pixels:,} pixels,"
        f" {originals.max_frames:,} frames"
    )
    print("variants")
    for variant in recipe.variants:
        print(f"  {variant.name}: {_made(variant)}")
        print(f"    as {variant.key}")
    print(f"delivery   {recipe.delivery.access}")
    print(
        f"retry      {retry.max_attempts} attempts,"
        f" {retry.interval:g} s apart, growing by {retry.backoff_rate:g}"
    )
    for warning in advice(recipe):
        typer.echo(f"\n{typer.style('warning:', fg='yellow')} {warning}")


def _made(variant: Variant) -> str:
    output = variant.output
    encoded = [
        " + ".join("the original's format" if each == "same" else each for each in output.listed),
        f"quality {output.quality}",
        *([f"at most {output.max_bytes:,} bytes"] if output.max_bytes else []),
        *(["progressive"] if output.progressive else []),
        *(["animations kept"] if output.animation == "keep" else []),
    ]
    return " > ".join([*map(applied, variant.operations), ", ".join(encoded)])

"""The command line."""

import sys
from typing import Annotated

import typer

import tintype
from tintype.entrypoints.cli import develop, put, recipe, status, up
from tintype.entrypoints.cli.terminal import complain
from tintype.errors import Fault, TintypeError

app = typer.Typer(
    name="tintype",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("up")(up.up)
app.command("develop")(develop.develop)
app.command("put")(put.put)
app.command("status")(status.status)
app.add_typer(recipe.app, name="recipe")


def _version(wanted: bool) -> None:
    if wanted:
        print(f"tintype {tintype.__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Image pipelines that run anywhere: one recipe file, one program."""


def main() -> None:
    """Run the command line; a known failure becomes one clear message and an exit status.

    2 where the caller can mend it (usage, recipe, settings), else 1.
    """
    try:
        app()
    except TintypeError as error:
        complain(error)
        sys.exit(2 if error.fault is Fault.CALLER else 1)

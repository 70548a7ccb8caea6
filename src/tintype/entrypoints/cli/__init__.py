"""The command line."""

import importlib
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import tintype
from tintype.errors import Fault, TintypeError

# Each is a module of this package, with a function or a group `app` of that name.
_COMMANDS = (
    "up",
    "worker",
    "develop",
    "put",
    "status",
    "jobs",
    "dead",
    "keys",
    "url",
    "recipe",
    "doctor",
    "health",
)


# What the library's validation puts before the words that are for people.
_PREFIX = "Value error, "


class _Commands(TyperGroup):
    """Loads a command when it is asked for: most need little of what the others need."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        names: dict[str, Any] = dict.fromkeys(_COMMANDS)
        self.commands = names  # from which the library lists and suggests

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - the library's signature
        """The command of a name, or None."""
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"{__name__}.{cmd_name}")
        holder = typer.Typer(rich_markup_mode=self.rich_markup_mode)
        if group := getattr(module, "app", None):
            holder.add_typer(group, name=cmd_name)
        else:
            holder.command(cmd_name)(getattr(module, cmd_name))
        return typer.main.get_group(holder).commands[cmd_name]

    def invoke(self, ctx: Any) -> Any:
        """Run a command; what is wrong with its parameters is told in plain words."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = error.message.removeprefix(_PREFIX)
            raise


app = typer.Typer(
    name="tintype",
    cls=_Commands,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


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
        from tintype.entrypoints.cli.terminal import complain

        complain(error)
        sys.exit(2 if error.fault is Fault.CALLER else 1)

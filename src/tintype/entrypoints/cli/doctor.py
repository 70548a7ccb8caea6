"""`tintype doctor`: whether all is well around a deployment."""

import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from tintype.doctor import Finding, Verdict, examine, examine_without_settings
from tintype.entrypoints.cli.listing import AsJson, counted, print_json
from tintype.entrypoints.cli.terminal import note, show_rows
from tintype.errors import SettingsInvalidError
from tintype.settings import environment, load_settings
from tintype.text import printable


def doctor(
    recipe: Annotated[Path | None, typer.Option("--recipe", "-r", help="The recipe file.")] = None,
    data: Annotated[
        Path | None, typer.Option("--data", help="The folder for objects and database.")
    ] = None,
    host: Annotated[str | None, typer.Option("--host", help="The address to listen on.")] = None,
    port: Annotated[int | None, typer.Option("--port", help="The port to listen on.")] = None,
    as_json: AsJson = False,
) -> None:
    """Check everything that a service with these settings needs, and say what to do.

    No service needs to run; one that does is not disturbed. Takes the settings and options of
    `tintype up`. Exits with 0 where nothing is bad, else with 1.

    Example: `tintype doctor --recipe recipe.yaml --data data`
    """
    try:
        settings = load_settings(recipe=recipe, data=data, host=host, port=port)
    except SettingsInvalidError as error:
        findings = list(examine_without_settings(error, environment()))
    else:
        findings = list(examine(settings, environment()))
    count = Counter(finding.verdict for finding in findings)
    if as_json:
        told = {verdict.value: count[verdict] for verdict in Verdict}
        print_json(told | {"findings": [asdict(finding) for finding in findings]})
    else:
        show_rows(("check", "", "found"), map(_row, findings))
        note(_summary(count))
    if count[Verdict.BAD]:
        raise typer.Exit(1)


def _row(finding: Finding) -> tuple[str, ...]:
    if not sys.stdout.isatty():
        return finding.check, finding.verdict, finding.detail, finding.remedy
    told = printable(finding.detail)
    return (
        finding.check,
        finding.verdict,
        f"{told}\n-> {finding.remedy}" if finding.remedy else told,
    )


def _summary(count: Mapping[Verdict, int]) -> str:
    if not count[Verdict.BAD] and not count[Verdict.WARN]:
        return "all is well"
    return f"{counted(count[Verdict.WARN], 'warning')}, {count[Verdict.BAD]:,} bad"

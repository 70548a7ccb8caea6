"""`tintype develop`: run a recipe over files, without a server."""

import json
import shutil
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from tintype.bootstrap import make_folder, open_sandbox
from tintype.entrypoints.cli.terminal import console, progress, size, table
from tintype.errors import ParameterInvalidError
from tintype.model import ImageState
from tintype.pipeline.develop import Darkroom, Developed, Source, sources
from tintype.recipe.loader import load
from tintype.settings import environment, load_settings
from tintype.text import printable


def develop(
    files: Annotated[list[Path], typer.Argument(help="Files, or folders with files.")],
    recipe: Annotated[Path, typer.Option("-r", "--recipe", help="The recipe file.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="The folder for the variants.")
    ] = Path("developed"),
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per file.")
    ] = False,
) -> None:
    """Run a recipe over files or folders, over all processors, without a server.

    Exits with 0 where every file is done, with 1 where any is not, with 2 for a wrong recipe or
    call.

    Example: `tintype develop photos/ -r recipe.yaml -o out`
    """
    resolved = load(recipe, environment())
    settings = load_settings()
    try:
        work = [each for each in sources(files) if not _made_before(each, files, output)]
    except FileNotFoundError as error:
        raise ParameterInvalidError(f"No such file or folder: {error}") from None
    # Beside the variants, so that they need only be renamed.
    scratch = output / ".tintype"
    make_folder(scratch, "--output")
    with open_sandbox(settings, scratch) as sandbox:
        darkroom = Darkroom(resolved, sandbox, output)
        done = _develop(darkroom, work, settings.decoders, as_json=as_json)
    shutil.rmtree(scratch, ignore_errors=True)
    if not as_json:
        _summary(done)
    if any(developed.status is not ImageState.DONE for developed in done):
        raise typer.Exit(1)


def _made_before(source: Source, paths: list[Path], output: Path) -> bool:
    """Whether a file lies in the output folder of an earlier call, below a folder to develop."""
    made = output.absolute()
    asked_for = made in [path.absolute() for path in paths]
    return made in source.file.absolute().parents and not asked_for


def _develop(
    darkroom: Darkroom, work: list[Source], threads: int, *, as_json: bool
) -> list[Developed]:
    done: list[Developed] = []
    pool = ThreadPoolExecutor(threads)
    with progress("developing", len(work)) as bar:
        try:
            for future in as_completed([pool.submit(darkroom.develop, each) for each in work]):
                developed = future.result()
                done.append(developed)
                bar.advance(bar.task_ids[0])
                if as_json:
                    print(_line(developed), flush=True)
                elif developed.error:
                    error = developed.error
                    line = f"{developed.file}: {error.code}: {error.detail}"
                    bar.console.print(printable(line), style="red", markup=False, soft_wrap=True)
        finally:
            pool.shutdown(cancel_futures=True)
    return done


def _line(developed: Developed) -> str:
    content = {
        "file": str(developed.file),
        "status": developed.status,
        "variants": [
            asdict(variant) | {"path": str(variant.path)} for variant in developed.variants
        ],
        "findings": {},
        "error": asdict(developed.error) if developed.error else None,
        "seconds": developed.seconds,
    }
    return json.dumps(content)


def _summary(done: Iterable[Developed]) -> None:
    variants = [variant for developed in done for variant in developed.variants]
    sizes: dict[tuple[str, str], list[int]] = {}
    for variant in variants:
        sizes.setdefault((variant.name, variant.format), []).append(variant.bytes)
    rows = table("variant", "format", "files", "total", "smallest", "largest")
    for kind, found in sizes.items():
        rows.add_row(*kind, str(len(found)), size(sum(found)), size(min(found)), size(max(found)))
    out = console()
    if variants:
        out.print(rows)
    counted = [developed.status for developed in done]
    parts = [f"{counted.count(state)} {state}" for state in ImageState if state in counted]
    out.print(f"{len(counted)} files: {', '.join(parts)}" if parts else "no files")

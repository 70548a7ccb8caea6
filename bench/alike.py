"""How `quality: auto` does against a fixed quality of 80: what its target was set by."""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median, quantiles
from typing import Annotated

import pyvips
import typer

from bench.photographs import ROOT
from tintype.imaging.alike import Judge
from tintype.imaging.messages import Output, OutputFormat
from tintype.imaging.save import saved
from tintype.imaging.ssimulacra2 import Reference

FIXED = 80
_LEAST = 10
"""Of fewer photographs there is no tenth part."""


@dataclass(frozen=True, slots=True)
class _File:
    score: float
    size: int
    quality: int
    spent: float  # ms of processor time


def main(
    sides: Annotated[
        list[int] | None, typer.Argument(help="Widths of the boxes; each is 4:3.", min=16)
    ] = None,
    every: Annotated[int, typer.Option(min=1, help="Take every so manieth photograph.")] = 1,
) -> None:
    """Compare `quality: auto` with JPEG of quality 80, by SSIMULACRA 2: a table for the docs.

    All photographs of the collection are scaled into each box; smaller ones are left out. Example:
    `./do bench alike 800 1600`
    """
    pyvips.concurrency_set(1)
    collection = Path(os.environ.get("TINTYPE_CORPUS", ROOT.parent / "shared" / "corpus"))
    sources = sorted(collection.glob("photos/*.jpg"))[::every]
    titles = ["within", "photographs", "80: p10", "median", "kB"]
    titles += ["auto: p10", "median", "kB", "qualities", "CPU ms"]
    _row(*titles)
    _row(*["---"] * len(titles))
    for side in sides or (200, 400, 800, 1200, 1600, 2400):
        pairs = [_pair(picture) for picture in _scaled(sources, side)]
        if len(pairs) < _LEAST:
            raise SystemExit(f"{collection} has {len(pairs)} photographs of {side} pixels and more")
        fixed, auto = zip(*pairs, strict=True)
        _row(
            f"{side} x {side * 3 // 4}",
            str(len(pairs)),
            *_columns(fixed),
            *_columns(auto),
            f"{min(each.quality for each in auto)} - {max(each.quality for each in auto)}",
            f"{mean(each.spent for each in auto):.0f}",
        )


def _row(*cells: str) -> None:
    typer.echo(f"| {' | '.join(cells)} |")


def _columns(files: tuple[_File, ...]) -> tuple[str, str, str]:
    scores = [each.score for each in files]
    tenth = quantiles(scores, n=10, method="inclusive")[0]
    size = mean(each.size for each in files) / 1000
    return f"{tenth:.1f}", f"{median(scores):.1f}", f"{size:.1f}"


def _scaled(sources: list[Path], side: int) -> list[pyvips.Image]:
    """The photographs that fill the box in one direction; damaged ones are none."""
    found = []
    for source in sources:
        try:
            picture = pyvips.Image.thumbnail_buffer(
                source.read_bytes(), side, height=side * 3 // 4, size="down"
            )
            if picture.width == side or picture.height == side * 3 // 4:
                found.append(picture.colourspace("srgb").copy_memory())
        except pyvips.Error:
            continue
    return found


def _pair(picture: pyvips.Image) -> tuple[_File, _File]:
    """The file of quality 80 and that of `auto`."""
    reference, name, output = Reference(picture), _FORMAT, Output(format=_FORMAT, quality="auto")
    before = time.process_time()
    choice = Judge(picture).least_quality(output, name)
    content = choice.content or saved(picture, output, name, choice.quality, fine=choice.fine)
    spent = (time.process_time() - before) * 1000
    files = ((saved(picture, output, name, FIXED), FIXED, 0.0), (content, choice.quality, spent))
    fixed, auto = (
        _File(reference.score(_read(content)), len(content), quality, spent)
        for content, quality, spent in files
    )
    return fixed, auto


_FORMAT: OutputFormat = "jpeg"


def _read(content: bytes) -> pyvips.Image:
    return pyvips.Image.new_from_buffer(content, "").copy_memory()

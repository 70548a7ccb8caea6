"""What the efforts of AVIF and WebP encoders cost and save, at equal perceptual quality.

Each photograph, scaled into 800 x 600, is encoded at two qualities that lie about the score that
`quality: auto` asks for; the size at that score is read off the line between them, in the logarithm
of the size.
"""

import math
import time
from enum import StrEnum
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from typing import Annotated

import pyvips
import typer

from bench.photographs import photographs
from tintype.imaging.alike import TARGET
from tintype.imaging.ssimulacra2 import Reference

BOX = (800, 600)


class Encoder(StrEnum):
    """Whose efforts there are."""

    AVIF = "avif"
    WEBP = "webp"


ENCODERS = {
    "avif": (range(5), (58, 70), {"compression": "av1"}),
    "webp": (range(7), (72, 84), {}),
}


def main(
    encoders: Annotated[list[Encoder] | None, typer.Argument(help="Both by default.")] = None,
    count: Annotated[int, typer.Option(min=1, max=9, help="Photographs.")] = 3,
) -> None:
    """Measure size and processor time of each effort at equal looks; tables for docs/encoding.md.

    Example: `./do bench efforts webp --count 9`
    """
    pyvips.concurrency_set(1)
    with TemporaryDirectory() as folder:
        where, sources = photographs(Path(folder))
        chosen = sources[:: max(1, len(sources) // count)][:count]
        pictures = [_picture(source) for source in chosen]
    references = [Reference(picture) for picture in pictures]
    typer.echo(f"{len(pictures)} of {where}; SSIMULACRA 2 of {TARGET:g}; libvips {_version()}")
    typer.echo("\n| encoder | effort | kB | against 0 | CPU ms | against 0 |")
    typer.echo("|---|---|---|---|---|---|")
    for name in encoders or Encoder:
        efforts, qualities, options = ENCODERS[name]
        first: tuple[float, float] | None = None
        for effort in efforts:
            measured = [
                _measured(picture, reference, name, qualities, {**options, "effort": effort})
                for picture, reference in zip(pictures, references, strict=True)
            ]
            kilobytes, milliseconds = (mean(column) for column in zip(*measured, strict=True))
            first = first or (kilobytes, milliseconds)
            smaller, slower = kilobytes / first[0] - 1, milliseconds / first[1]
            typer.echo(
                f"| {name} | {effort} | {kilobytes:.1f} | {smaller:+.1%}"
                f" | {milliseconds:.0f} | {slower:.1f} x |"
            )


def _picture(source: Path) -> pyvips.Image:
    made: pyvips.Image = pyvips.Image.thumbnail_buffer(source.read_bytes(), BOX[0], height=BOX[1])
    return made.colourspace("srgb").copy_memory()


def _measured(
    picture: pyvips.Image,
    reference: Reference,
    name: str,
    qualities: tuple[int, int],
    options: dict[str, object],
) -> tuple[float, float]:
    """The kilobytes at the score, and the milliseconds of processor time of one encoding."""
    points, spent = [], 0.0
    for quality in qualities:
        before = time.process_time()
        saver = picture.heifsave_buffer if name == "avif" else picture.webpsave_buffer
        content = saver(Q=quality, keep="none", **options)
        spent += time.process_time() - before
        score = reference.score(pyvips.Image.new_from_buffer(content, "").copy_memory())
        points.append((score, math.log(len(content))))
    (low, small), (high, large) = points
    size = math.exp(small + (large - small) * (TARGET - low) / (high - low))
    return size / 1000, spent * 1000 / len(qualities)


def _version() -> str:
    return ".".join(str(pyvips.version(part)) for part in range(3))

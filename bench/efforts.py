"""What the efforts of AVIF and WebP encoders cost and save, at equal perceptual quality.

`python -m bench.efforts [ENCODER] [PHOTOGRAPHS]` prints a table for docs/encoding.md, of avif or
webp (both) and of so many photographs (3). Each photograph, scaled into 800 x 600, is encoded at
two qualities that lie about the score that `quality: auto` asks for; the size at that score is read
off the line between them, in the logarithm of the size.
"""

import math
import sys
import time
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory

import pyvips

from bench.photographs import photographs
from tintype.imaging.alike import TARGET
from tintype.imaging.ssimulacra2 import Reference

BOX = (800, 600)
ENCODERS = {
    "avif": (range(5), (60, 72), {"compression": "av1"}),
    "webp": (range(7), (72, 84), {}),
}


def main(names: list[str], count: int) -> None:
    """Print a table: the mean size and processor time of each effort, also against effort 0."""
    with TemporaryDirectory() as folder:
        where, sources = photographs(Path(folder))
        chosen = sources[:: max(1, len(sources) // count)][:count]
        pictures = [_picture(source) for source in chosen]
    references = [Reference(picture) for picture in pictures]
    print(f"{len(pictures)} of {where}; SSIMULACRA 2 of {TARGET:g}; libvips {_version()}")
    print("\n| encoder | effort | kB | against effort 0 | CPU ms | against effort 0 |")
    print("|---|---|---|---|---|---|")
    for name in names:
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
            print(
                f"| {name} | {effort} | {kilobytes:.1f} | {smaller:+.1%}"
                f" | {milliseconds:.0f} | {slower:.1f} x |",
                flush=True,
            )


def _picture(source: Path) -> pyvips.Image:
    made: pyvips.Image = pyvips.Image.thumbnail(str(source), BOX[0], height=BOX[1])
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


if __name__ == "__main__":
    wanted = [each for each in sys.argv[1:] if each in ENCODERS]
    counts = [int(each) for each in sys.argv[1:] if each.isdigit()]
    main(wanted or list(ENCODERS), counts[0] if counts else 3)

"""The floor: what no pipeline on these codecs can beat.

One scaled decode, the largest scale that still covers the largest variant, and an encode per
variant of pixels that are ready beforehand; nothing in between. The pixels are made by the first
request for a file, which the bench does not count.
"""

from dataclasses import dataclass
from pathlib import Path

import pyvips

from bench.variants import VARIANTS, Work
from bench.ways import serve, vips_options

SCALES = (8, 4, 2, 1)  # of the JPEG decoder: one pixel for so many, in each direction


@dataclass(frozen=True)
class Ready:
    """What is known of a file before the clock runs."""

    shrink: int
    pixels: dict[str, pyvips.Image]


class Floor:
    """Remembers each file's ready pixels."""

    def __init__(self) -> None:
        self._ready: dict[Path, Ready] = {}

    def make(self, source: Path, folder: Path, work: Work) -> None:
        if source not in self._ready:
            self._ready[source] = prepared(source)
        ready = self._ready[source]
        pyvips.Image.jpegload(str(source), shrink=ready.shrink).copy_memory()
        for name in work.sizes:
            for form in work.formats:
                target = str(folder / f"{name}.{form}")
                ready.pixels[name].write_to_file(target, **vips_options(form))


def prepared(source: Path) -> Ready:
    header = pyvips.Image.jpegload(str(source))
    width, height = max(VARIANTS.values())
    largest = min(header.width / width, header.height / height)
    shrink = next(scale for scale in SCALES if scale <= largest or scale == 1)
    pixels = {
        name: pyvips.Image.thumbnail(str(source), width, height=height, crop="centre").copy_memory()
        for name, (width, height) in VARIANTS.items()
    }
    return Ready(shrink, pixels)


if __name__ == "__main__":
    pyvips.cache_set_max(0)
    serve(Floor().make)

"""pyvips' own thumbnail operation: a decode per variant."""

from pathlib import Path

import pyvips

from bench.variants import QUALITY, VARIANTS
from bench.ways import serve


def make(source: Path, folder: Path, form: str) -> None:
    for name, (width, height) in VARIANTS.items():
        image = pyvips.Image.thumbnail(
            str(source), width, height=height, crop="centre", output_profile="srgb"
        )
        options = {"Q": QUALITY, "interlace": True} if form == "jpeg" else {}
        image.write_to_file(str(folder / f"{name}.{form}"), keep="none", **options)


if __name__ == "__main__":
    pyvips.cache_set_max(0)  # else it answers from memory when a file comes back
    serve(make)

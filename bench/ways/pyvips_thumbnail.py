"""pyvips' own thumbnail operation: a decode per size."""

from pathlib import Path

import pyvips

from bench.variants import Work
from bench.ways import serve, vips_options


def make(source: Path, folder: Path, work: Work) -> None:
    for name, (width, height) in work.boxes.items():
        image = pyvips.Image.thumbnail(
            str(source), width, height=height, crop="centre", output_profile="srgb"
        )
        if len(work.formats) > 1:
            image = image.copy_memory()  # else each encoder would decode once more
        for form in work.formats:
            image.write_to_file(str(folder / f"{name}.{form}"), **vips_options(form))


if __name__ == "__main__":
    pyvips.cache_set_max(0)  # else it answers from memory when a file comes back
    serve(make)

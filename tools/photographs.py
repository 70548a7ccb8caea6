"""Photographs for the demonstration: in the public domain, from scikit-image's wheel."""

import shutil
from importlib.resources import as_file, files
from pathlib import Path

from PIL import Image

# File in skimage/data, and the name it gets. The sources and terms are those that scikit-image
# states in the docstrings of skimage.data: CC0 or public domain, each of them.
PHOTOGRAPHS = {
    "astronaut.png": "portrait.jpg",  # Eileen Collins; NASA, public domain
    "camera.png": "photographer.jpg",  # Lav Varshney, CC0; gray
    "chelsea.png": "cat.jpg",  # Stefan van der Walt, CC0
    "coffee.png": "coffee.jpg",  # Rachel Michetti, CC0
    "hubble_deep_field.jpg": "galaxies.jpg",  # NASA, public domain
    "retina.jpg": "retina.jpg",  # Mikael Häggström, CC0
    "rocket.jpg": "rocket.jpg",  # SpaceX, public domain
}


def write_photographs(folder: Path) -> list[Path]:
    """Write the photographs into a folder as JPEG files and return their paths.

    What is JPEG already is copied as it is; the others are encoded at quality 95.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for source, name in PHOTOGRAPHS.items():
        target = folder / name
        with as_file(files("skimage") / "data" / source) as path:
            if path.suffix == ".jpg":
                shutil.copyfile(path, target)
            else:
                with Image.open(path) as image:
                    image.save(target, quality=95)
        written.append(target)
    return written

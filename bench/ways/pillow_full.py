"""Pillow, decoding every pixel for every size: what most thumbnail functions do."""

from pathlib import Path

from PIL import Image, ImageOps

from bench.variants import Work
from bench.ways import pillow_options, serve


def make(source: Path, folder: Path, work: Work) -> None:
    for name, size in work.boxes.items():
        with Image.open(source) as opened:
            image = ImageOps.exif_transpose(opened)
            variant = ImageOps.fit(image, size, Image.Resampling.LANCZOS)
        for form in work.formats:
            variant.save(folder / f"{name}.{form}", **pillow_options(form))


if __name__ == "__main__":
    serve(make)

"""Pillow, decoding every pixel for every variant: what most thumbnail functions do."""

from pathlib import Path

from PIL import Image, ImageOps

from bench.variants import QUALITY, VARIANTS
from bench.ways import serve


def make(source: Path, folder: Path, form: str) -> None:
    for name, size in VARIANTS.items():
        with Image.open(source) as opened:
            image = ImageOps.exif_transpose(opened)
            variant = ImageOps.fit(image, size, Image.Resampling.LANCZOS)
            variant.save(folder / f"{name}.{form}", quality=QUALITY, progressive=True)


if __name__ == "__main__":
    serve(make)

"""Pillow with draft mode, which lets the JPEG decoder shrink: a decode per variant."""

from pathlib import Path

from PIL import Image, ImageOps

from bench.variants import QUALITY, VARIANTS
from bench.ways import serve


def make(source: Path, folder: Path, form: str) -> None:
    for name, size in VARIANTS.items():
        with Image.open(source) as opened:
            opened.draft("RGB", size)
            image = ImageOps.exif_transpose(opened)
            variant = ImageOps.fit(image, size, Image.Resampling.LANCZOS)
            variant.save(folder / f"{name}.{form}", quality=QUALITY, progressive=True)


if __name__ == "__main__":
    serve(make)

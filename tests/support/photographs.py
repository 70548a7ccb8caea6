"""Pictures that the tests make themselves, photographic enough for codecs to behave naturally."""

import io
from pathlib import Path

import numpy as np
from PIL import Image


def photograph(width: int, height: int, *, seed: int = 0) -> Image.Image:
    """An RGB picture of smooth shapes and fine noise, the same for the same arguments."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (9, 12, 3), dtype=np.uint8)
    smooth = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    noise = random.normal(0, 6, (height, width, 3))
    return Image.fromarray(np.clip(np.asarray(smooth) + noise, 0, 255).astype(np.uint8))


def encoded(picture: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    """The bytes of a picture in one of Pillow's formats."""
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def write_photograph(path: Path, width: int, height: int, *, seed: int = 0) -> Path:
    """A JPEG file with a picture of its own; returns its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encoded(photograph(width, height, seed=seed), quality=85))
    return path

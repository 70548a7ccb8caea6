"""What is developed: the nine largest JPEG files of the collection, or pictures made here."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyvips
from PIL import Image

WEB = 2400  # the longest side, in pixels, of the pictures of other formats
ROOT = Path(__file__).parents[1]
COUNT = 9

# Width, height and whether it is progressive: the sizes of common cameras, 2 to 24 MP.
GENERATED = (
    (1600, 1200, True),
    (2725, 2225, False),
    (3264, 2448, False),
    (3840, 2560, False),
    (3872, 2592, False),
    (4217, 2817, True),
    (5616, 3744, False),
    (6000, 4000, True),
    (6016, 4000, False),
)


def photographs(folder: Path) -> tuple[str, list[Path]]:
    """Say where the photographs are from, and their paths; `folder` is for those made here."""
    collection = Path(os.environ.get("TINTYPE_CORPUS", ROOT.parent / "shared" / "corpus"))
    found = sorted(collection.glob("photos/*.jpg"), key=lambda path: -path.stat().st_size)[:COUNT]
    if len(found) == COUNT:
        return "the nine largest photographs of the collection", found
    made = []
    for number, (width, height, progressive) in enumerate(GENERATED):
        made.append(folder / f"generated-{number}.jpg")
        write_photograph(made[-1], width, height, progressive=progressive, seed=number)
    return "nine generated photographs", made


def in_format(sources: list[Path], form: str, folder: Path) -> list[Path]:
    """Three of the photographs, small enough for the web, as files of another format.

    PNG is made as it is, WebP at quality 90, AVIF at quality 75.
    """
    saved: dict[str, dict[str, Any]] = {
        "png": {},
        "webp": {"Q": 90},
        "avif": {"Q": 75, "effort": 1, "compression": "av1"},
    }
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for source in sources[::3]:
        made.append(folder / f"{source.stem}.{form}")
        picture = pyvips.Image.thumbnail_buffer(
            source.read_bytes(), WEB, size="down", output_profile="srgb"
        )
        picture.write_to_file(str(made[-1]), keep="none", **saved[form])
    return made


def write_photograph(
    path: Path, width: int, height: int, *, progressive: bool, seed: int = 0
) -> None:
    """Write a picture with detail at every scale, as photographs have it, as a JPEG file.

    Its spectrum falls with 1/f (Field, 1987: "Relations between the statistics of natural images
    and the response properties of cortical cells"), so it costs a codec about what they cost.
    """
    random = np.random.default_rng(seed)
    picture = np.full((height, width, 3), 128, np.float32)
    side = 4
    while side < width:
        shape = (max(1, side * height // width), side, 3)
        octave = random.normal(0, 128 * side**-0.45, shape).astype(np.float32)
        for channel in range(3):
            layer = Image.fromarray(octave[..., channel])
            picture[..., channel] += np.asarray(layer.resize((width, height)))
        side *= 2
    pixels: npt.NDArray[np.uint8] = picture.clip(0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(path, quality=90, progressive=progressive)

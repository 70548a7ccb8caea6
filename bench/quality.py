"""How far a variant is from the best one: speed is not to be bought with blur."""

import math
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyvips
from PIL import Image

from bench.variants import THREE, Work
from tintype.imaging.ssimulacra2 import Reference

Pixels = npt.NDArray[np.uint8]
Box = tuple[float, float, float, float]

# Two pictures that differ by nothing but the rounding to 8 bits have this mean squared error.
ROUNDING = 1 / 6


def references(source: Path, work: Work = THREE) -> dict[str, "Ideal"]:
    """The variants as they should be: every pixel decoded, one Lanczos filter."""
    opened = pyvips.Image.new_from_buffer(source.read_bytes(), "").autorot()
    if opened.get_typeof("icc-profile-data"):
        opened = opened.icc_transform("srgb", embedded=True)
    image = Image.fromarray(opened.numpy()).convert("RGB")
    return {
        name: Ideal(
            [
                np.asarray(image.resize(size, Image.Resampling.LANCZOS, box))
                for box in set(center_boxes(image.size, size))
            ]
        )
        for name, size in work.boxes.items()
    }


class Ideal:
    """A variant as it should be.

    A center that lies between two pixels can be cut in more than one way; all are right, and a
    picture is compared with the one that it is nearest to.
    """

    def __init__(self, cuts: list[Pixels]) -> None:
        self.cuts = cuts
        self._references: dict[int, Reference] = {}

    def decibels(self, file: Path) -> float:
        """The peak signal-to-noise ratio of a picture.

        It ends at 55.9, for a picture that differs by the rounding of its pixels alone.
        """
        error, _ = self._nearest(file)
        return 10 * math.log10(255**2 / max(error, ROUNDING))

    def looks(self, file: Path) -> float:
        """How alike a picture looks, by SSIMULACRA 2: 100 is equal."""
        _, cut = self._nearest(file)
        if cut not in self._references:
            self._references[cut] = Reference(_picture(self.cuts[cut]))
        with Image.open(file) as opened:
            return self._references[cut].score(_picture(np.asarray(opened.convert("RGB"))))

    def _nearest(self, file: Path) -> tuple[float, int]:
        """The mean squared error against the nearest cut, and which that is."""
        with Image.open(file) as opened:
            pixels = np.asarray(opened.convert("RGB")).astype(np.float64)
        return min(
            (float(np.mean((pixels - cut) ** 2)), number) for number, cut in enumerate(self.cuts)
        )


def _picture(pixels: Pixels) -> pyvips.Image:
    return pyvips.Image.new_from_array(np.ascontiguousarray(pixels)).copy(interpretation="srgb")


def center_boxes(whole: tuple[int, int], size: tuple[int, int]) -> Iterator[Box]:
    """The parts of a picture that may count as its center, in its own pixels.

    The exact one, and those of programs that scale to whole pixels first and then crop.
    """
    (width, height), (wide, high) = whole, size
    scale = max(wide / width, high / height)
    left, top = (width - wide / scale) / 2, (height - high / scale) / 2
    left, top = max(0.0, left), max(0.0, top)
    yield left, top, width - left, height - top
    scaled = round(width * scale), round(height * scale)
    across, down = scaled[0] / width, scaled[1] / height
    rounding = (math.floor, math.ceil)
    for x, y in product(rounding, rounding):
        first, second = x((scaled[0] - wide) / 2), y((scaled[1] - high) / 2)
        yield (
            first / across,
            second / down,
            min(width, (first + wide) / across),
            min(height, (second + high) / down),
        )

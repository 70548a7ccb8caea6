"""What the ways have to make: variants of the marketplace's sizes, cover-cropped at the center.

Nothing but the standard library is imported here, so that no way carries another's weight.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

VARIANTS: Final = {"800x600": (800, 600), "400x300": (400, 300), "200x150": (200, 150)}
QUALITY: Final = 80
EFFORTS: Final[Mapping[str, int]] = MappingProxyType({"webp": 2, "avif": 1})
"""How hard the encoders try: Tintype's efforts, for every way that can be told."""


@dataclass(frozen=True)
class Work:
    """What is made of a file: each of these sizes in each of these formats."""

    formats: tuple[str, ...] = ("jpeg",)
    sizes: tuple[str, ...] = tuple(VARIANTS)

    @property
    def boxes(self) -> dict[str, tuple[int, int]]:
        """The width and height of each size, by its name."""
        return {name: VARIANTS[name] for name in self.sizes}


THREE: Final = Work()

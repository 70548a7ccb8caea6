"""Animations that are kept: their frames, one after the other, and what is done to them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tintype.errors import TooManyFramesError, TooManyPixelsError
from tintype.imaging.boxes import Box
from tintype.imaging.codec import frames_of, timing_of
from tintype.imaging.color import Space
from tintype.imaging.filmstrip import ANIMATED, joined
from tintype.imaging.messages import Limits, Output
from tintype.imaging.operations import Operation, Settling, in_phases, perform
from tintype.imaging.raster import Raster
from tintype.model import Facts

if TYPE_CHECKING:
    import pyvips

HELD = 128 << 20
"""Frames of so many bytes are decoded once for all variants. More are decoded for each pass, one
after the other, so that they are never in memory together."""


def is_kept(output: Output, facts: Facts) -> bool:
    """Whether the original is an animation that stays one in the formats that can have it.

    A TIFF or AVIF file with several images is none, and an animated PNG is a PNG to its decoder.
    """
    return output.animation == "keep" and facts.frames > 1 and facts.format in ANIMATED


def check_frames(facts: Facts, limits: Limits) -> None:
    """Raise TooManyFramesError or TooManyPixelsError for an animation that is not to be kept."""
    if facts.frames > limits.max_frames:
        raise TooManyFramesError(
            f"The animation has {facts.frames:,} frames, more than {limits.max_frames:,}."
        )
    _check_pixels(facts.width, facts.height, facts.frames, limits)


class Animation:
    """The frames of an original. Whatever decodes them raises CorruptError for any damage."""

    def __init__(
        self, content: bytes, facts: Facts, space: Space, limits: Limits, faces: tuple[Box, ...]
    ) -> None:
        self._timing = timing_of(content, facts)
        self._limits = limits
        frames: Iterable[Raster] = _Frames(content, facts, space, faces)
        if facts.width * facts.height * facts.frames * 4 <= HELD:
            frames = tuple(frames)
        self._frames = frames
        self._count = facts.frames
        self.profile = next(iter(frames)).profile
        """The ICC profile of the colors; empty for sRGB."""

    def operated(self, operations: tuple[Operation, ...]) -> "pyvips.Image":
        """The filmstrip after a variant's operations.

        Raises TooManyPixelsError where all frames together have more pixels than an original may.
        """
        made: list[pyvips.Image] = []
        for raster in _operated(self._frames, operations):
            image = raster.image
            if not made:
                _check_pixels(image.width, image.height, self._count, self._limits)
            made.append(image.copy_memory())
        return joined(made, self._timing)


@dataclass(frozen=True, slots=True)
class _Frames:
    """The decoded frames; decoded again whenever they are gone through."""

    content: bytes
    facts: Facts
    space: Space
    faces: tuple[Box, ...]

    def __iter__(self) -> Iterator[Raster]:
        for raster in frames_of(self.content, self.facts, self.space):
            yield replace(raster, faces=self.faces)


@dataclass(frozen=True, slots=True)
class _Operated:
    """Frames with operations done to each."""

    frames: Iterable[Raster]
    operations: tuple[Operation, ...]

    def __iter__(self) -> Iterator[Raster]:
        for frame in self.frames:
            raster = frame
            for operation in self.operations:
                raster = perform(operation, raster)
            yield raster


def _operated(frames: Iterable[Raster], operations: tuple[Operation, ...]) -> Iterable[Raster]:
    """The frames after the operations, each of which does the same to all of them."""
    settled: tuple[Operation, ...] = ()
    for operation in in_phases(operations):
        found = _Operated(frames, settled)
        same = operation.settled(found) if isinstance(operation, Settling) else operation
        settled = (*settled, same)
    return _Operated(frames, settled)


def _check_pixels(width: int, height: int, frames: int, limits: Limits) -> None:
    if width * height * frames > limits.max_pixels:
        raise TooManyPixelsError(
            f"The animation would have {frames:,} frames of {width} x {height} pixels, more than"
            f" {limits.max_pixels:,} together."
        )

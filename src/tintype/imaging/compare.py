"""How far apart two pictures are."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Difference:
    """How far apart the pixels of two pictures are, as distances in 8-bit red, green, blue, alpha.

    0 is equal; black and white are 442 apart, opaque white and nothing 510.
    """

    largest: float
    mean: float


def difference(first: bytes, second: bytes) -> Difference:
    """The difference of two PNG pictures; raises ValueError where they differ in size."""
    import pyvips

    left, right = (
        pyvips.Image.pngload_buffer(content).colourspace("srgb") for content in (first, second)
    )
    if (left.width, left.height) != (right.width, right.height):
        raise ValueError(
            f"the pictures have {left.width} x {left.height}"
            f" and {right.width} x {right.height} pixels"
        )
    left, right = (image if image.hasalpha() else image.addalpha() for image in (left, right))
    squares = (left.cast("float") - right.cast("float")) ** 2
    distances = (squares.bandmean() * squares.bands) ** 0.5
    return Difference(largest=distances.max(), mean=distances.avg())

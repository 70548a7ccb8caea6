"""What operations on tone and color share: curves, color matrices, and alpha left alone."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyvips

Curve = Callable[[float], float]
"""What becomes of a level: 0-255 in; what comes out beyond 0-255 is clipped."""

Matrix = tuple[tuple[float, float, float], ...]
"""The new red, green and blue, each as its shares of the old red, green and blue."""

IDENTITY: Matrix = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
"""The matrix that changes nothing."""

LUMA: Matrix = ((0.213, 0.715, 0.072),) * 3
"""The matrix that takes the color away, as CSS filter effects weight red, green and blue."""


def clipped(level: float) -> int:
    """The nearest of the levels 0-255; halves go up."""
    return min(max(int(level + 0.5), 0), 255)


def curved(image: "pyvips.Image", curve: Curve) -> "pyvips.Image":
    """The picture with every level of its gray or color bent by the curve, alpha left alone."""
    colors = image.bands - image.hasalpha()
    bent = [clipped(curve(level)) for level in range(256)]
    return looked_up(
        image,
        [[after] * colors + [before] * image.hasalpha() for before, after in enumerate(bent)],
    )


def looked_up(image: "pyvips.Image", levels: list[list[int]]) -> "pyvips.Image":
    """The picture with each level replaced by the table's row for it, one value a band.

    A picture of one band gets as many bands as the table has.
    """
    import pyvips

    table = bytes(value for row in levels for value in row)
    return image.maplut(pyvips.Image.new_from_memory(table, 256, 1, len(levels[0]), "uchar"))


def recolored(image: "pyvips.Image", matrix: Matrix) -> "pyvips.Image":
    """The picture with its colors multiplied by the matrix, alpha left alone; gray becomes RGB."""
    rows = [list(row) for row in matrix]
    return on_colors(image.colourspace("srgb"), lambda each: each.recomb(rows).rint().cast("uchar"))


def between(first: Matrix, second: Matrix, share: float) -> Matrix:
    """The first matrix at 0, the second at 1, and on the straight line through them elsewhere."""
    return tuple(
        (
            row[0] + (other[0] - row[0]) * share,
            row[1] + (other[1] - row[1]) * share,
            row[2] + (other[2] - row[2]) * share,
        )
        for row, other in zip(first, second, strict=True)
    )


def on_colors(
    image: "pyvips.Image", transform: Callable[["pyvips.Image"], "pyvips.Image"]
) -> "pyvips.Image":
    """Transform a picture's gray or color without its alpha, which comes back unchanged."""
    if not image.hasalpha():
        return transform(image)
    colors = image.bands - 1
    return transform(image.extract_band(0, n=colors)).bandjoin(image.extract_band(colors))

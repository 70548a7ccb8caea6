"""What variants come to at least, so that none is accepted that no original could become."""

from collections.abc import Iterator
from dataclasses import dataclass

from tintype.imaging.encode import chosen_formats
from tintype.imaging.geometry import Size
from tintype.imaging.messages import LEAST_BYTES, LONGEST_SIDE, Output, OutputFormat
from tintype.imaging.operations import Operation, Shaping, in_phases
from tintype.recipe.schema import Originals, Variant

_MOST_PIXELS = 100_000_000


@dataclass(frozen=True, slots=True)
class _Step:
    """How large a picture is at least, and the operation that made it so."""

    operation: Operation
    size: Size


def too_large(variant: Variant, originals: Originals) -> tuple[int, str] | None:
    """Which operation (by index) makes too much of every original, and a message; else None.

    Between any two operations there may be as many pixels as originals may have, and 100 million
    in any case. Of the outcome no side may be longer than each of its formats holds.
    """
    steps = tuple(_steps(variant.operations, originals))
    most = max(originals.max_pixels, _MOST_PIXELS)
    for step in steps:
        pixels = step.size.width * step.size.height
        if pixels > most:
            return _index(variant, step), (
                f"makes {_of(step.size, originals)}: {pixels:,} pixels, more than {most:,}"
            )
    if not steps:
        return None
    size = steps[-1].size
    longest, why = max(size.width, size.height), _why(variant.output)
    for output_format in _formats(variant.output, originals):
        holds = LONGEST_SIDE[output_format]
        if longest > holds:
            step = next(each for each in steps if max(each.size.width, each.size.height) > holds)
            return _index(variant, step), (
                f"makes {_of(step.size, originals)}, too large for"
                f" {output_format.upper()}, which holds {holds:,} pixels a side{why}"
            )
    return None


def too_few_bytes(output: Output, originals: Originals) -> str | None:
    """Why no file can be as small as the output asks for; None where one may be."""
    if output.max_bytes is None:
        return None
    least = {each: LEAST_BYTES[each] for each in _formats(output, originals)}
    if output.format == "auto":
        least = {"webp": LEAST_BYTES["webp"]}
    for output_format, size in least.items():
        if output.max_bytes < size:
            return (
                f"must be at least {size} for {output_format.upper()},"
                f" of which no file is smaller{_why(output)}; found {output.max_bytes}"
            )
    return None


def _steps(operations: tuple[Operation, ...], originals: Originals) -> Iterator[_Step]:
    size = Size(originals.min_width, originals.min_height)
    for operation in in_phases(operations):
        if isinstance(operation, Shaping):
            size = operation.least(size)
            yield _Step(operation, size)


def _index(variant: Variant, step: _Step) -> int:
    return next(index for index, each in enumerate(variant.operations) if each is step.operation)


def _of(size: Size, originals: Originals) -> str:
    smallest = f"{originals.min_width} x {originals.min_height}"
    return f"at least {size.width} x {size.height} of any original, be it only {smallest}"


def _why(output: Output) -> str:
    return "; the format `same` makes it of some originals" if "same" in output.listed else ""


def _formats(output: Output, originals: Originals) -> tuple[OutputFormat, ...]:
    """The formats that have to hold the variant; of `auto`'s, PNG holds any size."""
    if output.format == "auto":
        return ("png",)
    every = (form for each in originals.accept for form in chosen_formats(output, each))
    return tuple(dict.fromkeys(every))

"""What is allowed in a recipe and still worth a word."""

import unicodedata
from collections.abc import Iterator

from tintype.imaging import fonts
from tintype.imaging.encode import chosen_formats
from tintype.imaging.filmstrip import ANIMATED
from tintype.imaging.geometry import Size
from tintype.imaging.messages import Output, OutputFormat
from tintype.imaging.operations import Operation
from tintype.imaging.operations.pad import Pad
from tintype.imaging.operations.resize import Resize
from tintype.imaging.operations.watermark import Watermark
from tintype.recipe.collisions import warnings
from tintype.recipe.keys import RESERVED
from tintype.recipe.schema import Recipe


def advice(recipe: Recipe) -> tuple[str, ...]:
    """One sentence for each thing that may surprise: keys, animations, letters and the like."""
    return (
        *warnings(recipe),
        *_reserved(recipe),
        *_still(recipe),
        *_boxed(recipe),
        *_idle(recipe),
    )


def _reserved(recipe: Recipe) -> tuple[str, ...]:
    names = [each.name for each in recipe.variants if each.key.partition("/")[0] in RESERVED]
    if not names:
        return ()
    return (
        f"{', '.join(names)}: the service uses the address of this key itself, so the variant is"
        " found at /i/VARIANT/ID only; another first folder gives it an address of its own.",
    )


def _still(recipe: Recipe) -> tuple[str, ...]:
    """Which variants keep animations and have formats that cannot."""
    animated = [each for each in recipe.originals.accept if each in ANIMATED]
    found = []
    for variant in recipe.variants:
        if variant.output.animation != "keep" or variant.output.format == "auto":
            continue
        made = [form for each in animated for form in chosen_formats(variant.output, each)]
        if still := [form for form in dict.fromkeys(made) if form not in ANIMATED]:
            found.append(
                f"{variant.name}: animations are kept in GIF and WebP only;"
                f" in {' and '.join(form.upper() for form in still)} it has their first frame."
            )
    return tuple(found)


_NAMED = 3


def _boxed(recipe: Recipe) -> Iterator[str]:
    """Which variants have texts with characters that no font has."""
    for variant in recipe.variants:
        for operation in variant.operations:
            if not isinstance(operation, Watermark) or operation.text is None:
                continue
            lacking = fonts.lacking(operation.text)
            if not lacking:
                continue
            named = ", ".join(
                f"U+{ord(each):04X} {unicodedata.name(each, '')}".rstrip()
                for each in lacking[:_NAMED]
            )
            more = f" and {len(lacking) - _NAMED} more" if len(lacking) > _NAMED else ""
            yield (
                f"{variant.name}: the fonts of watermarks have no {named}{more};"
                " there is a box with its number in place of each."
            )


# Formats for which something can be said in a recipe; other formats do not heed it.
_PROGRESSIVE: frozenset[OutputFormat] = frozenset({"jpeg", "png"})
_WITH_QUALITY: frozenset[OutputFormat] = frozenset({"jpeg", "webp", "avif"})
_WITH_PROFILE: frozenset[OutputFormat] = frozenset({"jpeg", "png", "webp", "avif"})

_OUTPUT, _RESIZE = Output(), Resize(width=1)  # with their defaults


def _idle(recipe: Recipe) -> Iterator[str]:
    """Which variants have parameters that change nothing."""
    for variant in recipe.variants:
        made = {
            form
            for each in recipe.originals.accept
            for form in chosen_formats(variant.output, each)
        }
        for operation in variant.operations:
            for told in _idle_in(operation):
                yield f"{variant.name}: {told}"
        for told in _unheeded(variant.output, made):
            yield f"{variant.name}: {told}"


def _idle_in(operation: Operation) -> Iterator[str]:
    if isinstance(operation, Pad) and operation.least(Size(1, 1)) == Size(1, 1):
        yield "this pad puts no room around any picture."
    if not isinstance(operation, Resize):
        return
    if operation.gravity != _RESIZE.gravity:
        if operation.fit not in ("cover", "contain"):
            yield (
                f"resize heeds its gravity with fit cover and contain only; with fit"
                f" {operation.fit} nothing is cut off and no room is left."
            )
        elif operation.aspect is None and None in (operation.width, operation.height):
            yield (
                "resize heeds its gravity only where the box has a width and a height;"
                " with one of them all of the picture is kept."
            )
    if operation.background != _RESIZE.background and operation.fit != "contain":
        yield (
            f"resize heeds its background with fit contain only; with fit {operation.fit}"
            " there is no room around the picture."
        )


def _unheeded(output: Output, made: set[OutputFormat]) -> Iterator[str]:
    """What an output says that none of the formats heeds that it is made in."""
    named = " and ".join(sorted(form.upper() for form in made))
    if output.progressive and not made & _PROGRESSIVE:
        yield f"{named} cannot be progressive; JPEG and PNG can."
    if output.quality != _OUTPUT.quality and not made & _WITH_QUALITY:
        yield f"there is no quality in {named}, but in JPEG, WebP and AVIF."
    if output.color != _OUTPUT.color and not made & _WITH_PROFILE:
        yield f"there is no color profile in {named}, so color: {output.color} changes nothing."

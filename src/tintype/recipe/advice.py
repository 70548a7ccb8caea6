"""What is allowed in a recipe and still worth a word."""

import unicodedata
from collections.abc import Iterator

from tintype.imaging import fonts
from tintype.imaging.encode import chosen_formats
from tintype.imaging.filmstrip import ANIMATED
from tintype.imaging.operations.watermark import Watermark
from tintype.recipe.collisions import warnings
from tintype.recipe.keys import RESERVED
from tintype.recipe.schema import Recipe


def advice(recipe: Recipe) -> tuple[str, ...]:
    """One sentence for each thing that may surprise: keys, addresses, animations, letters."""
    return (*warnings(recipe), *_reserved(recipe), *_still(recipe), *_boxed(recipe))


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

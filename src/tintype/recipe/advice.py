"""What is allowed in a recipe and still worth a word."""

from tintype.recipe.collisions import warnings
from tintype.recipe.keys import RESERVED
from tintype.recipe.schema import Recipe


def advice(recipe: Recipe) -> tuple[str, ...]:
    """One sentence for each thing that may surprise: keys that meet, addresses."""
    return (*warnings(recipe), *_reserved(recipe))


def _reserved(recipe: Recipe) -> tuple[str, ...]:
    names = [each.name for each in recipe.variants if each.key.partition("/")[0] in RESERVED]
    if not names:
        return ()
    return (
        f"{', '.join(names)}: the service uses the address of this key itself, so the variant is"
        " found at /i/VARIANT/ID only; another first folder gives it an address of its own.",
    )

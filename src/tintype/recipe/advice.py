"""What is allowed in a recipe and still worth a word."""

from tintype.recipe.collisions import warnings
from tintype.recipe.keys import RESERVED
from tintype.recipe.schema import Recipe


def advice(recipe: Recipe) -> tuple[str, ...]:
    """One sentence for each thing that may surprise: keys that meet, addresses, delivery."""
    return (*warnings(recipe), *_reserved(recipe), *unenforced(recipe))


def unenforced(recipe: Recipe) -> tuple[str, ...]:
    """What the recipe asks for and this release does not do yet."""
    access = recipe.delivery.access
    if access == "public":
        return ()
    return (
        f"delivery: access {access} is not enforced yet: without API keys, the service answers"
        " everybody on its machine, and nobody else.",
    )


def _reserved(recipe: Recipe) -> tuple[str, ...]:
    names = [each.name for each in recipe.variants if each.key.partition("/")[0] in RESERVED]
    if not names:
        return ()
    return (
        f"{', '.join(names)}: the service uses the address of this key itself, so the variant is"
        " found at /i/VARIANT/ID only; another first folder gives it an address of its own.",
    )

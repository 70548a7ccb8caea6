"""What caches may do with variants."""

from tintype.recipe.schema import Delivery

# A variant can be replaced under its key when its original is, so nothing may keep it for long
# unasked: for five minutes without asking, for five more while asking in the background, and for a
# day where the service cannot be asked. Asking again costs a 304 of a few hundred bytes.
ASK_SECONDS = 300
PUBLIC = f"public, max-age={ASK_SECONDS}, stale-while-revalidate=300, stale-if-error=86400"

_PRIVATE = "private, no-cache"


def in_store(delivery: Delivery) -> str:
    """What a variant says to those who read it from the store itself, as a CDN before a bucket."""
    return PUBLIC if delivery.access == "public" else _PRIVATE

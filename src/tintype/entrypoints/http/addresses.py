"""The addresses that responses name: they always work as given."""

from urllib.parse import quote

from fastapi import Request

from tintype.model import Variant
from tintype.recipe.keys import RESERVED


class Addresses:
    """Builds the addresses of one request's response."""

    def __init__(self, base: str) -> None:
        self._base = base.rstrip("/")

    def image(self, image_id: str) -> str:
        """Where to ask for an image."""
        return f"{self._base}/v1/images/{quote(image_id, safe='')}"

    def variant(self, name: str, image_id: str) -> str:
        """Where a variant of an image is delivered, made or not."""
        return f"{self._base}/i/{quote(name, safe='')}/{quote(image_id, safe='')}"

    def made(self, variant: Variant, image_id: str) -> str:
        """Where a variant that was made is delivered: under its own key unless that is reserved."""
        if is_reserved(variant.key):
            return self.variant(variant.name, image_id)
        return f"{self._base}/{quote(variant.key)}"


def is_reserved(key: str) -> bool:
    """Whether the service itself uses the address that a key would have."""
    return key.partition("/")[0] in RESERVED


def addresses(request: Request) -> Addresses:
    """The addresses for a response: under the public URL, or else under the one asked for."""
    public_url: str = request.app.state.public_url
    return Addresses(public_url or str(request.base_url))

"""The addresses of images and variants: they always work as given."""

from typing import Protocol
from urllib.parse import quote, urlencode

from tintype.pipeline.signing import Signer
from tintype.recipe.keys import RESERVED


class Made(Protocol):
    """A variant that was made, as the model or a response's shape has it."""

    @property
    def name(self) -> str:
        """The variant's name in the recipe."""
        ...

    @property
    def key(self) -> str:
        """The variant's own key."""
        ...

    @property
    def format(self) -> str:
        """The format in which it was made."""
        ...


class Addresses:
    """Builds addresses below `base`.

    With a signer, those of variants are signed, and good until `expires_at`, in Unix seconds, or
    for as long as the signer says; that may read the catalog, and so block.
    """

    def __init__(
        self, base: str, signer: Signer | None = None, *, expires_at: int | None = None
    ) -> None:
        self._base = base.rstrip("/")
        self._signer = signer
        self._expires_at = expires_at

    def image(self, image_id: str) -> str:
        """Where to ask for an image."""
        return f"{self._base}/v1/images/{quote(image_id, safe='')}"

    def variant(
        self, name: str, image_id: str, *, only: str | None = None, download: bool = False
    ) -> str:
        """Where a variant of an image is delivered, made or not: `only` in a format, if given."""
        return self.path(f"/i/{name}/{image_id}", only=only, download=download)

    def made(self, variant: Made, image_id: str, *, download: bool = False) -> str:
        """Where a variant that was made is delivered: under its own key unless that is reserved."""
        if is_reserved(variant.key):
            return self.variant(variant.name, image_id, only=variant.format, download=download)
        return self.path(f"/{variant.key}", download=download)

    def path(self, path: str, *, only: str | None = None, download: bool = False) -> str:
        """Where what lies under a decoded path of the service is delivered."""
        options = [("format", only)] if only else []
        options += [("download", "")] if download else []
        query = urlencode(options).removesuffix("=")
        if self._signer:
            query = self._signer.sign(path, options, expires_at=self._expires_at)
        return self._base + quote(path) + (f"?{query}" if query else "")


def is_reserved(key: str) -> bool:
    """Whether the service itself uses the address that a key would have."""
    return key.partition("/")[0] in RESERVED

"""How Tintype uses libvips to read images: strictly, and from memory only."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING

from tintype.errors import CorruptError

if TYPE_CHECKING:
    import pyvips

_LOADERS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "jpeg": ("jpegload_buffer", "VipsForeignLoadJpegBuffer"),
        "png": ("pngload_buffer", "VipsForeignLoadPngBuffer"),
        "webp": ("webpload_buffer", "VipsForeignLoadWebpBuffer"),
        "avif": ("heifload_buffer", "VipsForeignLoadHeifBuffer"),
        "gif": ("gifload_buffer", "VipsForeignLoadNsgifBuffer"),
        "tiff": ("tiffload_buffer", "VipsForeignLoadTiffBuffer"),
        "svg": ("svgload_buffer", "VipsForeignLoadSvgBuffer"),
    }
)
"""For each format that libvips decodes here, the loader's name as an operation and as a class."""

_WHERE_ACCEPTED = ("svg",)
"""Formats whose loaders are allowed only where a recipe accepts them."""


def prepare(accept: Collection[str] = ()) -> None:
    """Allow the loaders of accepted formats and no other, and keep nothing between images.

    libvips' own switch against untrusted formats leaves some of them open. Its cache knows
    operations by their parameters, and would answer with one image's pixels for another's.
    """
    import pyvips

    pyvips.operation_block_set("VipsForeignLoad", True)
    for name, (_, loader) in _LOADERS.items():
        pyvips.operation_block_set(loader, name in _WHERE_ACCEPTED and name not in accept)
    pyvips.cache_set_max(0)


def load(input_format: str, content: bytes | bytearray, **options: object) -> "pyvips.Image":
    """The image, to be read once from top to bottom; reading the first pixel starts the decoder.

    The format's own loader reads from memory: it never sees a file's name, which libvips would
    search for options, and nothing else gets to guess the format. Any warning is an error: that
    alone refuses every damaged file that the decoders would paint over.
    """
    import pyvips

    operation, _ = _LOADERS[input_format]
    loader = getattr(pyvips.Image, operation)
    return loader(content, access="sequential", fail_on="warning", **options)


@contextmanager
def damage() -> Iterator[None]:
    """Whatever makes libvips fail while it reads an image means that the image is damaged."""
    import pyvips

    _complaints()
    try:
        yield
    except pyvips.Error as error:
        raise CorruptError(f"The image is damaged: {_reason(error.detail)}.") from error


def check_last_lines() -> None:
    """Raise CorruptError where the JPEG decoder warned of the last lines of an image just read.

    libvips looks at the decoder's warnings before it has it decode the next lines, so it overlooks
    those of the last ones: up to 64 lines of a picture that is reduced. It lists them, though.
    """
    complaints = _complaints()
    if "VipsJpeg" in complaints:
        raise CorruptError(f"The image is damaged: {_reason(complaints)}.")


def _complaints() -> str:
    """What libvips has complained of since it was asked last."""
    import pyvips

    return str(pyvips.Error("").detail)


def _reason(complaints: str) -> str:
    """The first of libvips' complaints, printable and short."""
    line = next(iter(complaints.strip().splitlines()), "") or "it cannot be decoded"
    return "".join(filter(str.isprintable, line))[:200].rstrip(". ")

"""What crosses between the server and a decoder child: JSON bytes, checked against a schema.

The recipe is validated with the same types, so a variant has one form everywhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Literal

from annotated_types import Ge, Le

from tintype.imaging.operations import AnyOperation
from tintype.imaging.strict import STRICT
from tintype.model import Facts

InputFormat = Literal["jpeg", "png", "webp", "avif", "heic", "gif", "tiff"]
OutputFormat = Literal["jpeg", "png", "webp", "avif"]

EXTENSIONS: Mapping[str, str] = MappingProxyType(
    {"jpeg": "jpg", "png": "png", "webp": "webp", "avif": "avif"}
)
"""What files of each format are called."""

CONTENT_TYPES: Mapping[str, str] = MappingProxyType(
    {"jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp", "avif": "image/avif"}
)
"""The media type of each format; https://www.iana.org/assignments/media-types."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """How a variant is encoded."""

    __pydantic_config__ = STRICT

    format: OutputFormat | Literal["same"] = "same"
    """The format; `same` keeps the original's, and makes JPEG of HEIC and TIFF, PNG of GIF."""

    quality: Annotated[int, Ge(1), Le(100)] = 80
    """The encoder's quality; PNG is lossless and ignores it."""

    progressive: bool = False
    """Whether JPEG is progressive and PNG interlaced."""

    metadata: Literal["strip"] = "strip"
    """What is kept of the original's metadata: nothing, so no place, no camera and no date."""

    color: Literal["srgb"] = "srgb"
    """The color space: sRGB, which every screen shows right."""

    animation: Literal["first"] = "first"
    """What becomes of an animation: its first frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantTask:
    """One variant to make."""

    name: str
    operations: tuple[AnyOperation, ...]
    output: Output


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What an original may be; checked on its header, before any pixel is decoded."""

    accept: tuple[InputFormat, ...]
    max_bytes: int
    max_pixels: int
    max_frames: int
    min_width: int = 1
    min_height: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderTask:
    """Check the file `input` of the job's folder and make its variants beside it."""

    input: str
    limits: Limits
    variants: tuple[VariantTask, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedFile:
    """A variant's file in the job's folder."""

    variant: str
    file: str
    format: OutputFormat
    width: int
    height: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What a child made: the header's facts, the files, and the seconds of wall time it took."""

    facts: Facts
    files: tuple[RenderedFile, ...]
    validate_seconds: float
    render_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Why a child refused the image; `facts` as far as they were read."""

    code: str
    detail: str
    facts: Facts | None = None

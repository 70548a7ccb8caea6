"""What crosses between the server and a decoder child: JSON bytes, checked against a schema.

The recipe is validated with the same types, so a variant has one form everywhere.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Literal

from annotated_types import Ge, Le
from pydantic import AfterValidator, ConfigDict, Field

from tintype.imaging.boxes import Box
from tintype.imaging.operations import AnyOperation
from tintype.imaging.strict import STRICT
from tintype.model import Facts
from tintype.units import Bytes

InputFormat = Literal["jpeg", "png", "webp", "avif", "heic", "gif", "tiff", "svg"]
OutputFormat = Literal["jpeg", "png", "webp", "avif", "gif"]

EXTENSIONS: Mapping[str, str] = MappingProxyType(
    {"jpeg": "jpg", "png": "png", "webp": "webp", "avif": "avif", "gif": "gif"}
)
"""What files of each format are called."""

CONTENT_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "jpeg": "image/jpeg",
        "png": "image/png",
        "webp": "image/webp",
        "avif": "image/avif",
        "gif": "image/gif",
    }
)
"""The media type of each format; https://www.iana.org/assignments/media-types."""

LONGEST_SIDE: Mapping[OutputFormat, int] = MappingProxyType(
    {"jpeg": 65500, "png": 2**31 - 1, "webp": 16383, "avif": 16384, "gif": 65535}
)
"""How many pixels a side of each format's pictures may have; libjpeg writes no longer ones."""

LEAST_BYTES: Mapping[OutputFormat, int] = MappingProxyType(
    {"jpeg": 200, "png": 60, "webp": 30, "avif": 200, "gif": 30}
)
"""What no file of each format goes below: a little less than one of a single pixel has."""


def _only_once(formats: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(formats)) < len(formats):
        raise ValueError("must list each format only once")
    return formats


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """How a variant is encoded."""

    __pydantic_config__ = STRICT | ConfigDict(
        json_schema_extra={"not": {"required": ["format", "formats"]}}
    )

    format: OutputFormat | Literal["same", "auto"] = "same"
    """The format; `same` keeps the original's, and makes JPEG of HEIC and TIFF, and PNG of SVG.
    `auto` takes the smallest file of JPEG, PNG and WebP that look alike, and needs
    `quality: auto`."""

    formats: Annotated[
        tuple[OutputFormat | Literal["same"], ...],
        AfterValidator(_only_once),
        Field(json_schema_extra={"minItems": 1, "uniqueItems": True}),
    ] = ()
    """In place of `format`, several of them, preferred first and most compatible last. The variant
    is made in each, and delivered in the one that suits whoever asks."""

    quality: Annotated[int, Ge(1), Le(100)] | Literal["auto"] = 80
    """The encoder's quality; PNG and GIF have none. `auto` finds the lowest one at which hardly
    anybody sees a difference."""

    max_bytes: Bytes | None = None
    """The most bytes that the file may have. Its quality is lowered, or the number of colors of PNG
    and GIF, until it fits; an image that does not fit even then is refused."""

    progressive: bool = False
    """Whether JPEG is progressive and PNG interlaced."""

    metadata: Literal["strip", "copyright", "keep"] = "strip"
    """What is kept of the original's metadata: nothing, so no place, no camera and no date; who
    made the picture and whose it is; or all that is true of the variant, places included."""

    color: Literal["srgb", "keep"] = "srgb"
    """The color space: sRGB, which every screen shows right, or the original's RGB space with its
    profile. What is not RGB becomes sRGB in any case."""

    animation: Literal["first", "keep"] = "first"
    """What becomes of an animation, GIF or WebP: its first frame, or in GIF and WebP all of them
    (`keep`). Other formats have its first frame either way."""

    @property
    def listed(self) -> tuple[OutputFormat | Literal["same", "auto"], ...]:
        """The formats as the recipe has them, be they several or one."""
        return self.formats or (self.format,)


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

    faces: tuple[Box, ...] = ()
    """Where faces are in the upright picture, for operations that ask for them."""

    only_look: bool = False
    """Whether to make nothing, and only say what the header and the estimate do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedFile:
    """A variant's file in the job's folder: one for each of its formats."""

    variant: str
    file: str
    format: OutputFormat
    width: int
    height: int
    bytes: int

    @property
    def entry(self) -> str:
        """What tells it from the image's other files: `thumbnail/webp`."""
        return f"{self.variant}/{self.format}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """How much memory a task needs at most: bytes beyond those of an idle child."""

    factor: int | float
    """By how much the picture is reduced while it is decoded; below 1 for an SVG drawn larger."""

    decoding: int
    """While the picture is decoded."""

    variants: Mapping[str, int]
    """While each of the variants is made, by its name: the decoded picture included."""

    @property
    def peak(self) -> int:
        """The most at any time: one thing is done after the other."""
        return max((self.decoding, *self.variants.values()))


Admit = Callable[[int], None]
"""Called with the memory (bytes) that a task needs, before it takes much; it may raise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """How long a part of the work took, in seconds of wall time."""

    part: str
    """`decode`, or the `entry` of the file that was made."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What a child made: the header's facts, the files, and the seconds of wall time it took."""

    facts: Facts
    files: tuple[RenderedFile, ...]
    validate_seconds: float
    render_seconds: float

    estimate: Estimate | None = None
    """The memory that it was thought to need."""

    parts: tuple[Timed, ...] = ()
    """What `render_seconds` were spent on, in its order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Why a child refused the image; `facts` as far as they were read."""

    code: str
    detail: str
    facts: Facts | None = None

"""The recipe as a value, and the rules for each of its fields."""

import hashlib
import json
import re
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
)
from pydantic.config import JsonDict

from tintype.errors import KeyInvalidError, RecipeInvalidError
from tintype.imaging.messages import InputFormat, Limits, Output, VariantTask
from tintype.imaging.operations import AnyOperation, Operation
from tintype.imaging.operations.redact import Redact
from tintype.recipe.keys import DEFAULT_KEY, check_key, check_template
from tintype.units import Bytes, Pixels, Seconds

_NAME_PATTERN = r"^[a-z0-9][a-z0-9._-]{0,63}$"
_NAME_RULE = (
    "must be 1 to 64 of the characters a-z, 0-9, dot, underscore and hyphen,"
    " and begin with a letter or digit, because it stands in addresses and paths"
)

# More than any picture needs; each takes its time.
_MOST_OPERATIONS = 32


def _check_version(version: object) -> object:
    if type(version) is not int:  # true equals 1, and so does 1.0
        raise ValueError("must be 1")
    return version


def _check_name(name: str) -> str:
    if not re.fullmatch(_NAME_PATTERN.removesuffix("$"), name):
        raise ValueError(_NAME_RULE)
    return name


def _check_template(template: str) -> str:
    try:
        check_template(template)
    except KeyInvalidError as error:
        raise ValueError(error.detail) from None
    return template


def _check_extension(template: str, info: ValidationInfo) -> str:
    output = info.data.get("output")
    if output and "{ext}" not in template:
        if output.formats:
            raise ValueError(
                "must have {ext} in it, because each of the formats needs a key of its own"
            )
        if output.format == "auto":
            raise ValueError("must have {ext} in it, because the format depends on the picture")
    return template


def _check_animation(output: Output, info: ValidationInfo) -> Output:
    operations = info.data.get("operations", ())
    if output.animation == "keep" and any(isinstance(each, Redact) for each in operations):
        raise ValueError(
            "cannot keep animations beside redact, which knows where faces are in the first frame"
        )
    return output


def _check_operations(operations: tuple[Operation, ...]) -> tuple[Operation, ...]:
    if len(operations) > _MOST_OPERATIONS:
        raise ValueError(f"must list at most {_MOST_OPERATIONS} operations, not {len(operations)}")
    return operations


def _check_prefix(prefix: str) -> str:
    if not prefix.endswith("/"):
        raise ValueError("must name a folder and end with /, such as originals/")
    try:
        check_key(prefix.removesuffix("/"))
    except KeyInvalidError as error:
        raise ValueError(error.detail) from None
    return prefix


def _check_formats(formats: tuple[InputFormat, ...]) -> tuple[InputFormat, ...]:
    if not formats or len(set(formats)) < len(formats):
        raise ValueError("must list at least one format, and each only once")
    return formats


def _check_variants(variants: "tuple[Variant, ...]") -> "tuple[Variant, ...]":
    if not variants:
        raise ValueError("must list at least one variant")
    return variants


Name = Annotated[
    str, AfterValidator(_check_name), Field(json_schema_extra={"pattern": _NAME_PATTERN})
]


# For editors: what `_check_extension` says. A reference may bring the placeholder.
_HAS_FORMATS: JsonDict = {
    "properties": {
        "output": {
            "anyOf": [
                {"required": ["formats"]},
                {"properties": {"format": {"const": "auto"}}, "required": ["format"]},
            ]
        }
    },
    "required": ["output"],
}
_HAS_EXTENSION: JsonDict = {"properties": {"key": {"pattern": r"\{ext\}|\$\{"}}}


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Originals(_Value):
    """Which objects are originals, and what they may be."""

    prefix: Annotated[str, AfterValidator(_check_prefix)] = "originals/"
    """The folder of the store whose objects are originals; ends with `/`."""

    partition: Literal["none", "date"] = "none"
    """How uploads without a key of their own are laid out in that folder: by their names, or with
    `date` as `YYYY/MM/DD/ID/NAME`, by the day (UTC) of the upload and the image's id."""

    accept: Annotated[
        tuple[InputFormat, ...],
        AfterValidator(_check_formats),
        Field(json_schema_extra={"minItems": 1, "uniqueItems": True}),
    ] = ("jpeg", "png", "webp", "avif", "heic", "gif", "tiff")
    """The formats that are accepted; a file's content decides which it has, not its name. `svg`,
    which can ask for any amount of work, is accepted only where it is named here."""

    max_bytes: Bytes = 50_000_000
    """The largest file that is accepted."""

    max_pixels: Pixels = 100_000_000
    """The most pixels (width x height) that an image may have; where an animation is kept, all its
    frames together."""

    max_frames: Annotated[int, Field(ge=1, le=1_000_000)] = 1000
    """The most frames that an animation may have that is kept; where none is, they do not count."""

    min_width: Annotated[int, Field(ge=1, le=65535)] = 1
    """The least width in pixels that is accepted."""

    min_height: Annotated[int, Field(ge=1, le=65535)] = 1
    """The least height in pixels that is accepted."""


class Variant(_Value):
    """An image that is made from every original."""

    model_config = ConfigDict(json_schema_extra={"if": _HAS_FORMATS, "then": _HAS_EXTENSION})

    name: Name
    """What the variant is called, in addresses too; unique in its recipe."""

    operations: Annotated[
        tuple[AnyOperation, ...],
        AfterValidator(_check_operations),
        Field(json_schema_extra={"maxItems": _MOST_OPERATIONS}),
    ] = ()
    """What is done to the original, at most 32 operations; without any it is only encoded."""

    output: Annotated[Output, AfterValidator(_check_animation)] = Output()
    """How the variant is encoded."""

    key: Annotated[str, AfterValidator(_check_template), AfterValidator(_check_extension)] = (
        DEFAULT_KEY
    )
    """Where the variant is stored: a template such as `800x600/{filename}`. With several formats
    or `auto` it needs `{ext}`."""


class Delivery(_Value):
    """How variants are handed out."""

    access: Literal["signed", "public", "private"] = "signed"
    """Who may fetch a variant: whoever has a `signed` address, everyone (`public`), or only holders
    of an API key (`private`)."""


class Retry(_Value):
    """How often and when a failed job is tried again."""

    max_attempts: Annotated[int, Field(ge=1, le=100)] = 5
    """How many times a job is tried, the first try included."""

    interval: Annotated[Seconds, Field(json_schema_extra={"default": "3s"})] = 3.0
    """How long the second try waits after the first."""

    backoff_rate: Annotated[float, Field(ge=1, le=10)] = 1.5
    """By which factor the wait grows from try to try."""


class Recipe(_Value):
    """What to make of each original."""

    version: Annotated[Literal[1], BeforeValidator(_check_version)]
    """The version of this grammar."""

    name: Name
    """What the recipe is called."""

    originals: Originals = Originals()
    """Which objects are originals, and what they may be."""

    variants: Annotated[
        tuple[Variant, ...],
        AfterValidator(_check_variants),
        Field(json_schema_extra={"minItems": 1}),
    ]
    """The images that are made from every original."""

    delivery: Delivery = Delivery()
    """How variants are handed out."""

    retry: Retry = Retry()
    """How often and when a failed job is tried again."""

    @cached_property
    def digest(self) -> str:
        """SHA-256, in hexadecimal digits, of what the recipe makes of an original.

        Recipes with one digest make the same objects under the same keys. So the recipe's name is
        left out, and so are delivery and retry: changing them is no reason to make anything again.
        A job therefore takes these three from the recipe in force, not from its stored one. The
        partition is left out as well: it says where the next uploads go, not what is made of an
        original wherever it is.
        """
        made = self.model_dump(
            mode="json",
            exclude={"name": True, "delivery": True, "retry": True, "originals": {"partition"}},
        )
        content = _canonical(made)
        return hashlib.sha256(content.encode()).hexdigest()

    def limits(self) -> Limits:
        """What an original may be, as decoder children are told."""
        originals = self.originals
        return Limits(
            accept=originals.accept,
            max_bytes=originals.max_bytes,
            max_pixels=originals.max_pixels,
            max_frames=originals.max_frames,
            min_width=originals.min_width,
            min_height=originals.min_height,
        )

    def tasks(self) -> tuple[VariantTask, ...]:
        """The variants to make, as decoder children are told."""
        return tuple(
            VariantTask(name=variant.name, operations=variant.operations, output=variant.output)
            for variant in self.variants
        )

    def to_json(self) -> str:
        """The resolved recipe: every default written out, no reference left."""
        return _canonical(self.model_dump(mode="json"))

    @classmethod
    def from_json(cls, content: str) -> "Recipe":
        """The recipe that `to_json` wrote; raises RecipeInvalidError for anything else."""
        try:
            return cls.model_validate_json(content, strict=True)
        except ValidationError as error:
            raise RecipeInvalidError(f"The stored recipe cannot be read: {error}") from None


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a recipe file, for editors.

    Every single value may also be a text with a `${NAME}` in it.
    """
    described = _with_references(Recipe.model_json_schema())
    described["$defs"]["Reference"] = {
        "type": "string",
        "pattern": r"\$\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\}",
        "description": "A value from the environment: ${NAME}, or ${NAME:-default}.",
    }
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **described}


_SINGLE = {"integer", "number", "boolean"}
_RESTRICTED = {"enum", "const", "pattern"}
_ABOUT = ("title", "description", "default")


def _with_references(schema: dict[str, Any]) -> dict[str, Any]:
    if schema.get("type") in _SINGLE or _RESTRICTED & schema.keys():
        about = {keyword: schema[keyword] for keyword in _ABOUT if keyword in schema}
        rest = {keyword: schema[keyword] for keyword in schema.keys() - about.keys()}
        return {**about, "anyOf": [rest, {"$ref": "#/$defs/Reference"}]}
    result = dict(schema)
    for keyword in ("properties", "$defs"):
        if keyword in result:
            result[keyword] = {
                name: _with_references(each) for name, each in result[keyword].items()
            }
    for keyword in ("anyOf", "oneOf"):
        if keyword in result:
            result[keyword] = [_with_references(each) for each in result[keyword]]
    if "items" in result:
        result["items"] = _with_references(result["items"])
    return result

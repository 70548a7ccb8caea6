"""Which dead letters a request is about: the JSON body of a redrive or a drop."""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
)
from pydantic_core import from_json
from starlette.requests import ClientDisconnect, Request

from tintype.entrypoints.http.moments import Moment
from tintype.entrypoints.http.problems import told
from tintype.errors import ParameterInvalidError, UploadIncompleteError
from tintype.ports.catalog import Which

CODE_PATTERN = r"^[a-z0-9_]{1,64}$"
PREFIX_PATTERN = r"^[^\x00-\x1f\x7f]{1,1024}$"

_MOST_IDS = 200
_MOST_BYTES = 100_000  # so many ids take a tenth of it

_HOW = (
    "Say which dead letters, in a JSON object: name them with `job_ids`, or give some of `code`,"
    ' `prefix`, `from` and `to`, or `"all": true`.'
)


def _be_true(value: bool) -> bool:
    if not value:
        raise ValueError("can only be true")
    return value


@dataclass(frozen=True, slots=True)
class Selection:
    """Those named, or else those to which all of `which` applies."""

    job_ids: tuple[str, ...] = ()
    which: Which = Which()  # noqa: RUF009 - the value is frozen


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Named(_Body):
    job_ids: Annotated[
        list[Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,64}$")]],
        Field(min_length=1, max_length=_MOST_IDS, description="These."),
    ]


class _Matching(_Body):
    code: str = Field("", pattern=CODE_PATTERN, description="The failure's code.")
    prefix: str = Field("", pattern=PREFIX_PATTERN, description="How the original's key begins.")
    since: Moment = Field(None, alias="from", description="Failed then or later.")
    until: Moment = Field(None, alias="to", description="Failed before then.")


class _Every(_Body):
    all: Annotated[
        bool, AfterValidator(_be_true), WithJsonSchema({"type": "boolean", "const": True})
    ]


def schema() -> dict[str, Any]:
    """The JSON Schema of the body."""
    forms = (_Named, _Matching, _Every)
    return {"oneOf": [form.model_json_schema() | {"minProperties": 1} for form in forms]}


async def read_selection(request: Request) -> Selection:
    """Which dead letters the body of a request selects.

    Read here and not by the framework, which would take a body of any size into memory. Raises
    ParameterInvalidError, UploadIncompleteError.
    """
    content = bytearray()
    try:
        async for piece in request.stream():
            content += piece
            if len(content) > _MOST_BYTES:
                raise ParameterInvalidError(f"The body is longer than {_MOST_BYTES:,} bytes.")
    except ClientDisconnect:
        raise UploadIncompleteError from None
    return _selection(bytes(content))


def _selection(content: bytes) -> Selection:
    try:
        body = from_json(content)
    except ValueError as error:
        raise ParameterInvalidError(f"The body is not JSON: {error}. {_HOW}") from None
    if not isinstance(body, dict) or not body:
        raise ParameterInvalidError(_HOW)
    try:
        if "job_ids" in body:
            return Selection(tuple(dict.fromkeys(_Named.model_validate(body).job_ids)))
        if "all" in body:
            _Every.model_validate(body)
            return Selection()
        given = _Matching.model_validate(body)
    except ValidationError as error:
        raise ParameterInvalidError(f"{told(error.errors())}. {_HOW}") from None
    code = given.code or None
    return Selection((), Which(None, code, given.prefix, given.since, given.until))

"""How routes are declared: their methods, and what the OpenAPI document says of their answers."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter

from tintype.entrypoints.http.problems import refuse_method, responses
from tintype.errors import TintypeError

_DONE = "What was asked for."


def add_reading(
    router: APIRouter, path: str, endpoint: Callable[..., Any], *errors: type[TintypeError]
) -> None:
    """A route that only reads: GET and HEAD; `errors` are how it may fail."""
    router.add_api_route(path, endpoint, responses=responses(*errors), response_description=_DONE)
    router.add_api_route(path, endpoint, methods=["HEAD"], include_in_schema=False)


def add_action(
    router: APIRouter,
    path: str,
    endpoint: Callable[..., Any],
    *errors: type[TintypeError],
    status: int = 200,
    body: dict[str, Any] | None = None,
) -> None:
    """A route that does something: POST, and nothing else; `body` is what it takes (OpenAPI).

    Reading there would lead on, to routes that take any name.
    """
    router.add_api_route(
        path,
        endpoint,
        methods=["POST"],
        status_code=status,
        responses=responses(*errors),
        response_description=_DONE,
        openapi_extra={"requestBody": body} if body else None,
    )
    reading = ["GET", "HEAD"]
    router.add_api_route(path, refuse_method, methods=reading, include_in_schema=False)


def json_body(schema: dict[str, Any]) -> dict[str, Any]:
    """A body that must be JSON of such a schema, for `add_action`."""
    return {"required": True, "content": {"application/json": {"schema": schema}}}

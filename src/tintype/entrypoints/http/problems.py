"""Failures as problem documents (RFC 9457)."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import Receive, Scope, Send

from tintype.errors import (
    MethodNotAllowedError,
    NotFoundError,
    ParameterInvalidError,
    TintypeError,
    UnauthenticatedError,
    VariantNotReadyError,
)

MEDIA_TYPE = "application/problem+json"

# A variant takes about a second to make; what is down or shutting down takes longer to come back.
_VARIANT_RETRY_SECONDS = "1"
_SYSTEM_RETRY_SECONDS = "5"

_COME_BACK = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)

_RETRY_AFTER = {
    "Retry-After": {
        "description": "After how many seconds to try again.",
        "schema": {"type": "integer", "minimum": 1},
    }
}

_METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")


class Problem(BaseModel):
    """Why a request failed (RFC 9457)."""

    type: str = Field("about:blank", description="Says nothing beyond the status: see `code`.")
    title: str = Field(description="The name of the HTTP status.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What is wrong, for people.")
    code: str = Field(description="What is wrong, for programs: these words do not change.")
    hint: str = Field(description="What to do about it; empty where there is nothing to add.")


class ProblemResponse(JSONResponse):
    """A problem document; its code is left in the request's state, for whoever watches."""

    media_type = MEDIA_TYPE

    def __init__(self, content: Problem, headers: Mapping[str, str]) -> None:
        super().__init__(content.model_dump(), content.status, headers)
        self._code = content.code

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response (ASGI)."""
        scope.setdefault("state", {})["code"] = self._code
        await super().__call__(scope, receive, send)


def problem(error: TintypeError, headers: Mapping[str, str] | None = None) -> ProblemResponse:
    """The response that a failure becomes; `headers` are added to its own."""
    content = Problem(
        title=HTTPStatus(error.http_status).phrase,
        status=error.http_status,
        detail=error.detail,
        code=error.code,
        hint=error.hint,
    )
    own = {}
    if isinstance(error, VariantNotReadyError):
        own["Retry-After"] = _VARIANT_RETRY_SECONDS
    elif isinstance(error, UnauthenticatedError):
        own["WWW-Authenticate"] = "Bearer"
    elif error.retryable or error.http_status in _COME_BACK:
        own["Retry-After"] = _SYSTEM_RETRY_SECONDS
    return ProblemResponse(content, own | dict(headers or {}))


def responses(*errors: type[TintypeError]) -> dict[int | str, dict[str, Any]]:
    """How the OpenAPI document describes these failures of a route, and any other."""
    schema = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    described: dict[int | str, dict[str, Any]] = {
        "default": {"description": "Any other failure.", "content": schema}
    }
    codes: dict[int, list[str]] = {}
    for error in errors:
        codes.setdefault(error.http_status, []).append(f"`{error.code}`")
    for status, names in sorted(codes.items()):
        described[status] = {"description": f"Codes: {', '.join(names)}.", "content": schema}
        if status in _COME_BACK:
            described[status]["headers"] = _RETRY_AFTER
    return described


def install(api: FastAPI) -> None:
    """Make every failure of `api` a problem document."""
    api.add_exception_handler(TintypeError, _tintype_error)
    api.add_exception_handler(RequestValidationError, _invalid)
    api.add_exception_handler(HTTPException, _http_error)


def _tintype_error(_request: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, TintypeError)  # noqa: S101 - Starlette's handlers take any exception
    return problem(error)


def _invalid(_request: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    return problem(ParameterInvalidError(told(error.errors(), slice(1, 2))))


def told(errors: Iterable[Mapping[str, Any]], shown: slice = slice(None)) -> str:
    """What pydantic found wrong, in one line; of each place, the parts that are to be shown."""
    return "; ".join(
        f"{'.'.join(map(str, each['loc'][shown]))}: {each['msg'].removeprefix('Value error, ')}"
        for each in errors
        if each["type"] != "none_required"  # leaving a parameter out is no advice
    )


def _http_error(request: Request, error: Exception) -> ProblemResponse:
    """What the router itself refuses: there is no such address, or no such method."""
    assert isinstance(error, HTTPException)  # noqa: S101 - as above
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return problem(MethodNotAllowedError(), {"Allow": ", ".join(_allowed(request))})
    if error.status_code == HTTPStatus.NOT_FOUND:
        return problem(NotFoundError())
    return problem(ParameterInvalidError(str(error.detail)))


def refuse_method() -> None:
    """The endpoint of methods that an address has not."""
    raise HTTPException(HTTPStatus.METHOD_NOT_ALLOWED)


def _allowed(request: Request) -> list[str]:
    """The methods of this address: the router itself knows only of the first route's.

    Variants are found at any address whatsoever, so that only routes of the first one's path count.
    """
    routes = list(iter_route_contexts(request.app.routes))
    path = next(each.path for each in routes if each.matches(request.scope)[0] is not Match.NONE)
    here = [each for each in routes if each.path == path and each.endpoint is not refuse_method]
    return [
        method
        for method in _METHODS
        if any(
            route.matches({**request.scope, "method": method})[0] is Match.FULL for route in here
        )
    ]

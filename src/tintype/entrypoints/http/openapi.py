"""The OpenAPI document: what FastAPI derives, with problems and who may do what."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from tintype.entrypoints.http import problems
from tintype.entrypoints.http.rights import right
from tintype.errors import (
    ForbiddenError,
    SignatureExpiredError,
    SignatureInvalidError,
    TintypeError,
    UnauthenticatedError,
)
from tintype.model import Scope
from tintype.recipe.schema import Recipe

Needs = list[dict[str, list[str]]]

_BEARER = "bearer"
_SIGNATURE = "signature"
_SCHEMES = {
    _BEARER: {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key, `tt_` and 43 characters, with the scope that is named.",
    },
    _SIGNATURE: {
        "type": "apiKey",
        "in": "query",
        "name": "sig",
        "description": "Signed addresses carry it, with their expiry in `exp`; use them as given.",
    },
}


def make_document(api: FastAPI, recipe: Recipe, *, keys_needed: bool) -> dict[str, Any]:
    """The OpenAPI document of a service; it says of each route what that asks of a caller."""
    document = get_openapi(
        title=api.title, version=api.version, description=api.description, routes=api.routes
    )
    components = document["components"]
    components["schemas"]["Problem"] = problems.Problem.model_json_schema()
    for path, method, operation in _operations(document):
        needs = _needs(method, path, recipe, keys_needed=keys_needed)
        if needs:
            operation["security"] = needs
            components["securitySchemes"] = _SCHEMES
            _add_refusals(operation, needs)
    return document


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield path, method.upper(), operation


def _needs(method: str, path: str, recipe: Recipe, *, keys_needed: bool) -> Needs:
    """What lets a request through, one of several; empty where it needs nothing."""
    asked = right(method, path)
    scope = Scope.READ if asked.delivery else asked.scope
    by_key: Needs = [{_BEARER: [scope]}] if scope else []
    if asked.delivery and recipe.delivery.access == "signed":
        return [{_SIGNATURE: []}, *by_key]
    if asked.delivery and recipe.delivery.access == "public":
        return []
    return by_key if keys_needed else []


def _add_refusals(operation: dict[str, Any], needs: Needs) -> None:
    """Say how a request fails that has not what it needs."""
    refusals: list[type[TintypeError]] = [UnauthenticatedError, ForbiddenError]
    if {_SIGNATURE: []} in needs:
        refusals += [SignatureInvalidError, SignatureExpiredError]
    described = operation["responses"]
    for status, response in problems.responses(*refusals).items():
        known = described.setdefault(str(status), response)
        if known is not response and status != "default":
            codes = response["description"].removeprefix("Codes: ")
            known["description"] = f"{known['description'].removesuffix('.')}, {codes}"

"""Puts the HTTP entry point together."""

from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.staticfiles import StaticFiles

from tintype import __version__
from tintype.entrypoints.http import problems
from tintype.entrypoints.http.api import Api
from tintype.entrypoints.http.delivery import DeliveryApi
from tintype.entrypoints.http.guard import Guard
from tintype.entrypoints.http.lingering import Lingering
from tintype.entrypoints.http.page import STATIC_FOLDER, Page
from tintype.pipeline.app import App


def create_app(app: App, *, spool: Path, public_url: str = "") -> FastAPI:
    """The HTTP service in front of `app`.

    `spool` is a folder of this process alone, on the file system of the store, in which uploads
    arrive. `public_url` is the address under which clients reach the service; that of each request
    unless it is given.
    """
    api = FastAPI(
        title="Tintype",
        version=__version__,
        description="Image pipelines that run anywhere.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    api.state.public_url = public_url
    problems.install(api)
    delivery = DeliveryApi(app)
    api.include_router(Api(app, spool).routes())
    api.include_router(Page(app, spool, public_url).routes())
    api.mount("/static", StaticFiles(directory=STATIC_FOLDER))
    api.include_router(delivery.by_image())
    api.include_router(delivery.by_key())
    api.add_middleware(Guard, public_url=public_url)
    api.add_middleware(Lingering)
    api.openapi = lambda: _openapi(api)  # type: ignore[method-assign] # FastAPI's documented way
    return api


def _openapi(api: FastAPI) -> dict[str, Any]:
    """The OpenAPI document with the shape of problems, which are not JSON to FastAPI."""
    if not api.openapi_schema:
        document = get_openapi(
            title=api.title,
            version=api.version,
            description=api.description,
            routes=api.routes,
        )
        document["components"]["schemas"]["Problem"] = problems.Problem.model_json_schema()
        api.openapi_schema = document
    return api.openapi_schema

"""The routes that tell whether all is well."""

from fastapi import APIRouter, FastAPI

from tintype.entrypoints.http import problems, shapes
from tintype.entrypoints.http.metrics import Exposition, MetricsApi
from tintype.entrypoints.http.routes import add_reading
from tintype.errors import (
    CatalogFailedError,
    ShuttingDownError,
    StoreFailedError,
    SystemFailure,
)
from tintype.pipeline.app import App

_PARTS: tuple[tuple[type[SystemFailure], str], ...] = (
    (StoreFailedError, "store"),
    (CatalogFailedError, "database"),
    (ShuttingDownError, "service"),
)


class HealthApi:
    """The routes that tell whether all is well."""

    def __init__(self, app: App) -> None:
        self._app = app

    def routes(self) -> APIRouter:
        """Every route, with what the OpenAPI document says of its answers."""
        router = APIRouter(tags=["health"])
        add_reading(router, "/healthz", self.check_health)
        add_reading(router, "/readyz", self.check_readiness, *(kind for kind, _ in _PARTS))
        return router

    async def check_health(self) -> shapes.Health:
        """Tell that the service answers at all."""
        return shapes.Health()

    def check_readiness(self) -> shapes.Health:
        """Tell whether an upload could be accepted now; the detail begins with what could not.

        A full queue does not count: it is the same for all processes, and no restart cures it.
        """
        try:
            self._app.check()
        except SystemFailure as error:
            part = next((part for kind, part in _PARTS if isinstance(error, kind)), "service")
            raise type(error)(f"{part}: {error.detail}", error.hint) from error
        return shapes.Health()


def health_app(app: App, exposition: Exposition | None = None) -> FastAPI:
    """Health and metrics by themselves, for a process without the public service."""
    api = FastAPI(openapi_url=None, redirect_slashes=False)
    problems.install(api)
    api.include_router(HealthApi(app).routes())
    if exposition:
        api.include_router(MetricsApi(exposition).routes())
    return api

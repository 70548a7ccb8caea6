"""Puts the HTTP entry point together."""

from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from tintype import __version__
from tintype.entrypoints.http import problems
from tintype.entrypoints.http.api import Api
from tintype.entrypoints.http.callers import Callers
from tintype.entrypoints.http.delivery import DeliveryApi
from tintype.entrypoints.http.gate import Gate
from tintype.entrypoints.http.guard import Guard, Origins
from tintype.entrypoints.http.lingering import Lingering
from tintype.entrypoints.http.login import Login
from tintype.entrypoints.http.metrics import Exposition, MetricsApi
from tintype.entrypoints.http.openapi import make_document
from tintype.entrypoints.http.page import Page
from tintype.entrypoints.http.permits import Permits
from tintype.entrypoints.http.session import Sessions
from tintype.entrypoints.http.views import STATIC_FOLDER, Views
from tintype.entrypoints.http.watch import Watch
from tintype.pipeline.access import Authority
from tintype.pipeline.app import App
from tintype.pipeline.monitors import Monitors
from tintype.ports.monitor import Monitor


def create_app(
    app: App,
    authority: Authority,
    *,
    spool: Path,
    public_url: str = "",
    keys_needed: bool,
    monitor: Monitor = Monitors(),
    exposition: Exposition | None = None,
) -> FastAPI:
    """The HTTP service in front of `app`.

    `spool` is a folder of this process alone, on the file system of the store, in which uploads
    arrive. `public_url` is the address under which clients reach the service; that of each request
    unless it is given. Without `keys_needed` whoever reaches the service may do everything.
    `monitor` hears of every request; `exposition` is what /metrics shows.
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
    access = authority.access
    views = Views(app.recipe, public_url)
    sessions = Sessions(access, public_url)
    callers = Callers(access, sessions, Origins(public_url), keys_needed=keys_needed)
    permits = Permits(app.recipe.delivery.access, callers, authority.links)
    delivery = DeliveryApi(app, permits)
    login = Login(access, authority.invitations, sessions, views, keys_needed=keys_needed)

    api.state.public_url = public_url
    api.state.signer = authority.links if app.recipe.delivery.access == "signed" else None
    problems.install(api)
    api.include_router(Api(app, spool).routes())
    api.include_router(Page(app, spool, views).routes())
    api.include_router(login.routes())
    if exposition:
        api.include_router(MetricsApi(exposition).routes())
    api.mount("/static", StaticFiles(directory=STATIC_FOLDER))
    api.include_router(delivery.by_image())
    api.include_router(delivery.by_key())
    # The last one added is the first to see a request.
    api.add_middleware(Gate, api=api, callers=callers, views=views)
    api.add_middleware(Guard, public_url=public_url, keys_needed=keys_needed)
    api.add_middleware(Watch, monitor=monitor)
    api.add_middleware(Lingering)

    def openapi() -> dict[str, Any]:
        if not api.openapi_schema:
            api.openapi_schema = make_document(api, app.recipe, keys_needed=keys_needed)
        return api.openapi_schema

    api.openapi = openapi  # type: ignore[method-assign] # FastAPI's documented way
    return api

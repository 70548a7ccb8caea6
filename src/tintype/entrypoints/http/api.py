"""The JSON API, put together."""

import pathlib

from fastapi import APIRouter, Depends

from tintype.entrypoints.http.events import EventsApi
from tintype.entrypoints.http.health import HealthApi
from tintype.entrypoints.http.images import ImagesApi
from tintype.entrypoints.http.jobs import JobsApi
from tintype.entrypoints.http.letters import LettersApi
from tintype.entrypoints.http.queue import QueueApi
from tintype.entrypoints.http.strictness import refuse_strange
from tintype.pipeline.app import App


class Api:
    """The routes of the JSON API; `spool` is the folder in which uploads arrive."""

    def __init__(self, app: App, spool: pathlib.Path) -> None:
        self._parts = (
            ImagesApi(app, spool),
            JobsApi(app.jobs),
            LettersApi(app.jobs),
            QueueApi(app.jobs),
            EventsApi(app.noticing),
        )
        self._health = HealthApi(app)

    def routes(self) -> APIRouter:
        """Every route, with what the OpenAPI document says of its answers."""
        router = APIRouter()
        for part in self._parts:
            router.include_router(part.routes(), dependencies=[Depends(refuse_strange)])
        router.include_router(self._health.routes())
        return router

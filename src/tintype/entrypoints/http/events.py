"""The route for what object stores tell."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from tintype.entrypoints.http import event_shapes
from tintype.entrypoints.http.routes import add_action
from tintype.errors import (
    CatalogFailedError,
    CrossSiteError,
    ParameterInvalidError,
    QueueFullError,
    ShuttingDownError,
    StoreFailedError,
    TooManyBytesError,
)
from tintype.pipeline.noticing import Noticing

# As many as SNS, SQS and EventBridge carry at most, with room for wrappings.
_MOST_BYTES = 1024 * 1024

# Anything may come, and SNS calls its JSON text.
_BODY: dict[str, Any] = {
    "content": {"application/json": {"schema": {}}, "text/plain": {"schema": {}}}
}


class EventsApi:
    """The route for notifications."""

    def __init__(self, noticing: Noticing) -> None:
        self._noticing = noticing

    def routes(self) -> APIRouter:
        """Every route, with what the OpenAPI document says of its answers."""
        router = APIRouter(tags=["events"])
        add_action(
            router,
            "/v1/events/s3",
            self.take_events,
            ParameterInvalidError,
            CrossSiteError,
            TooManyBytesError,
            QueueFullError,
            StoreFailedError,
            CatalogFailedError,
            ShuttingDownError,
            body=_BODY,
        )
        return router

    async def take_events(self, request: Request) -> event_shapes.Noticed:
        """Take notifications of a bucket, raw or as SNS, SQS and EventBridge wrap them.

        What asks for nothing is answered with 200 too, as sending it again would be in vain.
        """
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > _MOST_BYTES:
                raise TooManyBytesError(f"A notification has at most {_MOST_BYTES:,} bytes.")
        outcome = await run_in_threadpool(self._noticing.take, bytes(body))
        return event_shapes.noticed(outcome)

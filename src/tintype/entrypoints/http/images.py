"""The routes about images: uploads, lists, one image."""

import pathlib
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic.json_schema import SkipJsonSchema
from starlette.concurrency import run_in_threadpool

from tintype.entrypoints.http import shapes, upload
from tintype.entrypoints.http.addresses import addresses
from tintype.entrypoints.http.callers import caller
from tintype.entrypoints.http.moments import Moment
from tintype.entrypoints.http.parameters import Cursor, ImageId, Limit, State
from tintype.entrypoints.http.problems import responses
from tintype.entrypoints.http.routes import add_reading
from tintype.entrypoints.http.waiting import job_ends
from tintype.errors import (
    CatalogFailedError,
    CrossSiteError,
    IdempotencyConflictError,
    ImageNotFoundError,
    KeyInvalidError,
    ParameterInvalidError,
    QueueFullError,
    ShuttingDownError,
    StoreFailedError,
    TooManyBytesError,
    UploadIncompleteError,
)
from tintype.model import Priority
from tintype.pipeline.app import App

_FILE = {"type": "string", "format": "binary"}
_UPLOAD_BODY = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {"file": _FILE},
            }
        },
        "application/octet-stream": {"schema": {**_FILE, "minLength": 1}},
    },
}
_LOCATION = {"Location": {"description": "The status_url.", "schema": {"type": "string"}}}
_ACCEPTED_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"model": shapes.Image, "description": "The job ended within `wait` seconds."},
    202: {"description": "The upload is safe and will be worked on.", "headers": _LOCATION},
}
_UPLOAD_ANSWERS = _ACCEPTED_ANSWERS | responses(
    ParameterInvalidError,
    UploadIncompleteError,
    KeyInvalidError,
    CrossSiteError,
    IdempotencyConflictError,
    TooManyBytesError,
    QueueFullError,
    StoreFailedError,
    CatalogFailedError,
    ShuttingDownError,
)


class ImagesApi:
    """The routes about images; `spool` is the folder in which uploads arrive."""

    def __init__(self, app: App, spool: pathlib.Path) -> None:
        self._app = app
        self._spool = spool

    def routes(self) -> APIRouter:
        """Every route, with what the OpenAPI document says of its answers."""
        router = APIRouter(tags=["images"])
        router.add_api_route(
            "/v1/images",
            self.upload_image,
            methods=["POST"],
            status_code=202,
            response_model=shapes.Accepted,
            openapi_extra={"requestBody": _UPLOAD_BODY},
            responses=_UPLOAD_ANSWERS,
        )
        failing = (ParameterInvalidError, CatalogFailedError)
        add_reading(router, "/v1/images", self.list_images, *failing)
        one = (ImageNotFoundError, *failing)
        add_reading(router, "/v1/images/{image_id}", self.get_image, *one)
        router.add_api_route(
            "/v1/images/{image_id}",
            self.delete_image,
            methods=["DELETE"],
            status_code=204,
            response_description="The image is gone, as far as the service goes.",
            responses=responses(CrossSiteError, *one),
        )
        return router

    async def upload_image(
        self,
        request: Request,
        name: Annotated[
            str, Query(description="The file's name; wins over the name in a form.")
        ] = "",
        key: Annotated[
            str | SkipJsonSchema[None],
            Query(description="Replaces the original at this key instead of making a new one."),
        ] = None,
        wait: Annotated[
            int,
            Query(ge=0, le=60, description="Seconds to wait for the end of the job."),
        ] = 0,
        priority: Annotated[
            Priority,
            Query(description="Where several jobs wait, those of a higher priority go first."),
        ] = Priority.NORMAL,
        idempotency_key: Annotated[
            str | SkipJsonSchema[None],
            Header(
                alias="Idempotency-Key",
                min_length=1,
                max_length=255,
                description="The same upload under the same key is accepted only once.",
            ),
        ] = None,
    ) -> Response:
        """Upload a photograph, as a form's field `file` or as the raw body."""
        acceptance = await upload.receive(
            self._app,
            request,
            self._spool,
            name=name,
            key=key,
            idempotency_key=idempotency_key,
            priority=priority,
            sender=caller(request).key_id,
        )
        image, job = acceptance.image, acceptance.job
        if wait and await job_ends(self._app, image.id, job.id, wait, request.is_disconnected):
            found = await run_in_threadpool(self.get_image, request, image.id)
            return _json(found)
        names = [variant.name for variant in self._app.recipe.variants]
        at = addresses(request)
        body = await run_in_threadpool(shapes.accepted, acceptance, names, at)
        return _json(body, 202, {"Location": body.status_url})

    def list_images(
        self,
        request: Request,
        limit: Limit = 50,
        cursor: Cursor = None,
        state: State = None,
        since: Annotated[
            Moment,
            Query(alias="from", description="Only images made then or later."),
        ] = None,
        until: Annotated[
            Moment,
            Query(alias="to", description="Only images made before then."),
        ] = None,
    ) -> shapes.ImagePage:
        """List the images, newest first."""
        page = self._app.images(cursor=cursor, limit=limit, state=state, since=since, until=until)
        at = addresses(request)
        items = [shapes.image_summary(image, at) for image in page.items]
        return shapes.ImagePage(items=items, next=page.next)

    def get_image(self, request: Request, image_id: ImageId) -> shapes.Image:
        """Show one image with its variants and its present job."""
        image = self._app.image(image_id)
        return shapes.image(image, self._app.jobs.one(image.job_id), addresses(request))

    def delete_image(self, image_id: ImageId) -> None:
        """Delete an image: its original and its variants are removed, its history stays.

        None of them is served any more from now on; the objects are removed within seconds, or when
        the store is back. An image that is gone already stays as it is.
        """
        self._app.delete(image_id)


def _json(
    content: shapes.Shape, status: int = 200, headers: dict[str, str] | None = None
) -> JSONResponse:
    return JSONResponse(content.model_dump(mode="json"), status, headers)

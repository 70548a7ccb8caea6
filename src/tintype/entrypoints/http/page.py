"""The web page: upload photographs and see what was made of them."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from tintype.entrypoints.http import shapes, upload
from tintype.entrypoints.http.addresses import addresses
from tintype.entrypoints.http.callers import caller
from tintype.entrypoints.http.views import Views
from tintype.errors import TintypeError
from tintype.pipeline.app import App

# What the page shows below the uploads before it offers older images.
_RECENT_IMAGES = 24


class Page:
    """The routes of the web page; `spool` is the folder in which uploads arrive."""

    def __init__(self, app: App, spool: Path, views: Views) -> None:
        self._app = app
        self._spool = spool
        self._views = views

    def routes(self) -> APIRouter:
        """Every route of the page; the OpenAPI document leaves them out."""
        router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
        reading = ["GET", "HEAD"]
        router.add_api_route("/", self.home, methods=reading)
        router.add_api_route("/docs", self.docs, methods=reading)
        router.add_api_route("/images", self.upload, methods=["POST"])
        router.add_api_route("/images/{image_id}", self.image, methods=reading)
        router.add_api_route("/images/{image_id}/card", self.card, methods=reading)
        return router

    def home(self, request: Request, cursor: str | None = None) -> Response:
        """Show the form, and the images that came last."""

        def answer() -> Response:
            page = self._app.images(cursor=cursor, limit=_RECENT_IMAGES)
            at = addresses(request)
            images = [shapes.image_summary(image, at) for image in page.items]
            older = f"{self._views.root}/?{urlencode({'cursor': page.next})}" if page.next else None
            first = cursor is None
            return self._views.show(request, "home.html", images=images, older=older, first=first)

        return self._answer(request, answer)

    async def upload(self, request: Request) -> Response:
        """Take an upload of the plain form, for browsers without JavaScript."""
        try:
            acceptance = await upload.receive(
                self._app,
                request,
                self._spool,
                name="",
                key=None,
                idempotency_key=None,
                sender=caller(request).key_id,
            )
        except TintypeError as error:
            return self._views.problem(request, error)
        return RedirectResponse(f"{self._views.root}/images/{acceptance.image.id}", 303)

    def image(self, request: Request, image_id: str) -> Response:
        """Show one image by itself."""
        return self._answer(request, lambda: self._one(request, "image.html", image_id))

    def card(self, request: Request, image_id: str) -> Response:
        """Show one image as a part of a page, for the page's script."""
        return self._answer(request, lambda: self._one(request, "card.html", image_id))

    async def docs(self, request: Request) -> Response:
        """Show the OpenAPI document for people."""
        document = request.app.openapi()
        schemas = document["components"]["schemas"]
        return self._views.show(request, "docs.html", paths=document["paths"], schemas=schemas)

    def _one(self, request: Request, template: str, image_id: str) -> Response:
        at = addresses(request)
        image = shapes.image_summary(self._app.image(image_id), at)
        made: dict[str, list[shapes.Variant]] = {}
        for variant in image.variants:
            made.setdefault(variant.name, []).append(variant)
        downloads = {each.key: at.made(each, image_id, download=True) for each in image.variants}
        return self._views.show(request, template, image=image, made=made, downloads=downloads)

    def _answer(self, request: Request, answer: Callable[[], Response]) -> Response:
        try:
            return answer()
        except TintypeError as error:
            return self._views.problem(request, error)

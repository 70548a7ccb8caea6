"""The web page: upload photographs and see what was made of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader

from tintype.entrypoints.http import shapes, upload
from tintype.entrypoints.http.addresses import addresses
from tintype.errors import REJECTIONS, TintypeError
from tintype.model import ImageState
from tintype.pipeline.app import App
from tintype.recipe.schema import Recipe

_FOLDER = Path(__file__).parent / "page"
STATIC_FOLDER = _FOLDER / "static"

# What the page shows below the uploads before it offers older images.
_RECENT_IMAGES = 24

_STATE_WORDS = {
    ImageState.QUEUED: "Waiting",
    ImageState.RUNNING: "In the works",
    ImageState.DONE: "Done",
    ImageState.REJECTED: "Refused",
    ImageState.DEAD: "Failed",
    ImageState.SUPERSEDED: "Replaced",
    ImageState.GONE: "Deleted",
}


class Page:
    """The routes of the web page; `spool` is the folder in which uploads arrive."""

    def __init__(self, app: App, spool: Path, public_url: str) -> None:
        self._app = app
        self._spool = spool
        public = urlsplit(public_url)
        self._root = public.path.rstrip("/")
        origin = f" {public.scheme}://{public.netloc}" if public.netloc else ""
        self._policy = (
            f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'{origin};"
            " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
        self._templates = _templates(app.recipe, self._root)

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
            older = f"{self._root}/?{urlencode({'cursor': page.next})}" if page.next else None
            return self._show("home.html", images=images, older=older, first=cursor is None)

        return self._answer(answer)

    async def upload(self, request: Request) -> Response:
        """Take an upload of the plain form, for browsers without JavaScript."""
        try:
            acceptance = await upload.receive(
                self._app, request, self._spool, name="", key=None, idempotency_key=None
            )
        except TintypeError as error:
            return self._problem(error)
        return RedirectResponse(f"{self._root}/images/{acceptance.image.id}", 303)

    def image(self, request: Request, image_id: str) -> Response:
        """Show one image by itself."""
        return self._answer(lambda: self._show("image.html", image=self._find(request, image_id)))

    def card(self, request: Request, image_id: str) -> Response:
        """Show one image as a part of a page, for the page's script."""
        return self._answer(lambda: self._show("card.html", image=self._find(request, image_id)))

    async def docs(self, request: Request) -> Response:
        """Show the OpenAPI document for people."""
        document = request.app.openapi()
        schemas = document["components"]["schemas"]
        return self._show("docs.html", paths=document["paths"], schemas=schemas)

    def _find(self, request: Request, image_id: str) -> shapes.ImageSummary:
        return shapes.image_summary(self._app.image(image_id), addresses(request))

    def _answer(self, answer: Callable[[], Response]) -> Response:
        try:
            return answer()
        except TintypeError as error:
            return self._problem(error)

    def _problem(self, error: TintypeError) -> Response:
        return self._show("problem.html", error.http_status, error=error)

    def _show(self, template: str, status: int = 200, **context: Any) -> Response:
        content = self._templates.get_template(template).render(context)
        return HTMLResponse(content, status, {"Content-Security-Policy": self._policy})


def _templates(recipe: Recipe, root: str) -> Environment:
    templates = Environment(
        loader=FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["bytes"] = readable_bytes
    templates.globals |= {
        "root": root,
        "recipe": recipe,
        "state_words": _STATE_WORDS,
        "hints": {error.code: error.hint for error in REJECTIONS},
    }
    return templates


def readable_bytes(size: int) -> str:
    """A size in the unit that reads best: 84.2 kB; units are powers of ten."""
    amount, unit = float(size), "B"
    for larger in ("kB", "MB", "GB"):
        if round(amount, 1) < 1000:
            break
        amount, unit = amount / 1000, larger
    return f"{amount:.1f}".removesuffix(".0") + f" {unit}"

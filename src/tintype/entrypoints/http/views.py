"""Draws the pages that people see."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader

from tintype.errors import REJECTIONS, TintypeError
from tintype.imaging.messages import CONTENT_TYPES
from tintype.model import ImageState, Scope
from tintype.recipe.schema import Recipe

_FOLDER = Path(__file__).parent / "page"
STATIC_FOLDER = _FOLDER / "static"

_STATE_WORDS = {
    ImageState.QUEUED: "Waiting",
    ImageState.RUNNING: "In the works",
    ImageState.DONE: "Done",
    ImageState.REJECTED: "Refused",
    ImageState.DEAD: "Failed",
    ImageState.SUPERSEDED: "Replaced",
    ImageState.GONE: "Deleted",
}


class Views:
    """Draws templates into responses; `root` is the path below which all pages lie."""

    def __init__(self, recipe: Recipe, public_url: str) -> None:
        public = urlsplit(public_url)
        self.root = public.path.rstrip("/")
        origin = f" {public.scheme}://{public.netloc}" if public.netloc else ""
        self._policy = (
            f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'{origin};"
            " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
        self._templates = _templates(recipe, self.root)

    def show(
        self, request: Request, template: str, status: int = 200, **context: Any
    ) -> HTMLResponse:
        """A template as a response, for whoever asks: templates know them as `caller`, or None."""
        context["caller"] = getattr(request.state, "caller", None)
        content = self._templates.get_template(template).render(context)
        headers = {
            "Content-Security-Policy": self._policy,
            "Cache-Control": "private, no-cache",  # what one may see, another may not
        }
        return HTMLResponse(content, status, headers)

    def problem(
        self,
        request: Request,
        error: TintypeError,
        template: str = "problem.html",
        **context: Any,
    ) -> HTMLResponse:
        """A failure as a page."""
        request.state.code = error.code  # for whoever watches
        return self.show(request, template, error.http_status, error=error, **context)


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
        "content_types": CONTENT_TYPES,
        "upload": Scope.UPLOAD,
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

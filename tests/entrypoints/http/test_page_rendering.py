"""What the page says, without a browser and without a service."""

import asyncio
from pathlib import Path
from typing import cast

import httpx
import pytest

from tintype.entrypoints.http import create_app
from tintype.entrypoints.http.page import readable_bytes
from tintype.errors import CatalogFailedError
from tintype.model import Image, Page
from tintype.pipeline.app import App
from tintype.recipe.loader import load

RECIPE = Path(__file__).parents[3] / "recipes" / "marketplace.yaml"


class EmptyApp:
    """As much of the app as its first page needs."""

    def __init__(self) -> None:
        self.recipe = load(RECIPE, {})
        self.away = False

    def images(self, **_: object) -> Page[Image]:
        if self.away:
            raise CatalogFailedError
        return Page((), None)


def home(app: EmptyApp, spool: Path, public_url: str = "") -> httpx.Response:
    service = create_app(cast("App", app), spool=spool, public_url=public_url)

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(service)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.get("/")

    return asyncio.run(ask())


def test_an_empty_service_says_so(tmp_path: Path) -> None:
    page = home(EmptyApp(), tmp_path)
    assert page.status_code == 200
    assert "Nothing has been uploaded yet" in page.text


def test_a_service_without_its_catalog_says_so(tmp_path: Path) -> None:
    app = EmptyApp()
    app.away = True
    page = home(app, tmp_path)
    assert page.status_code == 503
    assert "The database failed." in page.text


def test_a_public_url_may_lie_below_a_path(tmp_path: Path) -> None:
    page = home(EmptyApp(), tmp_path, "https://img.example.com/photos/")
    assert 'href="/photos/static/page.css"' in page.text
    policy = page.headers["content-security-policy"]
    assert "img-src 'self' https://img.example.com;" in policy


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (84_231, "84.2 kB"),
        (999_970, "1 MB"),
        (50_000_000, "50 MB"),
        (7_300_000_000_000, "7300 GB"),
    ],
)
def test_sizes_read_well(size: int, text: str) -> None:
    assert readable_bytes(size) == text

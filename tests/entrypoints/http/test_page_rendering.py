"""What the page says, without a browser and without a service."""

from pathlib import Path

import pytest

from tests.support.empty import empty_service
from tintype.entrypoints.http.views import readable_bytes


def test_an_empty_service_says_so(tmp_path: Path) -> None:
    with empty_service(tmp_path, keys_needed=False) as service:
        page = service.ask("GET", "/")
    assert page.status_code == 200
    assert "Nothing has been uploaded yet" in page.text


def test_a_service_without_its_catalog_says_so(tmp_path: Path) -> None:
    with empty_service(tmp_path, keys_needed=False) as service:
        service.app.away = True
        page = service.ask("GET", "/")
    assert page.status_code == 503
    assert "The database failed." in page.text


def test_a_public_url_may_lie_below_a_path(tmp_path: Path) -> None:
    public_url = "https://img.example.com/photos/"
    with empty_service(tmp_path, keys_needed=False, public_url=public_url) as service:
        page = service.ask("GET", "/")
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

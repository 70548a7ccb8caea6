"""Delivery of a variant whose object is newer than the catalog knows, and caching by access."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from tests.support.empty import EmptyApp, empty_service
from tintype.model import Variant
from tintype.ports.store import StoredObject

OLD = Variant("800x600", "800x600/a.jpg", "jpeg", 800, 600, 10, "old", "v1")


class OneObject(EmptyApp):
    """As much of the app as delivery needs: one variant, and what the store holds under its key."""

    def __init__(self, version: str, content: bytes, access: str) -> None:
        super().__init__(access)
        self.stored = StoredObject(OLD.key, len(content), version, datetime.now(UTC))
        self.content = content
        self.closed = 0

    def variant_by_key(self, _key: str) -> Variant:
        return OLD

    def read(
        self, _variant: Variant, *, start: int = 0, end: int | None = None
    ) -> tuple[StoredObject, Iterator[bytes]]:
        chunks = self.chunks(self.content[start:end])
        next(chunks)  # begun, as a store's are
        return self.stored, chunks

    def chunks(self, content: bytes) -> Iterator[bytes]:
        try:
            yield b""
            for start in range(0, len(content), 3):
                yield content[start : start + 3]
        finally:
            self.closed += 1


def get(app: OneObject, spool: Path, **headers: str) -> httpx.Response:
    with empty_service(spool, app, keys_needed=False) as service:
        return service.ask("GET", f"/{OLD.key}", headers=headers)


def test_the_newer_object_is_sent_whole_under_its_own_tag(tmp_path: Path) -> None:
    app = OneObject("new", b"newer", "public")
    response = get(app, tmp_path)
    assert (response.status_code, response.content) == (200, b"newer")
    assert response.headers["etag"] == '"new"'
    assert response.headers["content-length"] == "5"
    assert app.closed == 1


def test_a_range_of_the_old_object_is_not_cut_from_the_newer(tmp_path: Path) -> None:
    app = OneObject("new", b"newer content", "public")
    response = get(app, tmp_path, Range="bytes=2-4")
    assert (response.status_code, response.content) == (200, b"newer content")
    assert "content-range" not in response.headers
    assert app.closed == 2


def test_a_range_of_many_chunks_is_whole(tmp_path: Path) -> None:
    app = OneObject("old", b"0123456789", "public")
    response = get(app, tmp_path, Range="bytes=1-8")
    assert (response.status_code, response.content) == (206, b"12345678")
    assert response.headers["content-range"] == "bytes 1-8/10"
    assert app.closed == 1


@pytest.mark.parametrize(
    ("access", "told"), [("public", "public, max-age=300"), ("private", "private, no-cache")]
)
def test_only_what_is_public_is_cached_for_everyone(tmp_path: Path, access: str, told: str) -> None:
    response = get(OneObject("old", b"0123456789", access), tmp_path)
    assert response.headers["cache-control"].startswith(told)

"""Whether all is well, and if not, with what."""

from typing import cast

import pytest

from tests.support.asgi import ask
from tintype.entrypoints.http.health import health_app
from tintype.errors import (
    CatalogFailedError,
    ShuttingDownError,
    StoreFailedError,
    SystemFailure,
)
from tintype.pipeline.app import App


class Ailing:
    """As much of the app as readiness needs."""

    def __init__(self, error: SystemFailure | None = None) -> None:
        self._error = error

    def check(self) -> None:
        if self._error:
            raise self._error


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (StoreFailedError("No space left"), "store: No space left"),
        (CatalogFailedError("It is locked"), "database: It is locked"),
        (ShuttingDownError(), "service: The service is shutting down."),
        (SystemFailure("Who knows"), "service: Who knows"),
    ],
)
def test_what_is_not_ready_is_said_first(error: SystemFailure, detail: str) -> None:
    api = health_app(cast("App", Ailing(error)))
    response = ask(api, "GET", "/readyz")
    assert response.status_code == 503
    assert response.json()["code"] == error.code
    assert response.json()["detail"] == detail
    assert response.headers["retry-after"]
    assert ask(api, "GET", "/healthz").status_code == 200


def test_a_process_without_the_public_service_tells_nothing_but_its_health() -> None:
    api = health_app(cast("App", Ailing()))
    for path in ("/healthz", "/readyz"):
        assert ask(api, "GET", path).json() == {"status": "ok", "service": "tintype"}
        assert ask(api, "HEAD", path).status_code == 200
    for path in ("/", "/v1/jobs", "/openapi.json", "/docs"):
        assert ask(api, "GET", path).status_code == 404
    refused = ask(api, "POST", "/readyz")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")

"""What the OpenAPI document says of who may do what, and whether the service is as it says."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.empty import empty_service
from tests.support.service import RunningService

BEARER = "bearer"
SIGNATURE: dict[str, list[str]] = {"signature": []}
DELIVERY = ("/i/{variant}/{image}", "/{key}")


def document(folder: Path, *, access: str = "signed", keys_needed: bool = True) -> dict[str, Any]:
    with empty_service(folder, access=access, keys_needed=keys_needed) as service:
        described: dict[str, Any] = service.ask("GET", "/openapi.json").json()
        return described


def test_each_route_names_its_scope(tmp_path: Path) -> None:
    paths = document(tmp_path)["paths"]
    for path, method, scope in (
        ("/v1/images", "post", "upload"),
        ("/v1/images", "get", "read"),
        ("/v1/jobs/{job_id}/retry", "post", "admin"),
        ("/v1/dead-letters/redrive", "post", "admin"),
    ):
        operation = paths[path][method]
        assert operation["security"] == [{BEARER: [scope]}]
        assert "`unauthenticated`" in operation["responses"]["401"]["description"]
        assert "`forbidden`" in operation["responses"]["403"]["description"]
    assert (
        "`cross_site`, `forbidden`."
        in paths["/v1/images"]["post"]["responses"]["403"]["description"]
    )
    for path in ("/healthz", "/readyz"):
        assert "security" not in paths[path]["get"]


def test_every_scheme_that_is_needed_is_described(tmp_path: Path) -> None:
    described = document(tmp_path)
    schemes = described["components"]["securitySchemes"]
    assert schemes[BEARER]["scheme"] == "bearer"
    for operations in described["paths"].values():
        for operation in operations.values():
            for need in operation.get("security", []):
                assert set(need) <= set(schemes)


@pytest.mark.parametrize(
    ("access", "keys_needed", "needs"),
    [
        ("signed", True, [SIGNATURE, {BEARER: ["read"]}]),
        ("signed", False, [SIGNATURE, {BEARER: ["read"]}]),
        ("private", True, [{BEARER: ["read"]}]),
        ("private", False, None),
        ("public", True, None),
        ("public", False, None),
    ],
)
def test_variants_need_what_the_recipe_says(
    tmp_path: Path, access: str, keys_needed: bool, needs: list[dict[str, list[str]]] | None
) -> None:
    paths = document(tmp_path, access=access, keys_needed=keys_needed)["paths"]
    for path in DELIVERY:
        assert paths[path]["get"].get("security") == needs


def test_without_keys_no_route_asks_for_one(tmp_path: Path) -> None:
    described = document(tmp_path, access="public", keys_needed=False)
    assert "securitySchemes" not in described["components"]
    for operations in described["paths"].values():
        assert all("security" not in operation for operation in operations.values())


def test_people_read_the_scope_too(tmp_path: Path) -> None:
    with empty_service(tmp_path) as service:
        shown = " ".join(service.ask("GET", "/docs").text.split())
    assert "Needs an API key with the scope <strong>upload</strong>." in shown
    assert "Needs a signed address or an API key with the scope <strong>read</strong>." in shown


def test_the_service_refuses_as_the_document_says(guarded: RunningService, tmp_path: Path) -> None:
    """Without the key, or with a wrong one, no route answers that the document closes."""
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{guarded.url}/openapi.json"),
        *("--header", f"Authorization: {guarded.client.headers['Authorization']}"),
        *("--checks", "ignored_auth,not_a_server_error,status_code_conformance"),
        *("--phases", "examples,coverage,fuzzing", "--max-examples", "10", "--seed", "1"),
        *("--exclude-path", "/v1/queue/pause"),  # other tests wait for their images
        *("--generation-database", "none", "--no-color"),
    ]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=110)
    assert found.returncode == 0, found.stdout + found.stderr

"""The OpenAPI document, and whether the service is as it says."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.service import RunningService
from tests.support.troubled import TroubledService
from tintype.recipe.keys import RESERVED


@pytest.fixture(scope="module")
def document(service: RunningService) -> dict[str, Any]:
    described: dict[str, Any] = service.client.get("/openapi.json").json()
    return described


def test_every_public_route_is_described(document: dict[str, Any]) -> None:
    assert {(path, *operations) for path, operations in document["paths"].items()} == {
        ("/v1/images", "post", "get"),
        ("/v1/images/{image_id}", "get", "delete"),
        ("/v1/events/s3", "post"),
        ("/v1/jobs", "get"),
        ("/v1/jobs/{job_id}", "get"),
        ("/v1/jobs/{job_id}/retry", "post"),
        ("/v1/jobs/{job_id}/cancel", "post"),
        ("/v1/dead-letters", "get"),
        ("/v1/dead-letters/{job_id}", "get"),
        ("/v1/dead-letters/redrive", "post"),
        ("/v1/dead-letters/drop", "post"),
        ("/v1/queue", "get"),
        ("/v1/queue/pause", "post"),
        ("/v1/queue/resume", "post"),
        ("/healthz", "get"),
        ("/readyz", "get"),
        ("/i/{variant}/{image}", "get"),
        ("/{key}", "get"),
    }


def test_every_failure_is_a_problem(document: dict[str, Any]) -> None:
    for operations in document["paths"].values():
        for operation in operations.values():
            assert "422" not in operation["responses"]
            for status, response in operation["responses"].items():
                if status == "default" or int(status) >= 400:
                    assert list(response["content"]) == ["application/problem+json"]


def test_what_may_come_back_later_says_when(document: dict[str, Any]) -> None:
    upload = document["paths"]["/v1/images"]["post"]["responses"]
    assert "queue_full" in upload["429"]["description"]
    for operations in document["paths"].values():
        for operation in operations.values():
            for status in {"429", "503"} & operation["responses"].keys():
                assert "Retry-After" in operation["responses"][status]["headers"]


def test_every_parameter_is_explained(document: dict[str, Any]) -> None:
    for operations in document["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", []):
                assert parameter["description"]


def test_the_first_part_of_every_route_is_reserved(document: dict[str, Any]) -> None:
    heads = {path.split("/")[1] for path in document["paths"]} - {"{key}"}
    assert heads <= RESERVED


def test_the_reference_shows_every_route_to_people(
    service: RunningService, document: dict[str, Any]
) -> None:
    shown = service.client.get("/docs").text
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert f"<code>{method.upper()} {path}</code>" in shown
            for parameter in operation.get("parameters", []):
                assert f"<code>{parameter['name']}</code>" in shown


def test_the_page_fetches_nothing_from_elsewhere(service: RunningService) -> None:
    addresses = re.findall(r"(?:src|href)=\"([^\"]*)", service.client.get("/").text)
    addresses += re.findall(r"(?:src|href)=\"([^\"]*)", service.client.get("/docs").text)
    assert addresses
    for address in addresses:
        assert re.match(rf"/(?!/)|{service.url}/", address)


def test_the_service_is_as_the_document_says(troubled: TroubledService, tmp_path: Path) -> None:
    # What a cursor or a key must be depends on what is stored, which no schema can say: that such
    # data is refused with 400 is right, and the other checks look at how. While the queue is
    # paused, uploads with `wait` would wait in vain, so pausing has a run of its own.
    pausing = ("--include-path-regex", "^/v1/queue/(pause|resume)$")
    for chosen in (("--exclude-path", "/v1/queue/pause"), pausing):
        command = [
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{troubled.url}/openapi.json"),
            *("--exclude-checks", "positive_data_acceptance", *chosen),
            *("--max-examples", "20", "--seed", "1", "--generation-database", "none", "--no-color"),
        ]
        found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=110)
        assert found.returncode == 0, found.stdout + found.stderr

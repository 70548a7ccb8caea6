"""A running service that all HTTP tests share, with a limit on bytes that is quickly reached."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.photographs import encoded, photograph
from tests.support.service import RunningService

RECIPE = Path(__file__).parents[3] / "recipes" / "marketplace.yaml"


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    folder = tmp_path_factory.mktemp("http")
    recipe = folder / "marketplace.yaml"
    recipe.write_text(RECIPE.read_text().replace("max_bytes: 50MB", "max_bytes: 2MB"))
    running = RunningService(recipe, folder / "data")
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="session")
def spool(service: RunningService) -> Path:
    return service.data / "uploads"


@pytest.fixture(scope="session")
def jpeg() -> bytes:
    return encoded(photograph(900, 700), quality=85)

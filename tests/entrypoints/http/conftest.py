"""Running services that all HTTP tests share, with a limit on bytes that is quickly reached."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.support.browser import launched, visiting
from tests.support.photographs import encoded, photograph
from tests.support.service import RunningService

RECIPE = Path(__file__).parents[3] / "recipes" / "marketplace.yaml"


def recipe(folder: Path, access: str) -> Path:
    content = RECIPE.read_text().replace("max_bytes: 50MB", "max_bytes: 2MB")
    file = folder / "marketplace.yaml"
    file.write_text(content.replace("access: public", f"access: {access}"))
    return file


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service that everybody may use, with public variants."""
    folder = tmp_path_factory.mktemp("http")
    running = RunningService(recipe(folder, "public"), folder / "data")
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service that asks for keys, with signed variants; its client comes with the first key."""
    folder = tmp_path_factory.mktemp("guarded")
    running = RunningService(recipe(folder, "signed"), folder / "data", auth=True)
    first = re.search(r"tt_[\w-]{43}", running.welcome)
    assert first, running.welcome
    running.client.headers["Authorization"] = f"Bearer {first[0]}"
    yield running
    assert running.stop() == 0
    assert first[0] not in running.log()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with visiting(browser) as context:
        yield context


@pytest.fixture(scope="session")
def spool(service: RunningService) -> Path:
    return service.data / "processes" / "0" / "uploads"


@pytest.fixture(scope="session")
def jpeg() -> bytes:
    return encoded(photograph(900, 700), quality=85)

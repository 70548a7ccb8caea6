"""A service whose jobs can be made to fail, for what people do about jobs."""

from collections.abc import Iterator

import pytest

from tests.support.troubled import TroubledService


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TroubledService]:
    running = TroubledService(tmp_path_factory.mktemp("troubled"))
    yield running
    assert running.stop() == 0

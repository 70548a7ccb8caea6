"""Fixtures for the tests of the sandbox."""

from collections.abc import Iterator

import pytest

from tests.imaging.sandbox.play import open_sandbox
from tintype.imaging.sandbox import Budget, Sandbox

MEMORY = 128 << 20


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox with one child, one second of processor time and 128 MiB."""
    budget = Budget(memory=MEMORY, cpu_seconds=1, wall_seconds=30)
    with open_sandbox(tmp_path_factory.mktemp("scratch"), budget=budget) as opened:
        yield opened


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox with two children and three seconds of wall time."""
    budget = Budget(memory=MEMORY, cpu_seconds=1, wall_seconds=3)
    with open_sandbox(tmp_path_factory.mktemp("scratch"), size=2, budget=budget) as opened:
        yield opened

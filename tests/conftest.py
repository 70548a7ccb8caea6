"""Fixtures that every test may use."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The collection of real and hostile images; where there is none, its tests are skipped."""
    beside = Path(__file__).parents[2] / "shared" / "corpus"
    folder = Path(os.environ.get("TINTYPE_CORPUS", beside))
    if not (folder / "manifest.csv").is_file():
        pytest.skip("no image collection: set TINTYPE_CORPUS")
    return folder

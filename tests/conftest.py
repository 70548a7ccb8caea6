"""Fixtures that every test may use."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.postgres import PostgresServer, running_postgres
from tests.support.s3 import Ministack, running


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The collection of real and hostile images; where there is none, its tests are skipped."""
    beside = Path(__file__).parents[2] / "shared" / "corpus"
    folder = Path(os.environ.get("TINTYPE_CORPUS", beside))
    if not (folder / "manifest.csv").is_file():
        pytest.skip("no image collection: set TINTYPE_CORPUS")
    return folder


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A Postgres server for all tests of this process; those that stop it make their own."""
    # Not pytest's folder: that is closed to other users, and its name too long for a socket.
    folder = Path(tempfile.mkdtemp(prefix="tintype-pg-"))
    folder.chmod(0o755)
    try:
        with running_postgres(folder / "server") as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> str:
    """The URL of an empty database on a real Postgres server."""
    return postgres.database()


@pytest.fixture(scope="session")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ministack]:
    """An S3 server for all tests of this process; those that stop it make their own."""
    with running(Ministack, tmp_path_factory.mktemp("ministack")) as server:
        yield server

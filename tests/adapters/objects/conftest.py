"""Stores on real servers."""

from collections.abc import Callable, Iterator

import pytest

from tests.support.s3 import Ministack, Rclone, S3Server, running
from tintype.adapters.objects import ObjectStore

Open = Callable[..., ObjectStore]


@pytest.fixture(scope="session")
def rclone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rclone]:
    """A server that can do the least that a store must."""
    with running(Rclone, tmp_path_factory.mktemp("rclone")) as server:
        yield server


@pytest.fixture
def open_store(monkeypatch: pytest.MonkeyPatch) -> Open:
    """Opens an address on a server, with what else is to be set; None unsets."""

    def open_store(server: S3Server, address: str = "", **environ: str | None) -> ObjectStore:
        for name, value in {**server.environ(), **environ}.items():
            if value is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, value)
        return ObjectStore.open(address or server.address())

    return open_store


@pytest.fixture
def store(ministack: Ministack, open_store: Open) -> ObjectStore:
    """An empty store on a server that can do all that S3 can."""
    return open_store(ministack)

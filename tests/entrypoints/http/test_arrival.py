"""Files on their way in."""

import asyncio
import hashlib
from pathlib import Path

import pytest

from tintype.entrypoints.http.arrival import Arrival
from tintype.errors import StoreFailedError, TooManyBytesError


def test_pieces_become_one_file_that_is_removed_in_the_end(tmp_path: Path) -> None:
    arrival = Arrival(tmp_path, 100, hashed=False)
    arrival.take(b"one ")
    arrival.take(b"two")
    path = arrival.complete()
    assert path.read_bytes() == b"one two"
    assert path.parent == tmp_path
    arrival.discard()
    assert list(tmp_path.iterdir()) == []


def test_what_has_arrived_leaves_memory_in_large_pieces(tmp_path: Path) -> None:
    arrival = Arrival(tmp_path, 10_000_000, hashed=False)

    async def receive() -> None:
        for _ in range(40):
            arrival.take(bytes(64 * 1024))
            await arrival.settle()

    asyncio.run(receive())
    (file,) = tmp_path.iterdir()
    assert file.stat().st_size == 2 * 1024 * 1024
    arrival.discard()


def test_one_byte_too_many_is_refused(tmp_path: Path) -> None:
    arrival = Arrival(tmp_path, 3, hashed=False)
    arrival.take(b"abc")
    with pytest.raises(TooManyBytesError, match="3 bytes"):
        arrival.take(b"d")
    arrival.discard()


def test_a_folder_that_is_away_is_a_failure_of_the_store_without_its_path(tmp_path: Path) -> None:
    arrival = Arrival(tmp_path / "missing", 10, hashed=False)
    arrival.take(b"a")
    with pytest.raises(StoreFailedError) as caught:
        arrival.complete()
    assert "missing" not in caught.value.detail
    arrival.discard()


def test_the_fingerprint_tells_content_and_circumstances_apart(tmp_path: Path) -> None:
    def fingerprint(content: bytes, *circumstances: str | None) -> str:
        arrival = Arrival(tmp_path, 100, hashed=True)
        arrival.take(content)
        arrival.complete()
        arrival.discard()
        return arrival.fingerprint(*circumstances)

    same = fingerprint(b"x", "name", None)
    assert same == fingerprint(b"x", "name", None)
    others = [
        fingerprint(b"y", "name", None),
        fingerprint(b"x", "name", ""),
        fingerprint(b"x", "nam", "e"),
        fingerprint(b"x", "", "name"),
    ]
    assert len({same, *others}) == 5
    assert len(same) == hashlib.sha256().digest_size * 2

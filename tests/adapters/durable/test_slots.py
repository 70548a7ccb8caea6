"""Slots as locked files."""

from pathlib import Path

import pytest

from tintype.adapters.durable import DurableEngine
from tintype.adapters.durable.slots import FileSlot
from tintype.errors import CatalogFailedError
from tintype.testing.engine_contract import RecordingHandler


def claimed(folder: Path) -> FileSlot:
    slot = FileSlot(folder)
    slot.claim()
    return slot


def abandoned(slot: FileSlot, *names: str) -> list[str]:
    visited: list[str] = []
    slot.visit_abandoned(names, visited.append)
    return visited


def test_a_name_is_never_used_again(tmp_path: Path) -> None:
    names = set()
    for _ in range(3):
        slot = claimed(tmp_path)
        names.add(slot.name)
        slot.release()
    assert len(names) == 3


def test_those_are_abandoned_that_nobody_holds(tmp_path: Path) -> None:
    own, living, dead = claimed(tmp_path), claimed(tmp_path), claimed(tmp_path)
    dead.release()
    assert abandoned(own, living.name, dead.name, "worker-of-long-ago") == [
        dead.name,
        "worker-of-long-ago",
    ]
    living.release()
    own.release()


def test_an_abandoned_name_is_held_while_it_is_visited(tmp_path: Path) -> None:
    own, other = claimed(tmp_path), claimed(tmp_path)
    seen = []
    own.visit_abandoned(["worker-dead"], lambda name: seen.append(abandoned(other, name)))
    assert seen == [[]]
    assert abandoned(other, "worker-dead") == ["worker-dead"]
    own.release()
    other.release()


def test_files_of_the_dead_do_not_pile_up(tmp_path: Path) -> None:
    (tmp_path / "worker-killed").touch()
    (tmp_path / "notes.txt").touch()
    living = claimed(tmp_path)
    own = claimed(tmp_path)
    abandoned(own, "worker-dead")
    assert {path.name for path in tmp_path.iterdir()} == {"notes.txt", own.name, living.name}
    own.release()
    living.release()
    assert {path.name for path in tmp_path.iterdir()} == {"notes.txt"}


def test_a_new_file_that_was_taken_for_one_of_the_dead_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who tidies up may get hold of a file between its making and its locking."""
    own = FileSlot(tmp_path)
    path = tmp_path / own.name
    monkeypatch.setattr("tintype.adapters.durable.slots._is_open_at", forgetful := Forgetful(path))
    own.claim()
    assert forgetful.calls == 2
    other = claimed(tmp_path)
    assert abandoned(other, own.name) == []
    own.release()
    other.release()


class Forgetful:
    """Looks for the file at its name, and the first time removes it before."""

    def __init__(self, path: Path) -> None:
        from tintype.adapters.durable.slots import _is_open_at

        self.calls = 0
        self._path = path
        self._look = _is_open_at

    def __call__(self, descriptor: int, path: Path) -> bool:
        if path == self._path:
            self.calls += 1
            if self.calls == 1:
                path.unlink()
        return self._look(descriptor, path)


def test_a_folder_that_cannot_hold_slots_is_a_named_failure(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    slot = FileSlot(tmp_path / "file")
    with pytest.raises(CatalogFailedError, match="Cannot lock a worker slot"):
        slot.claim()
    with pytest.raises(CatalogFailedError, match="Cannot lock a worker slot"):
        abandoned(slot, "worker-dead")


def test_an_engine_that_cannot_be_launched_leaves_no_slot(tmp_path: Path) -> None:
    missing = tmp_path / "missing" / "tintype.db"
    engine = DurableEngine(f"sqlite:///{missing}", threads=1, slots=tmp_path / "slots")
    with pytest.raises(CatalogFailedError):
        engine.launch(RecordingHandler())
    engine.close()
    assert list((tmp_path / "slots").iterdir()) == []

"""The watcher on real folders: what it tells of, and what it says of files."""

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tintype.adapters.watcher import FolderWatcher
from tintype.errors import SettingsInvalidError, WatchFailedError
from tintype.ports.watcher import Kind

_PATIENCE = 30.0  # a ceiling against hangs


@pytest.fixture
def store(tmp_path: Path) -> Path:
    folder = tmp_path / "store"
    folder.mkdir()
    return folder


@pytest.fixture
def watcher(store: Path) -> FolderWatcher:
    return FolderWatcher.open(store, "originals/")


@contextmanager
def watching(watcher: FolderWatcher) -> Iterator[Generator[frozenset[str]]]:
    with closing(watcher.watch(threading.Event())) as changes:
        assert next(changes) == frozenset()
        yield changes


def told(changes: Iterator[frozenset[str]], *wanted: str) -> set[str]:
    """All that is told until all that is wanted was."""
    seen: set[str] = set()
    deadline = time.monotonic() + _PATIENCE
    while not seen.issuperset(wanted):
        assert time.monotonic() < deadline, seen
        seen |= next(changes)
    return seen


def test_what_comes_changes_and_goes_is_told(watcher: FolderWatcher, store: Path) -> None:
    with watching(watcher) as changes:
        file = store / "originals" / "ü ñ 日本.jpg"
        file.write_bytes(b"1")
        assert told(changes, "originals/ü ñ 日本.jpg") == {"originals/ü ñ 日本.jpg"}
        with file.open("ab") as more:
            more.write(b"2")
        told(changes, "originals/ü ñ 日本.jpg")
        file.rename(store / "originals" / "b.jpg")
        told(changes, "originals/ü ñ 日本.jpg", "originals/b.jpg")
        (store / "originals" / "b.jpg").unlink()
        told(changes, "originals/b.jpg")


def test_nothing_is_told_of_other_folders(watcher: FolderWatcher, store: Path) -> None:
    with watching(watcher) as changes:
        for folder in (".tintype", "small"):
            (store / folder).mkdir()
            (store / folder / "a.jpg").write_bytes(b"1")
        (store / ".tintype-originals-1").write_bytes(b"1")
        (store / "originals" / "z.jpg").write_bytes(b"1")
        assert told(changes, "originals/z.jpg") == {"originals/z.jpg"}


def test_folders_that_come_and_go_are_told(watcher: FolderWatcher, store: Path) -> None:
    originals = store / "originals"
    with watching(watcher) as changes:
        (store / "elsewhere" / "deep").mkdir(parents=True)
        (store / "elsewhere").rename(originals / "in")
        told(changes, "originals/in")
        (originals / "in" / "deep" / "a.jpg").write_bytes(b"1")
        told(changes, "originals/in/deep/a.jpg")
        (originals / "in").rename(store / "out")
        told(changes, "originals/in")


def test_it_ends_when_its_folder_is_replaced(watcher: FolderWatcher, store: Path) -> None:
    for again in range(2):
        with watching(watcher) as changes:
            if again:
                (store / "originals").rename(store / "aside")
            else:
                shutil.rmtree(store / "originals")  # the new one may well have its inode
            (store / "originals").mkdir()
            deadline = time.monotonic() + _PATIENCE
            for _ in changes:
                assert time.monotonic() < deadline


def test_it_ends_when_it_is_stopped(watcher: FolderWatcher) -> None:
    stopping = threading.Event()
    with closing(watcher.watch(stopping)) as changes:
        next(changes)
        stopping.set()
        assert list(changes) == []


def test_a_name_that_is_no_text_is_a_failure(watcher: FolderWatcher, store: Path) -> None:
    with watching(watcher) as changes:
        os.close(os.open(bytes(store) + b"/originals/\xff.jpg", os.O_CREAT | os.O_WRONLY))
        with pytest.raises(WatchFailedError):
            told(changes, "never")


def test_a_folder_that_cannot_be_made_is_a_failure(watcher: FolderWatcher, store: Path) -> None:
    (store / "originals").write_bytes(b"a file")
    with pytest.raises(WatchFailedError), watching(watcher):
        pass


def test_a_folder_behind_a_link_is_refused(store: Path) -> None:
    (store / "real").mkdir()
    (store / "originals").symlink_to("real")
    with pytest.raises(SettingsInvalidError, match="symbolic link"):
        FolderWatcher.open(store, "originals/")
    linked = store.with_name("linked")
    linked.symlink_to(store)  # but the store itself may be one
    assert FolderWatcher.open(linked, "real/").folder == store / "real"


def test_what_is_there_is_said(watcher: FolderWatcher, store: Path) -> None:
    (store / "originals" / "folder").mkdir(parents=True)
    (store / "originals" / "link.jpg").symlink_to("a.jpg")
    os.mkfifo(store / "originals" / "pipe")
    file = store / "originals" / "a.jpg"
    file.write_bytes(b"1")
    kinds = {
        "a.jpg": Kind.FILE,
        "folder": Kind.FOLDER,
        "link.jpg": Kind.OTHER,
        "pipe": Kind.OTHER,
        "none": Kind.NOTHING,
        "a.jpg/below": Kind.NOTHING,
        "zero\0": Kind.NOTHING,
    }
    for name, kind in kinds.items():
        assert watcher.state(f"originals/{name}").kind is kind
        assert not watcher.written(f"originals/{name.rstrip(chr(0))}")
    before = watcher.state("originals/a.jpg")
    assert watcher.state("originals/a.jpg") == before
    file.write_bytes(b"12")
    assert watcher.state("originals/a.jpg") != before


def test_a_file_that_another_program_has_open_to_write_is_written(
    watcher: FolderWatcher, store: Path
) -> None:
    folder = store / "originals"
    folder.mkdir()
    command = 'exec 3>"$0"; echo; read go'
    writer = subprocess.Popen(
        ["/bin/bash", "-c", command, folder / "a.jpg"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert writer.stdout
    assert writer.stdin
    writer.stdout.read(1)
    assert watcher.written("originals/a.jpg")
    writer.communicate(b"\n")
    assert not watcher.written("originals/a.jpg")
    with (folder / "a.jpg").open("rb"):  # who only reads is in nobody's way
        assert not watcher.written("originals/a.jpg")


def test_asking_who_writes_is_in_no_writers_way(watcher: FolderWatcher, store: Path) -> None:
    """A lease that is broken is told of by a signal, which must end nobody."""
    file = store / "originals" / "a.jpg"
    file.parent.mkdir()
    file.write_bytes(b"1")
    script = 'for i in $(seq 3000); do : >>"$0" || exit 1; done'
    writer = subprocess.Popen(["/bin/bash", "-c", script, file])
    while writer.poll() is None:
        watcher.written("originals/a.jpg")
    assert writer.returncode == 0
    assert not watcher.written("originals/a.jpg")

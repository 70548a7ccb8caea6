"""Watching the originals' folder: what ends up in the catalog, whatever others do."""

import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.pipeline.conftest import Pipeline
from tests.support.photographs import encoded, photograph
from tintype.adapters.sql import SqlCatalog
from tintype.adapters.watcher import FolderWatcher
from tintype.errors import CatalogFailedError, ImageNotFoundError, QueueFullError, WatchFailedError
from tintype.model import Event, Image, ImageState
from tintype.pipeline.intake import Intake, Sight
from tintype.pipeline.known_store import KnownStore
from tintype.pipeline.monitors import Monitors
from tintype.pipeline.watching import Pace, Watching, is_passing

PICTURE = encoded(photograph(80, 60), "PNG")
OTHER = encoded(photograph(90, 50, seed=2), "PNG")
QUICK = Pace(quiet=0.3, interval=3600)
_PATIENCE = 60.0  # a ceiling against hangs


class Telling(FolderWatcher):
    """A watcher that says when it has begun."""

    begun: threading.Event

    def watch(self, stopping: threading.Event) -> Generator[frozenset[str]]:
        with closing(super().watch(stopping)) as changes:
            for keys in changes:
                self.begun.set()
                yield keys


class Watched:
    """A pipeline whose originals' folder is watched, and others put files into."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self.folder = pipeline.folder / "objects" / "originals"
        self.folder.mkdir(exist_ok=True)
        self.looks: list[tuple[str, str]] = []
        self._watching: Watching | None = None

    def start(self, pace: Pace = QUICK, watcher: type[FolderWatcher] = Telling) -> None:
        """Begin to watch; returns when everything is told of from now on."""
        app = self.pipeline.app
        begun = Telling.begun = threading.Event()
        mark = self.pipeline.catalog.store_mark("originals")
        assert mark
        self._watching = Watching(
            intake=app.intake,
            catalog=self.pipeline.catalog,
            originals=KnownStore(self.pipeline.store, mark),
            watcher=watcher.open(self.pipeline.folder / "objects", "originals/"),
            monitor=Monitors(),
            prefix="originals/",
            pace=pace,
        )
        self._watching.start()
        if watcher is Telling:
            assert begun.wait(_PATIENCE)

    def stop(self) -> None:
        if self._watching:
            self._watching.stop()
            self._watching = None

    def known(self) -> dict[str, str]:
        """The versions by the names of all live originals."""
        keys = self.pipeline.catalog.original_keys("originals/").items
        versions = self.pipeline.catalog.versions(keys)
        return {key.removeprefix("originals/"): versions[key] for key in versions}

    def version(self, name: str) -> str:
        return self.pipeline.store.head(f"originals/{name}").version

    def image(self, name: str) -> Image:
        return self.pipeline.catalog.image_by_key(f"originals/{name}")

    def wait(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _PATIENCE
        while not condition():
            assert time.monotonic() < deadline, self.known()
            time.sleep(0.02)

    def wait_for(self, *names: str) -> None:
        """Wait until these are known as they are there, and no others are."""

        def settled() -> bool:
            known = self.known()
            return set(known) == set(names) and all(self.version(n) == known[n] for n in names)

        self.wait(settled)


@pytest.fixture
def watched(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    watched = Watched(pipeline)
    look = Intake.look

    def seen(intake: Intake, key: str, event: object) -> Sight:
        sight = look(intake, key, event)  # type: ignore[arg-type]
        watched.looks.append((key.removeprefix("originals/"), sight.seen.value))
        return sight

    monkeypatch.setattr(Intake, "look", seen)
    yield watched
    watched.stop()


def test_a_file_that_is_put_there_is_worked_on(watched: Watched) -> None:
    watched.start()
    (watched.folder / "a.png").write_bytes(PICTURE)
    watched.wait_for("a.png")
    watched.pipeline.finish()
    image = watched.image("a.png")
    assert (image.state, image.original.size) == (ImageState.DONE, len(PICTURE))
    event = watched.pipeline.app.jobs.one(image.job_id).event
    assert event
    assert (event.source, json.loads(event.content)) == ("folder", {"key": "originals/a.png"})


def test_a_replaced_file_is_a_new_version_and_a_removed_one_is_gone(watched: Watched) -> None:
    watched.start()
    file = watched.folder / "a.png"
    file.write_bytes(PICTURE)
    watched.wait_for("a.png")
    first = watched.image("a.png").id
    file.write_bytes(OTHER)
    watched.wait_for("a.png")
    assert watched.image("a.png").id == first
    file.rename(watched.folder / "b.png")
    watched.wait_for("b.png")
    assert watched.pipeline.app.image(first).state is ImageState.GONE
    (watched.folder / "b.png").unlink()  # the folder stays: it is nobody's but the user's
    watched.wait_for()


@pytest.mark.parametrize("kept_open", [True, False])
def test_a_file_is_not_taken_while_it_is_written(watched: Watched, *, kept_open: bool) -> None:
    """One writer pauses for longer than a file must be quiet, another one opens it each time."""
    watched.start()
    pause = 3 * QUICK.quiet if kept_open else QUICK.quiet / 3
    file = watched.folder / "a.png"
    steps = 6
    cuts = [len(PICTURE) * n // steps for n in range(steps + 1)]
    with file.open("wb", buffering=0) as kept:
        for start, end in pairwise(cuts):
            if kept_open:
                kept.write(PICTURE[start:end])
            else:
                kept.close()
                with file.open("ab") as more:
                    more.write(PICTURE[start:end])
            time.sleep(pause)
        if kept_open:
            assert watched.looks == []
    watched.wait_for("a.png")
    if kept_open:
        assert watched.looks == [("a.png", "accepted")]
    watched.pipeline.finish()
    assert watched.image("a.png").state is ImageState.DONE


def test_what_was_taken_too_early_is_taken_again(watched: Watched) -> None:
    watched.start()
    file = watched.folder / "a.png"
    file.write_bytes(PICTURE[:100])
    watched.wait_for("a.png")
    watched.pipeline.finish()
    assert watched.image("a.png").state is ImageState.REJECTED
    with file.open("ab") as more:
        more.write(PICTURE[100:])
    watched.wait_for("a.png")
    watched.pipeline.finish()
    assert watched.image("a.png").state is ImageState.DONE


def test_passing_names_are_not_looked_at_until_they_are_final(watched: Watched) -> None:
    watched.start()
    names = [".a.png.Xk2q", "a.png.part", "b.png.crdownload", "~", "c.png~", ".tintype-x", "D.TMP"]
    for name in names:
        (watched.folder / name).write_bytes(PICTURE)
    (watched.folder / ".trash").mkdir()
    (watched.folder / ".trash" / "x.png").write_bytes(PICTURE)
    (watched.folder / names[0]).rename(watched.folder / "a.png")  # as rsync does
    (watched.folder / names[1]).rename(watched.folder / "b.png")  # as browsers do
    watched.wait_for("a.png", "b.png")
    assert {name for name, _ in watched.looks} == {"a.png", "b.png"}
    assert all(is_passing(name) for name in names)
    assert not any(map(is_passing, ("a.png", "a.part.png", "tmp", "temp.jpg")))


def test_a_key_that_cannot_be_kept_is_told_and_left(watched: Watched) -> None:
    with capture_logs() as lines:
        watched.start()
        (watched.folder / "y.png").write_bytes(PICTURE)
        watched.wait_for("y.png")
        (watched.folder / "a\\b.png").write_bytes(PICTURE)
        (watched.folder / "z.png").write_bytes(PICTURE)
        watched.wait_for("y.png", "z.png")
        time.sleep(3 * QUICK.quiet)
        watched.stop()
    refused = [line for line in lines if line["event"] == "watcher.refused"]
    assert [(line["key"], line["code"]) for line in refused] == [
        ("originals/a\\b.png", "key_invalid")
    ]


def test_links_are_no_originals(watched: Watched) -> None:
    watched.start()
    outside = watched.pipeline.folder / "outside"
    outside.mkdir()
    (outside / "x.png").write_bytes(PICTURE)
    (watched.folder / "real.png").write_bytes(PICTURE)
    watched.wait_for("real.png")
    (watched.folder / "link.png").symlink_to(outside / "x.png")
    (watched.folder / "linked").symlink_to(outside)
    (watched.folder / "real.png").unlink()
    (watched.folder / "real.png").symlink_to(outside / "x.png")
    watched.wait_for()
    (watched.folder / "last.png").write_bytes(PICTURE)
    watched.wait_for("last.png")


def test_folders_that_are_moved_in_and_out(watched: Watched) -> None:
    watched.start()
    made = watched.pipeline.folder / "made" / "deep"
    made.mkdir(parents=True)
    for n in range(3):
        (made / f"{n}.png").write_bytes(PICTURE)
    made.parent.rename(watched.folder / "in")
    watched.wait_for(*(f"in/deep/{n}.png" for n in range(3)))
    (watched.folder / "in" / "deep" / "late.png").write_bytes(PICTURE)
    watched.wait_for("in/deep/late.png", *(f"in/deep/{n}.png" for n in range(3)))
    (watched.folder / "in").rename(watched.folder / "other")
    watched.wait_for("other/deep/late.png", *(f"other/deep/{n}.png" for n in range(3)))
    shutil.move(watched.folder / "other", watched.pipeline.folder)
    watched.wait_for()


def test_what_happened_while_nobody_watched_is_caught_up_with(watched: Watched) -> None:
    watched.start()
    for name in ("stays.png", "changes.png", "goes.png"):
        (watched.folder / name).write_bytes(PICTURE)
    watched.wait_for("stays.png", "changes.png", "goes.png")
    watched.stop()
    watched.looks.clear()
    (watched.folder / "changes.png").write_bytes(OTHER)
    (watched.folder / "goes.png").unlink()
    (watched.folder / "new").mkdir()
    (watched.folder / "new" / "comes ü.png").write_bytes(PICTURE)
    with capture_logs() as lines:
        watched.start()
        watched.wait_for("stays.png", "changes.png", "new/comes ü.png")
        watched.stop()
    assert sorted(watched.looks) == [
        ("changes.png", "accepted"),
        ("goes.png", "gone"),
        ("new/comes ü.png", "accepted"),
    ]
    (line,) = [line for line in lines if line["event"] == "watcher.compared"]
    assert (line["count"], line["differing"]) == (3, 3)


def test_a_store_that_is_away_loses_no_image(watched: Watched) -> None:
    """Another store in its place, as of a disk that is not mounted, is not taken for an empty."""
    watched.start()
    (watched.folder / "a.png").write_bytes(PICTURE)
    watched.wait_for("a.png")
    store = watched.pipeline.folder / "objects"
    with capture_logs() as lines:
        store.rename(store.with_name("away"))
        (store / ".tintype").mkdir(parents=True)
        (store / "originals").mkdir()
        watched.wait(lambda: any(line.get("code") == "store_mistaken" for line in lines))
        time.sleep(1)
        assert list(watched.known()) == ["a.png"]
        shutil.rmtree(store)
        store.with_name("away").rename(store)
        (watched.folder / "b.png").write_bytes(PICTURE)
        watched.wait_for("a.png", "b.png")
        watched.stop()
    assert "watcher.recovered" in {line["event"] for line in lines}
    assert {seen for _, seen in watched.looks} <= {"accepted", "known"}


def test_a_full_queue_and_a_lost_database_are_waited_for(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept = SqlCatalog.accept
    failures = [CatalogFailedError(), QueueFullError(), CatalogFailedError()]

    def failing(catalog: SqlCatalog, *args: object, **options: object) -> object:
        if failures:
            raise failures.pop()
        return accept(catalog, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(SqlCatalog, "accept", failing)
    watched.start()
    names = [f"{n}.png" for n in range(5)]
    for name in names:
        (watched.folder / name).write_bytes(PICTURE)
    watched.wait_for(*names)


def test_our_own_uploads_cost_a_look_each_and_no_job(watched: Watched) -> None:
    watched.start()
    images = [watched.pipeline.upload(f"{n}.png", PICTURE) for n in range(5)]
    watched.wait(lambda: len(watched.looks) == len(images))
    time.sleep(3 * QUICK.quiet)
    assert sorted(watched.looks) == [(f"{n}.png", "known") for n in range(5)]
    assert len(watched.pipeline.finish()) == len(images)


class Silent(FolderWatcher):
    """Tells nothing, as where the kernel's queue was full."""

    def watch(self, stopping: threading.Event) -> Generator[frozenset[str]]:
        while not stopping.wait(0.05):
            yield frozenset()


class Broken(FolderWatcher):
    """Cannot watch, as where there are too many folders."""

    def watch(self, stopping: threading.Event) -> Generator[frozenset[str]]:
        if not stopping.is_set():
            raise WatchFailedError
        yield frozenset()


@pytest.mark.parametrize("watcher", [Silent, Broken])
def test_what_nobody_tells_of_is_found(watched: Watched, watcher: type[FolderWatcher]) -> None:
    (watched.folder / "a.png").write_bytes(PICTURE)
    watched.start(Pace(quiet=0.2, interval=0.5), watcher)
    watched.wait_for("a.png")
    if watcher is Silent:  # the other one is asked again a minute later
        (watched.folder / "a.png").unlink()
        (watched.folder / "b.png").write_bytes(OTHER)
        watched.wait_for("b.png")


def test_a_large_folder_is_compared_in_few_questions(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    versions = SqlCatalog.versions

    def counted(catalog: SqlCatalog, keys: Sequence[str]) -> Mapping[str, str]:
        asked.append(len(keys))
        return versions(catalog, keys)

    for n in range(50):
        (watched.folder / f"{n}.png").write_bytes(b"no image")
        watched.pipeline.app.intake.look(f"originals/{n}.png", Event("folder", "{}"))
    known = len(watched.looks)
    watched.looks.clear()
    with capture_logs() as lines:
        monkeypatch.setattr(SqlCatalog, "versions", counted)
        watched.start()
        watched.wait(lambda: any(line["event"] == "watcher.compared" for line in lines))
    (line,) = [line for line in lines if line["event"] == "watcher.compared"]
    assert (line["count"], line["differing"], asked, watched.looks) == (known, 0, [known], [])


def test_a_folder_that_is_removed_and_made_anew_is_watched_again(watched: Watched) -> None:
    watched.start()
    (watched.folder / "a.png").write_bytes(PICTURE)
    watched.wait_for("a.png")
    shutil.rmtree(watched.folder)
    watched.wait_for()
    watched.wait(watched.folder.is_dir)  # made by the watcher
    (watched.folder / "b.png").write_bytes(PICTURE)
    watched.wait_for("b.png")


def test_a_name_that_is_no_text_stops_nothing(watched: Watched) -> None:
    with capture_logs() as lines:
        watched.start()
        os.close(os.open(bytes(watched.folder) + b"/\xff.png", os.O_CREAT | os.O_WRONLY))
        watched.wait(lambda: any(line["event"] == "watcher.blind" for line in lines))
        (watched.folder / "a.png").write_bytes(PICTURE)
        watched.wait_for("a.png")


def test_an_image_that_is_deleted_here_does_not_come_back(watched: Watched) -> None:
    watched.start()
    image = watched.pipeline.upload("a.png", PICTURE)
    watched.wait(lambda: bool(watched.looks))
    watched.pipeline.app.delete(image.id)
    Path(watched.folder / "a.png").unlink()
    watched.wait(lambda: len(watched.looks) > 1)
    with pytest.raises(ImageNotFoundError):
        watched.image("a.png")

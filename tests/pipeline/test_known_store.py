"""Stores that are known again: the wrong one, none, an empty one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.pipeline.conftest import Pipeline
from tests.support.photographs import encoded, photograph
from tintype.adapters.folder import FolderStore
from tintype.adapters.sql import SqlCatalog
from tintype.errors import ObjectMissingError, StoreMistakenError
from tintype.model import ImageState
from tintype.pipeline.known_store import ORIGINALS, VARIANTS, KnownStore, recognize

PICTURE = encoded(photograph(80, 60), "PNG")


def opened(folder: Path) -> FolderStore:
    return FolderStore.open(folder.as_uri())


def marks(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.glob(".tintype-*"))


@contextmanager
def another(pipeline: Pipeline) -> Iterator[None]:
    """Meanwhile, another store is where the pipeline's was."""
    folder = pipeline.folder / "objects"
    away = folder.with_name("away")
    folder.rename(away)
    opened(folder)  # as a process did that was started meanwhile, and may write there
    try:
        yield
    finally:
        folder.rename(folder.with_name("other"))
        away.rename(folder)


def test_an_original_is_not_gone_where_the_store_is(pipeline: Pipeline) -> None:
    image = pipeline.upload("a.png", PICTURE)
    with another(pipeline):
        pipeline.step()
    waiting = pipeline.app.image(image.id)
    assert waiting.state is ImageState.QUEUED
    assert [each.code for each in pipeline.catalog.failures(image.job_id)] == ["store_mistaken"]
    assert pipeline.finish() == [10.0], "a store that is away is given time"
    assert pipeline.app.image(image.id).state is ImageState.DONE


def test_a_variant_is_not_missing_where_the_store_is(pipeline: Pipeline) -> None:
    image = pipeline.upload("a.png", PICTURE)
    pipeline.finish()
    (variant,) = pipeline.app.variants("thumb", image.id)
    with another(pipeline), pytest.raises(StoreMistakenError):
        pipeline.app.read(variant)
    assert pipeline.app.read(variant)[0].version == variant.etag


def test_a_store_that_is_another_one_is_no_place_for_uploads(pipeline: Pipeline) -> None:
    pipeline.app.check()
    with another(pipeline), pytest.raises(StoreMistakenError):
        pipeline.app.check()
    pipeline.app.check()


def test_an_object_that_is_there_costs_no_look_at_the_mark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def bears(_: FolderStore, name: str) -> bool:
        asked.append(name)
        return True

    known = KnownStore(opened(tmp_path / "objects"), "m")
    monkeypatch.setattr(FolderStore, "bears", bears)
    (tmp_path / "picture").write_bytes(PICTURE)
    known.put("a", tmp_path / "picture", content_type="image/png")
    known.fetch("a", tmp_path / "copy")
    known.read("a")
    assert not asked
    with pytest.raises(ObjectMissingError):
        known.fetch("b", tmp_path / "copy")
    assert asked == ["m"]


def test_a_store_is_marked_once_for_each_role(pipeline: Pipeline, tmp_path: Path) -> None:
    store = opened(tmp_path / "objects")
    (before,) = marks(tmp_path / "objects")
    assert recognize(pipeline.catalog, ORIGINALS, store) == before.removeprefix(".tintype-")
    recognize(pipeline.catalog, VARIANTS, store)
    recognize(pipeline.catalog, VARIANTS, store)
    assert len(marks(tmp_path / "objects")) == 2


def test_another_store_is_refused_until_the_file_that_is_named_is_put_into_it(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    other = opened(tmp_path / "other")
    (mark,) = marks(tmp_path / "objects")
    with pytest.raises(StoreMistakenError) as caught:
        recognize(pipeline.catalog, ORIGINALS, other)
    assert mark in caught.value.detail
    assert marks(tmp_path / "other") == []
    (tmp_path / "other" / mark).touch()
    recognize(pipeline.catalog, ORIGINALS, other)


def late(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the next look at the catalog be one that came before the store was marked."""
    known = SqlCatalog.store_mark
    looks: list[str] = []

    def look(catalog: SqlCatalog, role: str) -> str | None:
        looks.append(role)
        return known(catalog, role) if len(looks) > 1 else None

    monkeypatch.setattr(SqlCatalog, "store_mark", look)


def test_whoever_marks_a_store_second_takes_its_mark_away(
    pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = marks(tmp_path / "objects")
    late(pipeline, monkeypatch)
    known = recognize(pipeline.catalog, ORIGINALS, opened(tmp_path / "objects"))
    assert marks(tmp_path / "objects") == before == [f".tintype-{known}"]


def test_processes_that_first_start_together_with_different_stores_do_not_both_go_on(
    pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late(pipeline, monkeypatch)
    with pytest.raises(StoreMistakenError):
        recognize(pipeline.catalog, ORIGINALS, opened(tmp_path / "other"))
    assert marks(tmp_path / "other") == []


def test_a_start_that_is_killed_after_it_marked_the_store_leaves_nothing_to_mend(
    pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opened(tmp_path / "objects")

    def die(*_: object) -> str:
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(SqlCatalog, "keep_store_mark", die)
        with pytest.raises(KeyboardInterrupt):
            recognize(pipeline.catalog, VARIANTS, store)
    assert store.bears(recognize(pipeline.catalog, VARIANTS, store))

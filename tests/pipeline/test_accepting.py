"""An upload that is refused leaves the store as it was."""

import threading
from typing import Any

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from tests.pipeline.conftest import Pipeline
from tintype.adapters.sql import SqlCatalog
from tintype.adapters.sql.engines import open_engine
from tintype.adapters.sql.migrating import migrate
from tintype.errors import CatalogFailedError, IdempotencyConflictError, StoreFailedError
from tintype.pipeline.intake import Upload
from tintype.ports.catalog import Acceptance
from tintype.testing.catalog_setting import accept

_accept = SqlCatalog.accept


def originals(pipeline: Pipeline) -> dict[str, bytes]:
    objects = pipeline.folder / "objects"
    return {each.key: (objects / each.key).read_bytes() for each in pipeline.store.list()}


def away(*_: object, **__: object) -> Any:
    raise CatalogFailedError


def lost(*arguments: Any, **options: Any) -> Acceptance:
    """As where the connection goes away before the server's answer to the commit comes."""
    _accept(*arguments, **options)
    raise CatalogFailedError


@pytest.mark.parametrize("key", [None, "originals/a.png"])
def test_nothing_is_stored_while_the_database_is_away(pipeline: Pipeline, key: str | None) -> None:
    pipeline.upload("a.png", b"first")
    (pipeline.folder / "test.db").rename(pipeline.folder / "away.db")
    pipeline.catalog._transactions._glancing.dispose()
    (pipeline.folder / "test.db").mkdir()
    with pytest.raises(CatalogFailedError):
        pipeline.upload("b.png", b"second", key=key)
    assert originals(pipeline) == {"originals/a.png": b"first"}


def test_a_new_original_that_the_database_does_not_take_is_removed(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline.upload("a.png", b"first")
    with monkeypatch.context() as failing:
        failing.setattr(SqlCatalog, "accept", away)
        for name in ("a.png", "b.png"):
            with pytest.raises(CatalogFailedError):
                pipeline.upload(name, b"second")
    assert originals(pipeline) == {"originals/a.png": b"first"}
    assert pipeline.upload("b.png", b"third").original.key == "originals/b.png"


def test_an_original_stays_whose_acceptance_was_committed_but_not_answered(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as failing:
        failing.setattr(SqlCatalog, "accept", lost)
        with pytest.raises(CatalogFailedError):
            pipeline.upload("a.png", b"first")
    assert originals(pipeline) == {"originals/a.png": b"first"}


@pytest.mark.parametrize("unsure", ["knows", "delete"])
def test_an_original_stays_and_is_told_of_where_it_cannot_be_removed(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, unsure: str
) -> None:
    def failing(*_: object) -> None:
        raise StoreFailedError

    with monkeypatch.context() as patch, capture_logs() as lines:
        patch.setattr(SqlCatalog, "accept", away)
        if unsure == "knows":
            patch.setattr(SqlCatalog, "knows", away)
        else:
            patch.setattr(type(pipeline.store), "delete", failing)
        with pytest.raises(CatalogFailedError):
            pipeline.upload("a.png", b"first")
    assert originals(pipeline) == {"originals/a.png": b"first"}
    [line] = [line for line in lines if line["event"] == "original.left"]
    assert line["key"] == "originals/a.png"


def test_an_original_stays_that_another_upload_has_replaced_meanwhile(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def replaced(*_: object, **__: object) -> Acceptance:
        file = pipeline.folder / "other"
        file.write_bytes(b"of another, who is about to be promised")
        pipeline.store.put("originals/a.png", file, content_type="image/png")
        raise CatalogFailedError

    with monkeypatch.context() as failing:
        failing.setattr(SqlCatalog, "accept", replaced)
        with pytest.raises(CatalogFailedError):
            pipeline.upload("a.png", b"first")
    assert originals(pipeline) == {"originals/a.png": b"of another, who is about to be promised"}


@pytest.mark.parametrize("fingerprint", ["same", "another"])
def test_the_same_idempotency_key_twice_at_once_leaves_one_original(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, fingerprint: str
) -> None:
    file = pipeline.folder / "upload"
    file.write_bytes(b"content")
    first = pipeline.app.intake.accept(Upload(file, "a.png", idempotency=("key", "same")))
    # The first was committed after the second has asked whether it came before.
    monkeypatch.setattr(SqlCatalog, "repeated", lambda *_: None)
    second = Upload(file, "a.png", idempotency=("key", fingerprint))
    if fingerprint == "same":
        assert pipeline.app.intake.accept(second).image == first.image
    else:
        with pytest.raises(IdempotencyConflictError):
            pipeline.app.intake.accept(second)
    assert originals(pipeline) == {"originals/a.png": b"content"}


def test_a_commit_under_way_is_waited_for_before_an_original_counts_as_unknown(
    postgres_url: str,
) -> None:
    """A server may still be committing what its client has lost the connection for."""
    engine = open_engine(postgres_url)
    migrate(engine)
    began, end = threading.Event(), threading.Event()

    def slow(*_: object) -> None:
        began.set()
        end.wait(30)

    catalog = SqlCatalog(engine, enqueue=slow)
    catalog.keep_recipe("digest-1", "{}")
    committing = threading.Thread(target=lambda: accept(catalog, enqueue=True))
    committing.start()
    assert began.wait(30)
    answers: list[bool] = []
    asking = threading.Thread(target=lambda: answers.append(catalog.knows("originals/a.jpg")))
    asking.start()
    with engine.connect() as watching:
        waits = sa.text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        while asking.is_alive() and not watching.execute(waits).scalar_one():
            pass
    end.set()
    for thread in (committing, asking):
        thread.join(30)
    engine.dispose()
    assert answers == [True]

"""One attempt after another: what is recorded, tried again, refused, overtaken."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Picture

from tests.pipeline.conftest import Pipeline
from tests.support import moody
from tests.support.photographs import encoded, photograph
from tintype.adapters.folder import FolderStore
from tintype.adapters.sql import SqlCatalog
from tintype.errors import CatalogFailedError, KeyInvalidError, StoreFailedError
from tintype.model import ImageState, Run, StepStatus
from tintype.ports.store import StoredObject

PICTURE = encoded(photograph(80, 60), "PNG")


def test_an_image_is_checked_rendered_stored_and_recorded(pipeline: Pipeline) -> None:
    image = pipeline.upload("a.png", PICTURE)
    assert image.state is ImageState.QUEUED
    pipeline.finish()
    image = pipeline.app.image(image.id)
    assert image.state is ImageState.DONE
    assert image.facts
    assert (image.facts.format, image.facts.width, image.facts.height) == ("png", 80, 60)
    (variant,) = image.variants
    assert (variant.key, variant.width, variant.height) == ("thumb/a.png", 40, 30)
    assert pipeline.app.variants("thumb", image.id) == (variant,)
    _, chunks = pipeline.app.read(variant)
    assert len(b"".join(chunks)) == variant.bytes
    steps = pipeline.app.jobs.one(image.job_id).steps
    assert [step.name for step in steps] == ["validate", "render", "record"]
    assert {step.status for step in steps} == {StepStatus.DONE}


def test_a_rejected_image_says_why_and_is_never_tried_again(pipeline: Pipeline) -> None:
    image = pipeline.upload("a.png", PICTURE[: len(PICTURE) // 2])
    assert pipeline.finish() == [0.0]
    image = pipeline.app.image(image.id)
    assert image.state is ImageState.REJECTED
    assert image.error
    assert image.error.code == "corrupt"
    assert not image.variants


def test_an_original_over_the_limit_is_rejected_before_it_is_fetched(pipeline: Pipeline) -> None:
    image = pipeline.upload("big.png", b"x" * 1_000_001)
    pipeline.store.delete("originals/big.png")
    pipeline.finish()
    image = pipeline.app.image(image.id)
    assert image.error
    assert image.error.code == "too_many_bytes"


@pytest.mark.parametrize(
    ("content", "code"), [(moody.DIE, "resource_limit"), (moody.BURN, "timed_out")]
)
def test_what_kills_its_decoder_twice_is_rejected_and_costs_only_its_own_job(
    pipeline: Pipeline, content: bytes, code: str
) -> None:
    bad = pipeline.upload("bad.png", content)
    good = pipeline.upload("good.png", PICTURE)
    pipeline.finish()
    assert pipeline.app.image(good.id).state is ImageState.DONE
    image = pipeline.app.image(bad.id)
    assert image.state is ImageState.REJECTED
    assert image.error
    assert image.error.code == code
    assert pipeline.app.jobs.one(image.job_id).attempts == 2


def test_a_decoder_that_hangs_is_tried_again_then_dead_and_costs_only_its_own_job(
    pipeline: Pipeline,
) -> None:
    bad = pipeline.upload("bad.png", moody.HANG)
    good = pipeline.upload("good.png", PICTURE)
    # The waits that the recipe asks for: 2 s, then twice that.
    assert pipeline.finish() == [0.0, 0.0, 2.0, 4.0]
    assert pipeline.app.image(good.id).state is ImageState.DONE
    image = pipeline.app.image(bad.id)
    assert image.state is ImageState.DEAD
    assert image.error
    assert image.error.code == "decoder_stalled"
    assert [each.code for each in pipeline.catalog.failures(image.job_id)] == [
        "decoder_stalled"
    ] * 3


def test_a_store_that_fails_for_a_while_only_delays(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = pipeline.upload("a.png", PICTURE)

    def fail(*_: object, **__: object) -> None:
        raise StoreFailedError("No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(type(pipeline.store), "put", fail)
        pipeline.step()
    waiting = pipeline.app.image(image.id)
    assert waiting.state is ImageState.QUEUED
    assert pipeline.finish() == [10.0], "a store that is away is given time"
    assert pipeline.app.image(image.id).state is ImageState.DONE


def test_a_disk_that_is_full_is_never_the_images_fault(pipeline: Pipeline) -> None:
    image = pipeline.upload("a.png", moody.FULL)
    assert pipeline.finish() == [0.0, 10.0, 20.0]
    image = pipeline.app.image(image.id)
    assert image.state is ImageState.DEAD
    assert image.error
    assert image.error.code == "store_failed"


def test_a_newer_version_that_is_accepted_first_is_the_only_one_made(pipeline: Pipeline) -> None:
    image = pipeline.upload("a.png", PICTURE)
    newer = pipeline.upload("a.png", encoded(photograph(80, 60, seed=1), "PNG"), "originals/a.png")
    assert newer.id == image.id
    assert newer.job_id != image.job_id
    pipeline.finish()
    done = pipeline.app.image(image.id)
    assert done.state is ImageState.DONE
    assert {variant.original_version for variant in done.variants} == {newer.original.version}
    assert pipeline.app.jobs.one(image.job_id).state is ImageState.SUPERSEDED


def test_a_version_that_comes_while_the_old_one_runs_waits_and_wins(pipeline: Pipeline) -> None:
    image = pipeline.upload("a.png", PICTURE)
    run, _ = pipeline.engine.waiting.popleft()
    lease = pipeline.catalog.claim(run)
    assert lease
    newer = encoded(Picture.new("RGB", (80, 60), "blue"), "PNG")
    pipeline.upload("a.png", newer, "originals/a.png")
    assert not pipeline.engine.waiting, "two jobs of one key must not run at once"
    # The process that held the lease dies; its run is given to another worker.
    following = pipeline.worker.work(run)
    assert following
    assert pipeline.app.jobs.one(run.job_id).state is ImageState.SUPERSEDED
    pipeline.engine.start(following)
    pipeline.finish()
    assert pipeline.app.image(image.id).state is ImageState.DONE
    assert not pipeline.catalog.current(lease)


@pytest.fixture
def taken_over(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run whose process is taken for dead in the middle of its first put, and wakes up."""
    put, run = FolderStore.put, Run(pipeline.upload("a.png", PICTURE).job_id, 1)

    def put_late(store: FolderStore, key: str, source: Path, **options: Any) -> StoredObject:
        monkeypatch.setattr(FolderStore, "put", put)
        assert pipeline.worker.work(run) is None
        assert pipeline.app.jobs.one(run.job_id).state is ImageState.DONE
        return put(store, key, source, **options)

    monkeypatch.setattr(FolderStore, "put", put_late)
    pipeline.engine.waiting.clear()
    return run


def assert_stored_as_recorded(pipeline: Pipeline, job_id: str) -> None:
    image = pipeline.app.image(pipeline.app.jobs.one(job_id).image_id)
    assert image.state is ImageState.DONE
    assert len(image.variants) > 0
    for variant in image.variants:
        assert pipeline.store.head(variant.key).version == variant.etag


def test_what_was_written_late_is_made_again(pipeline: Pipeline, taken_over: Run) -> None:
    pipeline.worker.work(taken_over)
    assert pipeline.app.jobs.one(taken_over.job_id).state is ImageState.QUEUED
    pipeline.finish()
    assert_stored_as_recorded(pipeline, taken_over.job_id)
    assert pipeline.app.jobs.one(taken_over.job_id).attempts == 2


def test_what_was_written_late_is_made_again_when_the_database_was_away(
    pipeline: Pipeline, taken_over: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as away:
        away.setattr(SqlCatalog, "repair", failing)
        with pytest.raises(CatalogFailedError):
            pipeline.worker.work(taken_over)
    assert pipeline.worker.work(taken_over, begun=1) is None
    pipeline.finish()
    assert_stored_as_recorded(pipeline, taken_over.job_id)


def failing(*_: object) -> None:
    raise CatalogFailedError


def test_an_object_replaced_behind_our_back_is_made_as_it_is_now(pipeline: Pipeline) -> None:
    image = pipeline.upload("a.png", PICTURE)
    file = pipeline.folder / "other"
    file.write_bytes(encoded(photograph(90, 90), "PNG"))
    replaced = pipeline.store.put("originals/a.png", file, content_type="image/png")
    pipeline.finish()
    done = pipeline.app.image(image.id)
    assert done.state is ImageState.DONE
    assert done.original.version == replaced.version
    assert done.facts
    assert done.facts.width == 90


def test_an_original_that_is_gone_ends_as_gone(pipeline: Pipeline) -> None:
    image = pipeline.upload("a.png", PICTURE)
    pipeline.store.delete("originals/a.png")
    pipeline.finish()
    assert pipeline.app.image(image.id).state is ImageState.GONE


def test_a_finished_run_that_comes_again_does_nothing(pipeline: Pipeline) -> None:
    image = pipeline.upload("a.png", PICTURE)
    run, _ = pipeline.engine.waiting[0]
    pipeline.finish()
    before = pipeline.app.image(image.id)
    assert pipeline.worker.work(run) is None
    assert pipeline.worker.work(Run(run.job_id, 7)) is None
    assert pipeline.app.image(image.id) == before


@pytest.mark.parametrize("name", ["a\nb.png", "nul\0.png", "..", "x" * 300 + ".png"])
def test_a_name_that_cannot_be_kept_is_refused_with_nothing_left(
    pipeline: Pipeline, name: str
) -> None:
    with pytest.raises(KeyInvalidError):
        pipeline.upload(name, PICTURE)
    assert not list(pipeline.store.list())
    assert not pipeline.engine.waiting


@pytest.mark.parametrize(
    "name",
    [
        "a b.png",
        "ü ñ 日本.png",
        "100%.png",
        "-x.png",
        "[1]{2}'\"$;.png",
        "😀.png",
        "a#1.png",
        ".jpg.php",
    ],
)
def test_odd_names_are_kept_as_they_are(pipeline: Pipeline, name: str) -> None:
    image = pipeline.upload(name, PICTURE)
    pipeline.finish()
    image = pipeline.app.image(image.id)
    assert image.state is ImageState.DONE
    assert image.original.key == f"originals/{name}"
    assert image.original.name == name
    assert pipeline.app.variants("thumb", image.original.key) == image.variants


def test_folders_in_an_uploads_name_are_ignored(pipeline: Pipeline) -> None:
    assert pipeline.upload("../../etc/a.png", PICTURE).original.key == "originals/a.png"
    assert pipeline.upload("C:\\me\\b.png", PICTURE).original.key == "originals/b.png"


def test_a_key_outside_the_prefix_is_refused(pipeline: Pipeline) -> None:
    for key in ("thumb/a.png", "originals/../thumb/a.png", "originals/"):
        with pytest.raises(KeyInvalidError):
            pipeline.upload("a.png", PICTURE, key)

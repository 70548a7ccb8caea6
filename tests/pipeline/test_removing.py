"""Deleting images: what is removed, when, and what stays."""

import pytest

from tests.pipeline.conftest import Pipeline
from tests.support.photographs import encoded, photograph
from tintype.adapters.folder import FolderStore
from tintype.errors import ImageNotFoundError, StoreFailedError, VariantNotFoundError
from tintype.model import ImageState
from tintype.pipeline.remover import Remover

PICTURE = encoded(photograph(80, 60), "PNG")
OTHER = encoded(photograph(90, 50, seed=2), "PNG")


def keys(pipeline: Pipeline) -> set[str]:
    return {each.key for each in pipeline.store.list()}


@pytest.fixture
def remover(pipeline: Pipeline) -> Remover:
    """One that looks only when it is told to."""
    return Remover(pipeline.catalog, pipeline.store, pipeline.store)


def test_a_deleted_image_goes_with_all_its_objects_and_no_others(
    pipeline: Pipeline, remover: Remover
) -> None:
    image, other = pipeline.upload("a.png", PICTURE), pipeline.upload("b.png", OTHER)
    pipeline.finish()
    pipeline.app.delete(image.id)
    with pytest.raises(VariantNotFoundError):
        pipeline.app.variants("thumb", image.id)
    with pytest.raises(VariantNotFoundError):
        pipeline.app.variant_by_key("thumb/a.png")
    remover.look()
    assert keys(pipeline) == {"originals/b.png", "thumb/b.png"}
    assert pipeline.app.image(image.id).state is ImageState.GONE
    assert pipeline.app.image(other.id).state is ImageState.DONE
    pipeline.app.delete(image.id)  # once more changes nothing
    with pytest.raises(ImageNotFoundError):
        pipeline.app.delete("img_unknown")


def test_what_waits_is_deleted_before_it_is_made(pipeline: Pipeline, remover: Remover) -> None:
    image = pipeline.upload("a.png", PICTURE)
    pipeline.app.delete(image.id)
    pipeline.finish()
    remover.look()
    assert (keys(pipeline), pipeline.app.image(image.id).state) == (set(), ImageState.GONE)


def test_what_is_put_while_its_image_is_deleted_is_removed_too(
    pipeline: Pipeline, remover: Remover, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = pipeline.upload("a.png", PICTURE)
    put = FolderStore.put

    def delete_first(store: FolderStore, key: str, *args: object, **options: object) -> object:
        pipeline.app.delete(image.id)
        remover.look()
        return put(store, key, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(FolderStore, "put", delete_first)
    pipeline.finish()
    assert keys(pipeline) == {"thumb/a.png"}
    remover.look()
    assert keys(pipeline) == set()


def test_an_original_that_was_replaced_meanwhile_stays(
    pipeline: Pipeline, remover: Remover
) -> None:
    image = pipeline.upload("a.png", PICTURE)
    pipeline.finish()
    pipeline.app.delete(image.id)
    successor = pipeline.upload("a.png", OTHER, "originals/a.png")
    remover.look()
    pipeline.finish()
    assert successor.id != image.id
    done = pipeline.app.image(successor.id)
    assert done.state is ImageState.DONE
    assert keys(pipeline) == {"originals/a.png", done.variants[0].key}


def test_an_original_that_is_missing_takes_its_variants_along(
    pipeline: Pipeline, remover: Remover
) -> None:
    pipeline.upload("a.png", PICTURE)
    pipeline.finish()
    image = pipeline.upload("a.png", OTHER, "originals/a.png")
    pipeline.store.delete("originals/a.png")
    pipeline.finish()
    assert pipeline.app.image(image.id).state is ImageState.GONE
    remover.look()
    assert keys(pipeline) == set()


def test_what_cannot_be_removed_keeps_nothing_else_from_being(
    pipeline: Pipeline, remover: Remover, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.png", "b.png"):
        image = pipeline.upload(name, PICTURE)
        pipeline.finish()
        pipeline.app.delete(image.id)
    delete = FolderStore.delete

    def fail(store: FolderStore, key: str) -> None:
        if key == "thumb/a.png":
            raise StoreFailedError
        delete(store, key)

    with monkeypatch.context() as away:
        away.setattr(FolderStore, "delete", fail)
        with pytest.raises(StoreFailedError):
            remover.look()
    assert keys(pipeline) == {"originals/a.png", "thumb/a.png"}
    remover.look()
    assert keys(pipeline) == set()

"""A newer version that fails half stored: what is told is what is there."""

import pytest

from tests.pipeline.conftest import Pipeline
from tests.support.photographs import encoded, photograph
from tintype.adapters.folder import FolderStore
from tintype.errors import ObjectMissingError
from tintype.model import ImageState
from tintype.recipe.loader import loads
from tintype.recipe.schema import Recipe

OLD = encoded(photograph(80, 60), "PNG")
NEW = encoded(photograph(90, 50, seed=2), "PNG")


@pytest.fixture
def recipe() -> Recipe:
    """Two variants, one after the other."""
    return loads(
        """
version: 1
name: two
variants:
  - {name: large, operations: [{resize: {width: 40}}]}
  - {name: small, operations: [{resize: {width: 20}}]}
""",
        {},
    )


@pytest.fixture
def image_id(pipeline: Pipeline) -> str:
    """An image whose newer version finds no room for its second variant."""
    image = pipeline.upload("a.png", OLD)
    pipeline.finish()
    pipeline.store.delete("small/a.png")
    blocker = pipeline.folder / "blocker"
    blocker.write_bytes(b"0")
    pipeline.store.put("small/a.png/blocker", blocker, content_type="image/png")
    pipeline.upload("a.png", NEW, "originals/a.png")
    return image.id


def test_a_failed_version_is_told_where_it_is_stored(pipeline: Pipeline, image_id: str) -> None:
    pipeline.finish()
    image = pipeline.app.image(image_id)
    assert image.state is ImageState.DEAD
    large, small = image.variants
    assert large.original_version == image.original.version
    assert pipeline.store.head(large.key).version == large.etag
    assert small.original_version != image.original.version


def test_a_version_that_is_called_off_half_stored_is_told_where_it_is_stored(
    pipeline: Pipeline, image_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = FolderStore.put

    def call_off(store: FolderStore, key: str, *args: object, **options: object) -> object:
        stored = put(store, key, *args, **options)  # type: ignore[arg-type]
        if key == "large/a.png":
            pipeline.app.jobs.cancel(pipeline.app.image(image_id).job_id)
        return stored

    monkeypatch.setattr(FolderStore, "put", call_off)
    pipeline.finish()
    image = pipeline.app.image(image_id)
    assert image.error
    assert image.error.code == "cancelled"
    large, _ = image.variants
    assert large.original_version == image.original.version
    assert pipeline.store.head(large.key).version == large.etag
    with pytest.raises(ObjectMissingError):
        pipeline.store.head("small/a.png")

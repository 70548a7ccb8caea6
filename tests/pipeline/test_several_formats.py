"""A variant in several formats, from the upload to its record."""

import pytest
from PIL import Image as Picture

from tests.pipeline.conftest import Pipeline
from tests.support.photographs import encoded, photograph
from tintype.errors import VariantNotFoundError, VariantNotReadyError
from tintype.model import ImageState
from tintype.pipeline.develop import Darkroom, Source
from tintype.recipe.loader import loads
from tintype.recipe.schema import Recipe

PICTURE = encoded(photograph(80, 60), "PNG")


@pytest.fixture
def recipe() -> Recipe:
    return loads(
        "version: 1\nname: small\nvariants:\n"
        "  - {name: thumb, operations: [{resize: {width: 40, height: 30}}],"
        " output: {formats: [webp, same, jpeg]}}\n"
        '  - {name: page, output: {format: png}, key: "page/{filename}"}\n',
        {},
    )


def test_each_format_is_stored_under_a_key_of_its_own_and_recorded(pipeline: Pipeline) -> None:
    image = pipeline.upload("a.png", PICTURE)
    with pytest.raises(VariantNotReadyError):
        pipeline.app.variants("thumb", image.id, only="webp")
    pipeline.finish()
    image = pipeline.app.image(image.id)
    assert [(made.name, made.format, made.key) for made in image.variants] == [
        ("thumb", "webp", "thumb/a.webp"),
        ("thumb", "png", "thumb/a.png"),
        ("thumb", "jpeg", "thumb/a.jpg"),
        ("page", "png", "page/a.png"),
    ]
    for made in image.variants:
        assert pipeline.store.head(made.key).version == made.etag
        with Picture.open(pipeline.folder / "objects" / made.key) as picture:
            assert (picture.format or "").lower() == made.format
            assert picture.size == (made.width, made.height)
    assert len({made.etag for made in image.variants}) == 4
    assert pipeline.app.variants("thumb", image.id) == image.variants[:3]
    assert pipeline.app.variants("thumb", image.id, only="png") == image.variants[1:2]
    with pytest.raises(VariantNotFoundError):
        pipeline.app.variants("thumb", image.id, only="avif")


def test_an_image_that_is_made_again_keeps_the_keys_of_all_its_formats(pipeline: Pipeline) -> None:
    """Also where another image has the keys that the recipe wants."""
    first = pipeline.upload("a.png", PICTURE)
    second = pipeline.upload("a.jpg", encoded(photograph(80, 60, seed=1)))
    pipeline.finish()
    mark = second.id.removeprefix("img_")[:8]
    keys = [made.key for made in pipeline.app.image(second.id).variants]
    assert keys == [f"thumb/a-{mark}.webp", f"thumb/a-{mark}.jpg", "page/a.jpg"]
    pipeline.upload("", encoded(photograph(80, 60, seed=2)), second.original.key)
    pipeline.finish()
    again = pipeline.app.image(second.id)
    assert [made.key for made in again.variants] == keys
    assert {made.original_version for made in again.variants} == {again.original.version}
    assert len(pipeline.app.image(first.id).variants) == 4


def test_developing_a_file_makes_every_format(pipeline: Pipeline) -> None:
    file = pipeline.folder / "a.png"
    file.write_bytes(PICTURE)
    darkroom = Darkroom(pipeline.app.recipe, pipeline.app._sandbox, pipeline.folder / "out")
    done = darkroom.develop(Source(file, file.name))
    assert done.status is ImageState.DONE
    found = [made.path.relative_to(pipeline.folder / "out") for made in done.variants]
    assert list(map(str, found)) == ["thumb/a.webp", "thumb/a.png", "thumb/a.jpg", "page/a.png"]
    assert all(made.path.stat().st_size == made.bytes for made in done.variants)

"""Uploads that are kept by date: each in a folder of its own, of the day that it counts to."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from threading import Barrier

import pytest

from tests.pipeline.conftest import RECIPE, Pipeline
from tests.support.photographs import encoded, photograph
from tintype.adapters.sql import SqlCatalog
from tintype.errors import CatalogFailedError, KeyInvalidError
from tintype.model import Image
from tintype.pipeline.intake import Upload
from tintype.recipe.loader import loads
from tintype.recipe.schema import Recipe

NOON = datetime(2026, 3, 9, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 10, tzinfo=UTC)
MOMENT = timedelta(milliseconds=3)


@pytest.fixture
def recipe() -> Recipe:
    text = RECIPE.replace("prefix: originals/", "prefix: originals/, partition: date")
    return loads(text, {})


def tell(pipeline: Pipeline, intake: datetime, catalog: datetime) -> None:
    """Stop both clocks."""
    pipeline.app.intake._clock = lambda: intake
    pipeline.catalog._clock = lambda: catalog


def test_an_upload_lies_in_a_folder_of_its_day_and_its_id(pipeline: Pipeline) -> None:
    tell(pipeline, NOON, NOON)
    image = pipeline.upload("a.png", encoded(photograph(80, 60), "PNG"))
    assert image.original.key == f"originals/2026/03/09/{image.id}/a.png"
    assert image.original.name == "a.png"
    pipeline.finish()
    (variant,) = pipeline.catalog.image(image.id).variants
    assert variant.key == f"thumb/2026/03/09/{image.id}/a.png"


def test_the_day_is_that_of_utc(pipeline: Pipeline) -> None:
    there = datetime(2026, 3, 10, 3, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    tell(pipeline, there, there)
    image = pipeline.upload("a.png", b"content")
    assert image.original.key.startswith("originals/2026/03/09/")
    assert image.created_at.astimezone(UTC).date() == NOON.date()


@pytest.mark.parametrize("catalog", [MIDNIGHT, MIDNIGHT + MOMENT, MIDNIGHT + timedelta(hours=2)])
def test_an_upload_over_midnight_counts_to_the_day_of_its_key(
    pipeline: Pipeline, catalog: datetime
) -> None:
    tell(pipeline, MIDNIGHT - MOMENT, catalog)
    image = pipeline.upload("a.png", b"content")
    assert image.original.key.startswith("originals/2026/03/09/")
    found = pipeline.catalog.images(since=NOON.replace(hour=0), until=MIDNIGHT)
    assert [each.id for each in found.items] == [image.id]
    assert pipeline.catalog.images(since=MIDNIGHT).items == ()


def test_another_host_whose_clock_is_behind_counts_to_the_day_of_the_key(
    pipeline: Pipeline,
) -> None:
    tell(pipeline, MIDNIGHT, MIDNIGHT - MOMENT)
    image = pipeline.upload("a.png", b"content")
    assert image.original.key.startswith("originals/2026/03/10/")
    assert image.created_at == MIDNIGHT


def test_the_same_name_at_the_same_instant_is_kept_apart(pipeline: Pipeline) -> None:
    tell(pipeline, NOON, NOON)
    together = Barrier(8)

    def upload(number: int) -> Image:
        file = pipeline.folder / f"upload-{number}"
        file.write_bytes(f"content {number}".encode())
        together.wait(30)
        return pipeline.app.intake.accept(Upload(file, "a.png")).image

    with ThreadPoolExecutor(8) as threads:
        images = list(threads.map(upload, range(8)))
    assert len({image.id for image in images}) == 8
    for number, image in enumerate(images):
        assert image.original.key == f"originals/2026/03/09/{image.id}/a.png"
        stored = pipeline.folder / "objects" / image.original.key
        assert stored.read_bytes() == f"content {number}".encode()


def test_a_key_that_is_asked_for_is_taken_as_it_is(pipeline: Pipeline) -> None:
    tell(pipeline, MIDNIGHT - MOMENT, MIDNIGHT)
    image = pipeline.upload("a.png", b"first", key="originals/trips/a.png")
    assert image.original.key == "originals/trips/a.png"
    assert image.created_at == MIDNIGHT


def test_a_newer_version_by_its_key_stays_in_its_folder(pipeline: Pipeline) -> None:
    tell(pipeline, NOON, NOON)
    first = pipeline.upload("a.png", b"first")
    tell(pipeline, MIDNIGHT, MIDNIGHT)
    second = pipeline.upload("b.png", b"second", key=first.original.key)
    assert (second.id, second.original.key) == (first.id, first.original.key)
    assert second.created_at == NOON


def test_an_upload_that_is_refused_leaves_no_folder(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise CatalogFailedError

    with monkeypatch.context() as failing:
        failing.setattr(SqlCatalog, "accept", away)
        with pytest.raises(CatalogFailedError):
            pipeline.upload("a.png", b"content")
    objects = pipeline.folder / "objects"
    assert [path for path in objects.rglob("*") if re.match(r"\d{4}$|img_", path.name)] == []


def test_a_name_that_has_no_room_beside_day_and_id_is_refused(pipeline: Pipeline) -> None:
    with pytest.raises(KeyInvalidError):
        pipeline.upload("a" * 1000 + ".png", b"content")


@pytest.mark.parametrize("name", ["", "../../a.png", "C:\\photos\\a.png"])
def test_folders_of_the_sender_make_no_difference(pipeline: Pipeline, name: str) -> None:
    tell(pipeline, NOON, NOON)
    image = pipeline.upload(name, b"content")
    last = "a.png" if name else image.id
    assert image.original.key == f"originals/2026/03/09/{image.id}/{last}"

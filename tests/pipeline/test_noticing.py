"""What stores tell: however often, late and out of order, the catalog ends at what is there."""

import json
from itertools import permutations
from typing import Any

import pytest

from tests.pipeline.conftest import Pipeline
from tests.support.photographs import encoded, photograph
from tintype.errors import ImageNotFoundError, QueueFullError, ShuttingDownError, StoreFailedError
from tintype.model import ImageState
from tintype.pipeline.intake import Seen
from tintype.pipeline.monitors import Monitors
from tintype.pipeline.noticing import Noticing, Outcome, Place
from tintype.pipeline.notifications import Reason

OLD = encoded(photograph(80, 60), "PNG")
NEW = encoded(photograph(90, 50, seed=2), "PNG")
KEY = "originals/a.png"


def record(key: str, name: str = "ObjectCreated:Put", **details: object) -> dict[str, Any]:
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "eventName": name,
        "s3": {"bucket": {"name": "shop"}, "object": {"key": key, **details}},
    }


def body(*records: dict[str, Any]) -> bytes:
    return json.dumps({"Records": records}).encode()


def tell(pipeline: Pipeline, *records: dict[str, Any]) -> Outcome:
    return pipeline.app.noticing.take(body(*records))


def put(pipeline: Pipeline, content: bytes, key: str = KEY) -> str:
    """Put an object past the service, as others do; returns its version."""
    file = pipeline.folder / "put"
    file.write_bytes(content)
    return pipeline.store.put(key, file, content_type="image/png").version


def seen(outcome: Outcome) -> dict[str, str]:
    return {key: sight.seen for key, sight in outcome.sights}


def test_an_object_that_a_store_tells_of_is_worked_on(pipeline: Pipeline) -> None:
    version = put(pipeline, OLD)
    outcome = tell(pipeline, record(KEY, eTag="whatever", size=3, sequencer="0A"))
    ((key, sight),) = outcome.sights
    assert (key, sight.seen) == (KEY, Seen.ACCEPTED)
    pipeline.finish()
    assert sight.image_id
    image = pipeline.app.image(sight.image_id)
    assert (image.state, image.original.version) == (ImageState.DONE, version)
    assert (image.original.name, image.original.size) == ("a.png", len(OLD))
    event = pipeline.app.jobs.one(image.job_id).event
    assert event
    assert event.source == "aws:s3"
    assert json.loads(event.content)["sequencer"] == "0A"


def test_the_store_tells_of_our_own_uploads_in_vain(pipeline: Pipeline) -> None:
    image = pipeline.upload("a.png", OLD)
    for _ in range(3):
        assert seen(tell(pipeline, record(KEY))) == {KEY: Seen.KNOWN}
    assert len(pipeline.finish()) == 1
    assert seen(tell(pipeline, record(KEY))) == {KEY: Seen.KNOWN}
    assert pipeline.finish() == []
    assert pipeline.app.image(image.id).state is ImageState.DONE


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_any_order_ends_at_what_is_there(pipeline: Pipeline, order: tuple[int, ...]) -> None:
    """Created, created again and deleted before, each told twice."""
    records = [
        record(KEY, sequencer="01", eTag="1"),
        record(KEY, sequencer="02", eTag="2"),
        record(KEY, "ObjectRemoved:Delete", sequencer="00"),
    ]
    put(pipeline, OLD)
    newest = put(pipeline, NEW)
    for number in (*order, *order):
        tell(pipeline, records[number])
        pipeline.finish()
    image = pipeline.catalog.image_by_key(KEY)
    assert (image.state, image.original.version) == (ImageState.DONE, newest)
    assert [each.original_version for each in image.variants] == [newest]
    assert len(pipeline.app.images().items) == 1


def test_a_newer_object_takes_the_place_of_the_one_that_is_worked_on(pipeline: Pipeline) -> None:
    put(pipeline, OLD)
    tell(pipeline, record(KEY))
    newest = put(pipeline, NEW)
    tell(pipeline, record(KEY))
    pipeline.finish()
    states = {each.state for each in pipeline.app.jobs.list().items}
    assert states == {ImageState.SUPERSEDED, ImageState.DONE}
    assert pipeline.catalog.image_by_key(KEY).original.version == newest


def test_a_deleted_object_takes_its_image_along(pipeline: Pipeline) -> None:
    image = pipeline.upload("a.png", OLD)
    pipeline.finish()
    gone = record(KEY, "ObjectRemoved:DeleteMarkerCreated", versionId="x")
    assert seen(tell(pipeline, gone)) == {KEY: Seen.KNOWN}  # it is there all the same
    pipeline.store.delete(KEY)
    assert seen(tell(pipeline, gone, gone)) == {KEY: Seen.GONE}
    assert seen(tell(pipeline, gone)) == {KEY: Seen.NOTHING}
    assert pipeline.app.image(image.id).state is ImageState.GONE
    with pytest.raises(ImageNotFoundError):
        pipeline.catalog.image_by_key(KEY)
    assert [each.keys for each in pipeline.catalog.removals()] == [("thumb/a.png",)]


def test_an_object_that_is_deleted_before_it_is_looked_at_makes_no_image(
    pipeline: Pipeline,
) -> None:
    assert seen(tell(pipeline, record(KEY))) == {KEY: Seen.NOTHING}
    assert pipeline.app.images().items == ()


def test_our_own_outputs_and_what_is_elsewhere_start_nothing(pipeline: Pipeline) -> None:
    pipeline.upload("a.png", OLD)
    pipeline.finish()
    names = ("thumb/a.png", "raw/b.png", ".tintype-originals-x", "originals")
    outcome = tell(pipeline, *map(record, names))
    assert outcome.sights == ()
    assert [each.reason for each in outcome.ignored] == [Reason.ELSEWHERE] * 4
    outcome = tell(pipeline, record("originals/../a.png"), record("originals/%00.png"))
    assert [each.reason for each in outcome.ignored] == [Reason.KEY_INVALID] * 2
    assert pipeline.finish() == []


@pytest.mark.parametrize("junk", [b"", b"no json", b"[]", b"{}", b'{"Event": "s3:TestEvent"}'])
def test_junk_is_told_and_not_worked_on(pipeline: Pipeline, junk: bytes) -> None:
    outcome = pipeline.app.noticing.take(junk)
    assert (outcome.sights, len(outcome.ignored)) == ((), 1)


def test_only_the_bucket_and_the_folder_of_the_originals_count(pipeline: Pipeline) -> None:
    place = Place("shop", "pictures/")
    noticing = Noticing(pipeline.app.intake, Monitors(), place, "originals/")
    put(pipeline, OLD)
    assert seen(noticing.take(body(record(f"pictures/{KEY}")))) == {KEY: Seen.ACCEPTED}
    elsewhere = Noticing(pipeline.app.intake, Monitors(), Place("other"), "originals/")
    for told, key in ((noticing, KEY), (elsewhere, KEY)):
        (ignored,) = told.take(body(record(key))).ignored
        assert ignored.reason is Reason.ELSEWHERE


def test_what_cannot_be_taken_now_is_to_be_sent_again(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(pipeline, OLD)
    with monkeypatch.context() as away:

        def fail(*_: object) -> None:
            raise StoreFailedError

        away.setattr(type(pipeline.store), "head", fail)
        with pytest.raises(StoreFailedError):
            tell(pipeline, record(KEY))
    with monkeypatch.context() as full:

        def refuse(*_: object) -> None:
            raise QueueFullError

        full.setattr("tintype.pipeline.crowding.Crowding.admit", refuse)
        with pytest.raises(QueueFullError):
            tell(pipeline, record(KEY))
    assert seen(tell(pipeline, record(KEY))) == {KEY: Seen.ACCEPTED}
    pipeline.app.intake.close()
    with pytest.raises(ShuttingDownError):
        tell(pipeline, record(KEY))

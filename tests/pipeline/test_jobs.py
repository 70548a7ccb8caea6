"""Jobs asked for again, called off, dropped; the queue paused."""

import json

import pytest

from tests.pipeline.conftest import Pipeline
from tests.support import moody
from tests.support.photographs import encoded, photograph
from tintype.errors import (
    JobActiveError,
    JobEndedError,
    JobNotFoundError,
    JobOutdatedError,
    ObjectMissingError,
    StoreFailedError,
)
from tintype.model import Image, ImageState, Priority, Run
from tintype.pipeline.intake import Upload
from tintype.ports.catalog import Which

PICTURE = encoded(photograph(80, 60), "PNG")
OTHER = encoded(photograph(80, 60, seed=1), "PNG")


def hung(pipeline: Pipeline, name: str = "bad.png") -> Image:
    """An image whose job has failed its last attempt."""
    image = pipeline.upload(name, moody.HANG)
    pipeline.finish()
    return pipeline.app.image(image.id)


def test_a_dead_letter_tells_each_attempts_reason_and_what_brought_it(pipeline: Pipeline) -> None:
    image = hung(pipeline)
    (letter,) = pipeline.app.jobs.dead_letters(Which()).items
    assert letter.id == image.job_id
    assert letter.error
    assert letter.error.code == "decoder_stalled"
    attempts = pipeline.app.jobs.attempts(letter.id)
    assert [attempt.number for attempt in attempts] == [1, 2, 3]
    assert {attempt.error.code for attempt in attempts if attempt.error} == {"decoder_stalled"}
    assert all(attempt.started_at <= attempt.finished_at for attempt in attempts)
    event = pipeline.app.jobs.one(letter.id).event
    assert event
    assert event.source == "upload"
    assert json.loads(event.content)["name"] == "bad.png"


def test_a_redrive_after_a_fix_succeeds(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise StoreFailedError("No space left on device")

    images = [pipeline.upload(f"{number}.png", PICTURE) for number in range(3)]
    with monkeypatch.context() as broken:
        broken.setattr(type(pipeline.store), "put", fail)
        pipeline.finish()
    assert {pipeline.app.image(image.id).state for image in images} == {ImageState.DEAD}
    assert pipeline.app.jobs.redrive(Which(job_id=images[0].job_id), 10) == 1
    assert pipeline.app.image(images[0].id).state is ImageState.QUEUED
    assert pipeline.app.jobs.redrive(Which(code="decoder_stalled"), 10) == 0
    assert pipeline.app.jobs.redrive(Which(), 1) == 1
    assert pipeline.app.jobs.redrive(Which(), 10) == 1
    pipeline.finish()
    assert {pipeline.app.image(image.id).state for image in images} == {ImageState.DONE}
    assert not pipeline.app.jobs.dead_letters(Which()).items


def test_a_job_asked_for_again_has_all_its_tries_before_it(pipeline: Pipeline) -> None:
    image = hung(pipeline)
    revived = pipeline.app.jobs.retry(image.job_id)
    assert revived.state is ImageState.QUEUED
    # As long as the first time: at once, then the recipe's waits.
    assert pipeline.finish() == [0.0, 2.0, 4.0]
    assert [each.number for each in pipeline.app.jobs.attempts(image.job_id)] == [1, 2, 3, 4, 5, 6]


def test_a_decoders_deaths_before_a_retry_are_forgiven(pipeline: Pipeline) -> None:
    image = pipeline.upload("bad.png", moody.DIE)
    pipeline.finish()
    pipeline.app.jobs.retry(image.job_id)
    pipeline.step()
    assert pipeline.app.image(image.id).state is ImageState.QUEUED, "one death may be bad luck"
    pipeline.finish()
    assert pipeline.app.image(image.id).state is ImageState.REJECTED


def test_a_done_job_asked_for_again_makes_its_variants_again(pipeline: Pipeline) -> None:
    image = pipeline.upload("a.png", PICTURE)
    pipeline.finish()
    pipeline.store.delete("thumb/a.png")
    pipeline.app.jobs.retry(image.job_id)
    pipeline.finish()
    made = pipeline.app.image(image.id)
    assert made.state is ImageState.DONE
    assert pipeline.store.head("thumb/a.png").version == made.variants[0].etag


def test_what_cannot_be_asked_for_again_says_why(pipeline: Pipeline) -> None:
    with pytest.raises(JobNotFoundError):
        pipeline.app.jobs.retry("job_" + "a" * 26)
    image = pipeline.upload("a.png", PICTURE)
    with pytest.raises(JobActiveError):
        pipeline.app.jobs.retry(image.job_id)
    pipeline.finish()
    pipeline.upload("a.png", OTHER, "originals/a.png")
    with pytest.raises(JobOutdatedError):
        pipeline.app.jobs.retry(image.job_id)


def test_a_newer_version_takes_a_dead_letter_off_the_list(pipeline: Pipeline) -> None:
    image = hung(pipeline)
    pipeline.upload("bad.png", PICTURE, "originals/bad.png")
    assert not pipeline.app.jobs.dead_letters(Which()).items
    assert pipeline.app.jobs.one(image.job_id).state is ImageState.SUPERSEDED
    pipeline.finish()
    assert pipeline.app.image(image.id).state is ImageState.DONE


def test_a_dropped_dead_letter_is_gone_from_the_list_and_can_still_be_asked_for(
    pipeline: Pipeline,
) -> None:
    image = hung(pipeline)
    assert pipeline.app.jobs.drop(Which(code="store_failed"), 10) == 0
    assert pipeline.app.jobs.drop(Which(code="decoder_stalled", prefix="originals/b"), 10) == 1
    assert not pipeline.app.jobs.dead_letters(Which()).items
    assert pipeline.app.image(image.id).state is ImageState.DEAD
    pipeline.app.jobs.retry(image.job_id)
    pipeline.finish()
    assert len(pipeline.app.jobs.dead_letters(Which()).items) == 1


def test_a_job_that_waits_can_be_called_off_and_taken_up_again(pipeline: Pipeline) -> None:
    image = pipeline.upload("a.png", PICTURE)
    cancelled = pipeline.app.jobs.cancel(image.job_id)
    assert cancelled.state is ImageState.DEAD
    assert cancelled.error
    assert cancelled.error.code == "cancelled"
    assert not pipeline.app.jobs.dead_letters(Which()).items, "nothing failed"
    pipeline.finish()
    with pytest.raises(ObjectMissingError):
        pipeline.store.head("thumb/a.png")
    with pytest.raises(JobEndedError):
        pipeline.app.jobs.cancel(image.job_id)
    pipeline.app.jobs.retry(image.job_id)
    pipeline.finish()
    assert pipeline.app.image(image.id).state is ImageState.DONE


def test_a_job_called_off_while_it_runs_writes_nothing_more(pipeline: Pipeline) -> None:
    image = pipeline.upload("a.png", PICTURE)
    run, _ = pipeline.engine.waiting.popleft()
    lease = pipeline.catalog.claim(run)
    assert lease
    pipeline.app.jobs.cancel(image.job_id)
    assert not pipeline.catalog.current(lease)
    assert pipeline.worker.work(run) is None
    assert pipeline.app.image(image.id).state is ImageState.DEAD
    with pytest.raises(ObjectMissingError):
        pipeline.store.head("thumb/a.png")


def test_calling_off_a_running_job_lets_the_newer_version_go_on(pipeline: Pipeline) -> None:
    image = pipeline.upload("a.png", PICTURE)
    run, _ = pipeline.engine.waiting.popleft()
    assert pipeline.catalog.claim(run)
    pipeline.upload("a.png", OTHER, "originals/a.png")
    assert not pipeline.engine.waiting
    pipeline.app.jobs.cancel(image.job_id)
    pipeline.finish()
    assert pipeline.app.image(image.id).state is ImageState.DONE


def test_an_attempt_whose_process_dies_again_and_again_ends_dead(pipeline: Pipeline) -> None:
    image = pipeline.upload("a.png", PICTURE)
    run, _ = pipeline.engine.waiting.popleft()
    for _ in range(101):
        assert pipeline.catalog.claim(run), "a process begins, and dies"
    pipeline.worker.work(run)
    (letter,) = pipeline.app.jobs.dead_letters(Which()).items
    assert letter.image_id == image.id
    assert letter.error
    assert letter.error.code == "host_died"


def test_a_process_that_cannot_record_an_end_has_not_died(pipeline: Pipeline) -> None:
    image = pipeline.upload("a.png", PICTURE)
    run, _ = pipeline.engine.waiting.popleft()
    for _ in range(101):
        assert pipeline.catalog.claim(run), "begun again by the same process"
    pipeline.worker.work(run, begun=101)
    assert pipeline.app.image(image.id).state is ImageState.DONE


def test_a_paused_queue_is_told_and_uploads_wait_in_it(pipeline: Pipeline) -> None:
    pipeline.app.jobs.pause()
    assert pipeline.app.jobs.queue().paused
    pipeline.upload("a.png", PICTURE)
    assert pipeline.app.jobs.queue().backlog.queued == 1
    pipeline.app.jobs.resume()
    assert not pipeline.app.jobs.queue_lately().paused


def test_a_run_is_started_with_its_jobs_priority_whatever_starts_it(pipeline: Pipeline) -> None:
    """The engine enqueues it so where it has no room."""
    file = pipeline.folder / "file"

    def high(content: bytes) -> Run:
        file.write_bytes(content)
        upload = Upload(file, "a.png", "originals/a.png", priority=Priority.HIGH)
        return Run(pipeline.app.intake.accept(upload).job.id, 1)

    first = high(PICTURE)
    assert pipeline.catalog.claim(first)
    second = high(OTHER)  # waits for the first
    assert pipeline.engine.started == {first: Priority.HIGH}
    pipeline.app.jobs.cancel(first.job_id)
    assert pipeline.engine.started == dict.fromkeys((first, second), Priority.HIGH)

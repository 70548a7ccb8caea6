"""Each end of a job is one line, and only what somebody must look at is an error."""

from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from tests.pipeline.conftest import Pipeline
from tests.support import moody
from tintype.model import Failure, ImageState, Job, Original
from tintype.pipeline.endings import tell_end

NOW = datetime.now(UTC)
ORIGINAL = Original("originals/a.jpg", "a.jpg", "v1", 1000)
JOB = Job("job_a", "img_a", ORIGINAL, "digest", ImageState.RUNNING, 2, NOW, NOW)


@pytest.mark.parametrize(
    ("state", "level"),
    [
        (ImageState.DONE, "info"),
        (ImageState.REJECTED, "info"),
        (ImageState.SUPERSEDED, "info"),
        (ImageState.GONE, "warning"),
        (ImageState.DEAD, "error"),
    ],
)
def test_an_end_is_told_by_its_state(state: ImageState, level: str) -> None:
    failure = Failure("some_code", "why")
    with capture_logs() as lines:
        tell_end(JOB, 2, state, failure)
    (line,) = lines
    assert (line["event"], line["log_level"]) == (f"job.{state}", level)
    assert (line["job"], line["image"]) == ("job_a", "img_a")
    if state in (ImageState.REJECTED, ImageState.DEAD):
        assert (line["code"], line["detail"]) == ("some_code", "why")


def test_a_job_that_is_done_says_how_long_it_took() -> None:
    job = Job("j", "i", ORIGINAL, "d", ImageState.RUNNING, 2, NOW - timedelta(minutes=5), NOW)
    with capture_logs() as lines:
        tell_end(job, 2, ImageState.DONE, None)
    assert lines[0]["attempt"] == 2
    assert lines[0]["seconds"] >= 300


def test_every_end_is_known() -> None:
    for state in ImageState:
        if state.final:
            with capture_logs() as lines:
                tell_end(JOB, 1, state, Failure("c", "d"))
            assert lines[0]["event"] == f"job.{state}"


def test_what_a_decoder_said_before_it_failed_is_in_the_log(pipeline: Pipeline) -> None:
    pipeline.upload("a.png", moody.FULL)
    with capture_logs() as lines:
        pipeline.step()
    failed, retried = lines
    assert (failed["event"], failed["code"]) == ("decoder.failed", "store_failed")
    assert "No space left on device" in failed["exception"]
    assert (retried["event"], retried["code"], retried["attempt"]) == (
        "job.retried",
        "store_failed",
        1,
    )

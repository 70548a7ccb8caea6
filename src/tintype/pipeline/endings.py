"""What the log says when a job has ended."""

from datetime import UTC, datetime

import structlog

from tintype.model import Failure, ImageState, Job

log = structlog.get_logger()


def tell_end(job: Job, attempt: int, state: ImageState, failure: Failure | None) -> None:
    """Log a job's end; `failure` is why, where it did not do what it was to do.

    A dead job must be looked at. A missing original is worth a look: somebody deleted it
    from the store, perhaps by mistake, and `retry` takes the job up again when it is back.
    """
    image, code, detail = job.image_id, failure and failure.code, failure and failure.detail
    seconds = round((datetime.now(UTC) - job.created_at).total_seconds(), 3)
    match state:
        case ImageState.DONE:
            log.info("job.done", job=job.id, image=image, attempt=attempt, seconds=seconds)
        case ImageState.REJECTED:
            log.info("job.rejected", job=job.id, image=image, code=code, detail=detail)
        case ImageState.SUPERSEDED:
            log.info("job.superseded", job=job.id, image=image)
        case ImageState.GONE:
            log.warning("job.gone", job=job.id, image=image, key=job.original.key)
        case _:
            log.error(
                "job.dead", job=job.id, image=image, attempt=attempt, code=code, detail=detail
            )

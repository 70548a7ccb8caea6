"""The JSON shapes of responses about jobs; clients rely on their field names."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pydantic import Field

from tintype import model
from tintype.entrypoints.http.shapes import LAST_NUMBER, Failure, Shape, Step, steps
from tintype.pipeline.jobs import Queue as Queued


class Attempt(Shape):
    """A run of a job that has ended."""

    number: int = Field(
        description="As the log has it. One that was called off before it began, or found another"
        " job of its key at work, has used its number up: some may be missing."
    )
    ordinal: int = Field(description="Counts the attempts that were made, from 1.")
    started_at: datetime
    finished_at: datetime
    error: Failure | None = Field(description="Null where it did what it was to do.")
    forgiven: bool = Field(
        description="Whether it counts no longer: the job was asked for again since."
    )


class Event(Shape):
    """What brought an original."""

    source: str = Field(description="`upload`, or the kind of notification.")
    content: Any = Field(description="What is worth knowing of it.")


class JobSummary(Shape):
    """A job in a list."""

    id: str
    image_id: str
    key: str
    status: model.ImageState
    priority: model.Priority
    tries: int = Field(description="Attempts that were made; one under way is among them.")
    attempts: int = Field(description=LAST_NUMBER)
    created_at: datetime
    updated_at: datetime
    error: Failure | None


class Job(JobSummary):
    """A job and how it went."""

    steps: list[Step] = Field(description="Of the last attempt.")
    history: list[Attempt] = Field(description="Every attempt that has ended, first to last.")
    event: Event | None
    trace: str | None = Field(description="The W3C traceparent of what brought the original.")


class DeadLetterSummary(Shape):
    """A dead letter in a list: a job that failed its last attempt."""

    job_id: str
    image_id: str
    key: str
    code: str = Field(description="Why it failed, for programs: these words do not change.")
    detail: str = Field(description="Why it failed, for people.")
    attempts: int = Field(description=LAST_NUMBER)
    failed_at: datetime


class DeadLetter(DeadLetterSummary):
    """A dead letter and how it came to that."""

    priority: model.Priority
    hint: str = Field(description="What to do about its code; may be empty.")
    history: list[Attempt] = Field(description="Every attempt with its reason, first to last.")
    event: Event | None
    trace: str | None = Field(description="The W3C traceparent of what brought the original.")


class Redriven(Shape):
    """What a redrive did."""

    redriven: int
    more: bool = Field(description="Whether more may be left: then ask again.")
    missing: list[str] = Field(description="Which of the `job_ids` are no dead letters.")


class Dropped(Shape):
    """What a drop did."""

    dropped: int
    more: bool = Field(description="Whether more may be left: then ask again.")
    missing: list[str] = Field(description="Which of the `job_ids` are no dead letters.")


class Queue(Shape):
    """How the queue stands."""

    paused: bool
    queued: int
    running: int
    dead: int = Field(description="Dead letters.")
    oldest_seconds: float | None = Field(
        description="How long the job waits that waits longest; null where none waits."
    )
    limit: int = Field(description="How many jobs may be queued before uploads are refused.")


class JobPage(Shape):
    """A part of the list of jobs, newest first."""

    items: list[JobSummary]
    next: str | None = Field(description="The cursor of what follows; null at the end.")


class DeadLetterPage(Shape):
    """A part of the list of dead letters, the last to fail first."""

    items: list[DeadLetterSummary]
    next: str | None = Field(description="The cursor of what follows; null at the end.")


def job_summary(job: model.Job) -> JobSummary:
    """A job as a list shows it."""
    return JobSummary(**_job_fields(job))


def job(job: model.Job, attempts: Iterable[model.Attempt]) -> Job:
    """A job and how it went."""
    return Job(**_job_fields(job), **_story(job, attempts), steps=steps(job))


def dead_letter_summary(job: model.Job) -> DeadLetterSummary:
    """A dead letter as a list shows it."""
    return DeadLetterSummary(**_letter_fields(job))


def dead_letter(job: model.Job, attempts: Iterable[model.Attempt], hint: str) -> DeadLetter:
    """A dead letter and how it came to that."""
    fields = _letter_fields(job) | _story(job, attempts)
    return DeadLetter(**fields, priority=job.priority, hint=hint)


def queue(queue: Queued, now: datetime) -> Queue:
    """How the queue stands."""
    backlog = queue.backlog
    waited = (now - backlog.oldest).total_seconds() if backlog.oldest else None
    return Queue(
        paused=queue.paused,
        queued=backlog.queued,
        running=backlog.running,
        dead=backlog.dead,
        oldest_seconds=waited if waited is None else max(waited, 0.0),  # clocks differ
        limit=queue.limit,
    )


def _job_fields(job: model.Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "image_id": job.image_id,
        "key": job.original.key,
        "status": job.state,
        "priority": job.priority,
        "tries": job.tries + (job.state is model.ImageState.RUNNING),
        "attempts": job.attempts,
        "created_at": job.created_at,
        "updated_at": job.updated_at,
        "error": job.error and Failure.model_validate(job.error),
    }


def _letter_fields(job: model.Job) -> dict[str, Any]:
    error = job.error or model.Failure("", "")  # a dead job has one
    return {
        "job_id": job.id,
        "image_id": job.image_id,
        "key": job.original.key,
        "code": error.code,
        "detail": error.detail,
        "attempts": job.attempts,
        "failed_at": job.updated_at,
    }


def _story(job: model.Job, attempts: Iterable[model.Attempt]) -> dict[str, Any]:
    event = job.event
    return {
        "history": [_attempt(job, each, ordinal) for ordinal, each in enumerate(attempts, start=1)],
        "event": event and Event(source=event.source, content=json.loads(event.content)),
        "trace": job.trace,
    }


def _attempt(job: model.Job, attempt: model.Attempt, ordinal: int) -> Attempt:
    return Attempt(
        number=attempt.number,
        ordinal=ordinal,
        started_at=attempt.started_at,
        finished_at=attempt.finished_at,
        error=attempt.error and Failure.model_validate(attempt.error),
        forgiven=attempt.number <= job.forgiven,
    )

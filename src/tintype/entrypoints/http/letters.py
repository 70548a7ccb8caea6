"""The routes about dead letters: jobs that failed their last attempt."""

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic.json_schema import SkipJsonSchema
from starlette.concurrency import run_in_threadpool

from tintype.entrypoints.http import job_shapes
from tintype.entrypoints.http.moments import Moment
from tintype.entrypoints.http.parameters import Cursor, JobId, Limit
from tintype.entrypoints.http.routes import add_action, add_reading, json_body
from tintype.entrypoints.http.selection import (
    CODE_PATTERN,
    PREFIX_PATTERN,
    Selection,
    read_selection,
    schema,
)
from tintype.errors import (
    CatalogFailedError,
    CrossSiteError,
    DeadLetterNotFoundError,
    KeyInvalidError,
    KeyTakenError,
    ParameterInvalidError,
    TintypeError,
    UploadIncompleteError,
)
from tintype.model import Failure
from tintype.pipeline.jobs import Jobs
from tintype.ports.catalog import Which

# What one request changes at most, so that it is answered in good time; and what one transaction
# does, so that uploads need not wait for it.
_MOST = 1000
_BATCH = 200

# What to do where a job has failed of what a caller is told otherwise.
_SEND_AGAIN = "send the original again: a redrive makes it by the recipe that it came under."
_REMEDIES: Mapping[str, str] = {
    KeyInvalidError.code: "A variant would get a key that cannot be kept. Change its `key` in the"
    f" recipe, or the name of the original, and {_SEND_AGAIN}",
    KeyTakenError.code: f"Put {{id}} into the variant's `key` in the recipe, and {_SEND_AGAIN}",
}


class LettersApi:
    """The routes about dead letters."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs

    def routes(self) -> APIRouter:
        """Every route, with what the OpenAPI document says of its answers."""
        router = APIRouter(tags=["dead letters"])
        path = "/v1/dead-letters"
        failing = (ParameterInvalidError, CatalogFailedError)
        one = (DeadLetterNotFoundError, *failing)
        acting = (UploadIncompleteError, CrossSiteError, *failing)
        add_reading(router, path, self.list_dead_letters, *failing)
        add_action(
            router, f"{path}/redrive", self.redrive_dead_letters, *acting, body=json_body(schema())
        )
        add_action(
            router, f"{path}/drop", self.drop_dead_letters, *acting, body=json_body(schema())
        )
        add_reading(router, f"{path}/{{job_id}}", self.get_dead_letter, *one)
        return router

    def list_dead_letters(
        self,
        limit: Limit = 50,
        cursor: Cursor = None,
        code: Annotated[
            str | SkipJsonSchema[None],
            Query(pattern=CODE_PATTERN, description="Only those that failed with this code."),
        ] = None,
        prefix: Annotated[
            str | SkipJsonSchema[None],
            Query(pattern=PREFIX_PATTERN, description="Only those whose key begins like this."),
        ] = None,
        since: Annotated[
            Moment, Query(alias="from", description="Only those that failed then or later.")
        ] = None,
        until: Annotated[
            Moment, Query(alias="to", description="Only those that failed before then.")
        ] = None,
    ) -> job_shapes.DeadLetterPage:
        """List the jobs that failed their last attempt; the last to fail comes first."""
        which = Which(code=code, prefix=prefix or "", since=since, until=until)
        page = self._jobs.dead_letters(which, cursor=cursor, limit=limit)
        items = [job_shapes.dead_letter_summary(job) for job in page.items]
        return job_shapes.DeadLetterPage(items=items, next=page.next)

    def get_dead_letter(self, job_id: JobId) -> job_shapes.DeadLetter:
        """Show one dead letter with the reason of each attempt, what brought it, and a hint."""
        if not self._jobs.dead_letters(Which(job_id=job_id), limit=1).items:
            raise DeadLetterNotFoundError
        job = self._jobs.one(job_id)
        return job_shapes.dead_letter(job, self._jobs.attempts(job_id), _hint(job.error))

    async def redrive_dead_letters(self, request: Request) -> job_shapes.Redriven:
        """Make dead letters again, with all their tries before them; the oldest first.

        At most 1,000 in one request: ask again while `more` is true. One that fails again
        meanwhile is a dead letter again, so bound a long redrive with `to`.
        """
        selection = await read_selection(request)
        count, more, missing = await run_in_threadpool(_change, self._jobs.redrive, selection)
        return job_shapes.Redriven(redriven=count, more=more, missing=missing)

    async def drop_dead_letters(self, request: Request) -> job_shapes.Dropped:
        """Take dead letters off the list, the oldest first; their jobs and images stay.

        At most 1,000 in one request: ask again while `more` is true.
        """
        selection = await read_selection(request)
        count, more, missing = await run_in_threadpool(_change, self._jobs.drop, selection)
        return job_shapes.Dropped(dropped=count, more=more, missing=missing)


def _change(
    change: Callable[[Which, int], int], selection: Selection
) -> tuple[int, bool, list[str]]:
    """How many were changed, whether more are left, and which of those named are no dead letters.

    Raises CatalogFailedError; what was changed before that stays so.
    """
    if selection.job_ids:
        missing = [each for each in selection.job_ids if not change(Which(job_id=each), 1)]
        return len(selection.job_ids) - len(missing), False, missing
    count = 0
    while count < _MOST:
        changed = change(selection.which, _BATCH)
        count += changed
        if changed < _BATCH:
            return count, False, []
    return count, True, []


def _hint(failure: Failure | None) -> str:
    """What to do about a job's failure, by its code."""
    if failure is None:
        return ""
    if remedy := _REMEDIES.get(failure.code):
        return remedy
    hints = (kind.hint for kind in _kinds(TintypeError) if kind.code == failure.code)
    return next(hints, "")


def _kinds(kind: type[TintypeError]) -> Iterator[type[TintypeError]]:
    for each in kind.__subclasses__():
        yield each
        yield from _kinds(each)

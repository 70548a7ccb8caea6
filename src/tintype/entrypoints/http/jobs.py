"""The routes about jobs: their history, and asking for one again or calling it off."""

from fastapi import APIRouter

from tintype.entrypoints.http import job_shapes
from tintype.entrypoints.http.parameters import Cursor, JobId, Limit, State
from tintype.entrypoints.http.routes import add_action, add_reading
from tintype.errors import (
    CatalogFailedError,
    CrossSiteError,
    JobActiveError,
    JobEndedError,
    JobNotFoundError,
    JobOutdatedError,
    ParameterInvalidError,
)
from tintype.pipeline.jobs import Jobs


class JobsApi:
    """The routes about jobs."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs

    def routes(self) -> APIRouter:
        """Every route, with what the OpenAPI document says of its answers."""
        router = APIRouter(tags=["jobs"])
        path = "/v1/jobs/{job_id}"
        failing = (ParameterInvalidError, CatalogFailedError)
        one = (JobNotFoundError, *failing)
        acting = (CrossSiteError, *one)
        add_reading(router, "/v1/jobs", self.list_jobs, *failing)
        add_reading(router, path, self.get_job, *one)
        again = (JobActiveError, JobOutdatedError, *acting)
        add_action(router, f"{path}/retry", self.retry_job, *again, status=202)
        add_action(router, f"{path}/cancel", self.cancel_job, JobEndedError, *acting)
        return router

    def list_jobs(
        self, limit: Limit = 50, cursor: Cursor = None, state: State = None
    ) -> job_shapes.JobPage:
        """List the jobs, newest first."""
        page = self._jobs.list(cursor=cursor, limit=limit, state=state)
        return job_shapes.JobPage(
            items=[job_shapes.job_summary(job) for job in page.items], next=page.next
        )

    def get_job(self, job_id: JobId) -> job_shapes.Job:
        """Show one job with every attempt, the steps of the last one, and what brought it."""
        return job_shapes.job(self._jobs.one(job_id), self._jobs.attempts(job_id))

    def retry_job(self, job_id: JobId) -> job_shapes.JobSummary:
        """Make a job that has ended again, with all its tries before it."""
        return job_shapes.job_summary(self._jobs.retry(job_id))

    def cancel_job(self, job_id: JobId) -> job_shapes.JobSummary:
        """End a job that has not ended; what it is doing just now is in vain."""
        return job_shapes.job_summary(self._jobs.cancel(job_id))

"""The routes about the queue: how it stands, and holding it up."""

from datetime import UTC, datetime

from fastapi import APIRouter

from tintype.entrypoints.http import job_shapes
from tintype.entrypoints.http.routes import add_action, add_reading
from tintype.errors import CatalogFailedError, CrossSiteError, ParameterInvalidError
from tintype.pipeline.jobs import Jobs


class QueueApi:
    """The routes about the queue."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs

    def routes(self) -> APIRouter:
        """Every route, with what the OpenAPI document says of its answers."""
        router = APIRouter(tags=["queue"])
        failing = (ParameterInvalidError, CatalogFailedError)
        add_reading(router, "/v1/queue", self.get_queue, *failing)
        for action, endpoint in (("pause", self.pause_queue), ("resume", self.resume_queue)):
            path = f"/v1/queue/{action}"
            add_action(router, path, endpoint, CrossSiteError, *failing)
        return router

    def get_queue(self) -> job_shapes.Queue:
        """Show how many jobs wait and run, how many failed, and since when the oldest waits."""
        queue = self._jobs.queue()
        return job_shapes.queue(queue, datetime.now(UTC))

    def pause_queue(self) -> job_shapes.Queue:
        """Begin no more jobs, in any process and after any restart; what runs goes on.

        Uploads are still taken, and wait.
        """
        self._jobs.pause()
        return self.get_queue()

    def resume_queue(self) -> job_shapes.Queue:
        """Begin jobs again."""
        self._jobs.resume()
        return self.get_queue()

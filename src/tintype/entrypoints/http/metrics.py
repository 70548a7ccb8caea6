"""The route that shows the metrics."""

from collections.abc import Callable

from fastapi import APIRouter, Request, Response

Exposition = Callable[[str], tuple[bytes, str]]
"""All metrics and their content type, in the format that an Accept header prefers."""


class MetricsApi:
    """The route that shows the metrics."""

    def __init__(self, exposition: Exposition) -> None:
        self._exposition = exposition

    def routes(self) -> APIRouter:
        """`/metrics`; the OpenAPI document leaves it out."""
        router = APIRouter(include_in_schema=False)
        router.add_api_route("/metrics", self.show_metrics, methods=["GET", "HEAD"])
        return router

    def show_metrics(self, request: Request) -> Response:
        """Show all metrics, for Prometheus."""
        content, content_type = self._exposition(request.headers.get("accept", ""))
        return Response(content, headers={"Content-Type": content_type})

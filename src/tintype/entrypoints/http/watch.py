"""Sees every request from its beginning to its end: metrics, traces and the access log."""

import logging
import time
from http import HTTPStatus

import structlog
from fastapi.routing import iter_route_contexts
from starlette.datastructures import Headers
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tintype.entrypoints.http.guard import READING_METHODS
from tintype.pipeline.access import Caller
from tintype.pipeline.monitors import Monitors
from tintype.ports.monitor import Answer, Monitor

log = structlog.get_logger()

_METHODS = READING_METHODS | {"POST", "PUT", "PATCH", "DELETE"}

# Machines ask for these every few seconds; what they are told is in none of the figures.
_PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
_NOBODY = Monitors()

# Refusals that say something of who asks, or of the service's limits.
_TELLING = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.MISDIRECTED_REQUEST,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
)


class Watch:
    """Tells `monitor` and the log how each request was answered.

    What only others know is taken from the request's state: `code` of the failure that was
    answered, and the `caller`. Neither the query nor any header is logged: they may hold keys and
    signatures.
    """

    def __init__(self, app: ASGIApp, *, monitor: Monitor) -> None:
        self._app = app
        self._monitor = monitor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})
        began = time.perf_counter()
        ended = 0.0
        status = int(HTTPStatus.INTERNAL_SERVER_ERROR)  # what a server says for an app that failed
        sent = 0

        async def send_watched(message: Message) -> None:
            nonlocal status, sent, ended
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                sent += len(message.get("body", b""))
                ended = time.perf_counter()
            await send(message)

        method, path = scope["method"], scope["path"]
        known = method if method in _METHODS else "_OTHER"
        monitor = _NOBODY if path in _PROBES else self._monitor
        with monitor.request(known, path, Headers(scope=scope)):
            try:
                await self._app(scope, receive, send_watched)
            finally:
                seconds = (ended or time.perf_counter()) - began
                state = scope["state"]
                answer = Answer(known, _route(scope), status, seconds, sent, state.get("code"))
                monitor.answered(answer)
                _tell(answer, path, state.get("caller"))


def _tell(answer: Answer, path: str, caller: Caller | None) -> None:
    log.log(
        _level(answer, path),
        "http.request",
        method=answer.method,
        route=answer.route,
        path=path,
        status=answer.status,
        code=answer.code,
        seconds=round(answer.seconds, 4),
        bytes=answer.bytes,
        api_key=caller and caller.key_id,
    )


def _level(answer: Answer, path: str) -> int:
    """How much an answer is worth: reading is everyday, unless it fails or is refused."""
    if path in _PROBES:
        return logging.DEBUG
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return logging.WARNING
    reading = answer.method in READING_METHODS
    return logging.DEBUG if reading and answer.status not in _TELLING else logging.INFO


def _route(scope: Scope) -> str:
    """The template of the route that was found: there are few of them, but any number of paths."""
    template: str | None = getattr(scope.get("route"), "path", None)
    if template is None and "app_root_path" in scope:  # a folder that is mounted
        template = scope["root_path"].removeprefix(scope["app_root_path"])
    return template or _refused_route(scope) or "unmatched"


def _refused_route(scope: Scope) -> str | None:
    """The template of the route that a request was for which was refused on its way there.

    Where no route takes the request's method, that of the first one at its address.
    """
    partial = None
    for route in iter_route_contexts(scope["app"].routes) if "app" in scope else ():
        match, _ = route.matches(scope)
        if match is Match.FULL:
            return route.path
        if match is Match.PARTIAL and partial is None:
            partial = route.path
    return partial

"""Stands before every route: only callers with its right reach it."""

from functools import cached_property
from urllib.parse import quote, urlencode

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.routing import RouteContext, iter_route_contexts
from starlette.concurrency import run_in_threadpool
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send

from tintype.entrypoints.http.callers import Callers
from tintype.entrypoints.http.guard import READING_METHODS
from tintype.entrypoints.http.problems import problem
from tintype.entrypoints.http.rights import ADMIN, Right, right
from tintype.entrypoints.http.views import Views
from tintype.errors import TintypeError, UnauthenticatedError

# Not what every route says: a browser would ask its user for a password.
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="tintype", Bearer'}


class Gate:
    """Asks each request for the right of its route, before any of its body is read.

    A method that no route takes asks for the scope admin like a route that nobody gave a right: it
    fails closed, and tells nobody else which methods an address takes. Reading is never among them:
    the route of variants answers every address that no other does.
    """

    def __init__(self, app: ASGIApp, *, api: FastAPI, callers: Callers, views: Views) -> None:
        self._app = app
        self._api = api
        self._callers = callers
        self._views = views

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request (ASGI)."""
        if scope["type"] == "http" and (refusal := await self._refusal(scope)):
            await refusal(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _refusal(self, scope: Scope) -> Response | None:
        """Why a request may not go on; None where it may."""
        request = Request(scope)
        asked = self._right(scope)
        if asked.scope is None:
            return None
        try:
            caller = await run_in_threadpool(self._callers.of, request)
            caller.require(asked.scope)
        except TintypeError as error:
            return self._refuse(request, asked, error)
        return None

    def _right(self, scope: Scope) -> Right:
        for route in self._routes:
            match, _ = route.matches(scope)
            if match is Match.FULL:
                scope["route"] = route  # for whoever watches, where the router never comes to it
                return right(scope["method"], route.path_format or route.path or "")
        return ADMIN

    def _refuse(self, request: Request, asked: Right, error: TintypeError) -> Response:
        if not asked.page:
            challenged = asked.basic and isinstance(error, UnauthenticatedError)
            return problem(error, _CHALLENGE if challenged else None)
        if isinstance(error, UnauthenticatedError):
            return RedirectResponse(login_address(self._views.root, request), 303)
        return self._views.problem(request, error)

    @cached_property
    def _routes(self) -> list[RouteContext]:
        """Every route, in the order in which the router tries them."""
        return list(iter_route_contexts(self._api.routes))


def login_address(root: str, request: Request) -> str:
    """Where to log in, and come back to the page that was asked for."""
    path = quote(request.scope["path"])
    known = path != "/" and request.method in READING_METHODS
    return f"{root}/login" + (f"?{urlencode({'next': path})}" if known else "")

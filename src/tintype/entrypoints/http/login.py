"""The pages on which people come in and leave."""

import re
from collections.abc import Mapping
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from tintype.entrypoints.http.session import Sessions
from tintype.entrypoints.http.views import Views
from tintype.errors import TintypeError, TooManyBytesError, UploadIncompleteError
from tintype.pipeline.access import Access, Invitations

_LONGEST_FORM = 8192  # bytes

# A path of this service: what begins with // or /\ would lead to another.
_PATH = re.compile(r"/(?![/\\])[!-~]*", re.ASCII)


class Login:
    """The routes of logging in and out: with an API key, or with an invitation."""

    def __init__(
        self,
        access: Access,
        invitations: Invitations,
        sessions: Sessions,
        views: Views,
        *,
        keys_needed: bool,
    ) -> None:
        self._access = access
        self._invitations = invitations
        self._sessions = sessions
        self._views = views
        self._keys_needed = keys_needed

    def routes(self) -> APIRouter:
        """Every route; the OpenAPI document leaves them out."""
        router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
        router.add_api_route("/login", self.form, methods=["GET", "HEAD"])
        router.add_api_route("/login", self.log_in, methods=["POST"])
        router.add_api_route("/logout", self.log_out, methods=["POST"])
        return router

    def form(
        self, request: Request, token: str = "", onward: Annotated[str, Query(alias="next")] = "/"
    ) -> Response:
        """Show the form; with an invitation, a button that takes it.

        What previews links asks with GET, so that asking takes nothing.
        """
        if not token and (not self._keys_needed or self._sessions.key(request)):
            return self._onward(onward)
        return self._views.show(request, "login.html", token=token, onward=onward)

    async def log_in(self, request: Request) -> Response:
        """Begin a session with an API key or an invitation."""
        try:
            fields = await _fields(request)
        except TintypeError as error:
            return self._views.problem(request, error)
        return await run_in_threadpool(self._log_in, request, fields)

    def log_out(self, request: Request) -> Response:
        """End the session, for whoever has its cookie."""
        response = RedirectResponse(f"{self._views.root}/login", 303)
        try:
            self._sessions.end(request, response)
        except TintypeError as error:
            return self._views.problem(request, error)
        return response

    def _log_in(self, request: Request, fields: Mapping[str, str]) -> Response:
        onward = fields.get("next", "/")
        try:
            if token := fields.get("token"):
                key = self._invitations.redeem(token)
            else:
                key = self._access.admit(fields.get("key", "").strip())
            response = self._onward(onward)
            self._sessions.begin(response, key)
        except TintypeError as error:
            return self._views.problem(request, error, "login.html", onward=onward)
        return response

    def _onward(self, path: str) -> Response:
        known = path if _PATH.fullmatch(path) else "/"
        return RedirectResponse(f"{self._views.root}{known}", 303)


async def _fields(request: Request) -> dict[str, str]:
    """The fields of a small form; raises TooManyBytesError, UploadIncompleteError."""
    content = b""
    try:
        async for piece in request.stream():
            content += piece
            if len(content) > _LONGEST_FORM:
                raise TooManyBytesError("The form is longer than any that this page sends.")
    except ClientDisconnect:
        raise UploadIncompleteError from None
    return dict(parse_qsl(content.decode("ascii", errors="replace")))

"""Sessions of the page: a cookie that stands for an API key."""

import re
from urllib.parse import urlsplit

from fastapi import Request, Response

from tintype.errors import UnauthenticatedError
from tintype.model import ApiKey
from tintype.pipeline.access import SESSION, Access

COOKIE = "tintype_session"

# What a session's token looks like: nothing else is looked up.
_TOKEN = re.compile(r"[\w-]{43}", re.ASCII)


class Sessions:
    """Begins sessions, knows them again by their cookies, and ends them.

    Methods that take a request or a key may block, and raise CatalogFailedError.
    """

    def __init__(self, access: Access, public_url: str) -> None:
        public = urlsplit(public_url)
        self._access = access
        self._path = public.path.rstrip("/") or "/"
        self._secure = public.scheme == "https"

    def key(self, request: Request) -> ApiKey | None:
        """The API key of the request's session; None without one, or with one that has ended."""
        token = _token(request)
        if token is None:
            return None
        try:
            return self._access.admit_session(token)
        except UnauthenticatedError:
            return None

    def begin(self, response: Response, key: ApiKey) -> None:
        """Begin a session with an API key, which was admitted."""
        token = self._access.begin_session(key)
        self._set(response, token, int(SESSION.total_seconds()))

    def end(self, request: Request, response: Response) -> None:
        """End the request's session, if there is one, and let the browser forget its cookie."""
        token = _token(request)
        if token is not None:
            self._access.end_session(token)
        self._set(response, "", 0)

    def _set(self, response: Response, value: str, seconds: int) -> None:
        response.set_cookie(
            COOKIE,
            value,
            max_age=seconds,
            path=self._path,
            secure=self._secure,
            httponly=True,
            samesite="strict",
        )


def _token(request: Request) -> str | None:
    value = request.cookies.get(COOKIE, "")
    return value if _TOKEN.fullmatch(value) else None

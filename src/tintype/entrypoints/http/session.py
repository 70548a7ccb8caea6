"""Sessions of the page: a cookie that stands for an API key."""

import re
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from fastapi import Request, Response

from tintype.errors import UnauthenticatedError
from tintype.model import ApiKey
from tintype.pipeline.access import Access, digest_of
from tintype.pipeline.signing import Seal

COOKIE = "tintype_session"

_SECONDS = 7 * 24 * 3600

# The digest of the key's secret, which proves nothing by itself, the end in Unix seconds, the mark.
_VALUE = re.compile(
    r"(?P<text>(?P<digest>[0-9a-f]{64})\.(?P<end>[0-9]{1,12}))\.(?P<mark>[\w-]{43})", re.ASCII
)


class Sessions:
    """Begins sessions, knows them again and ends them.

    A session lasts seven days, and no longer than its API key: revoking that ends it. `clock` tells
    Unix seconds. Methods that read or write cookies may block, as access and seal may.
    """

    def __init__(
        self,
        access: Access,
        seal: Seal,
        public_url: str,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        public = urlsplit(public_url)
        self._access = access
        self._seal = seal
        self._clock = clock
        self._path = public.path.rstrip("/") or "/"
        self._secure = public.scheme == "https"

    def key(self, request: Request) -> ApiKey | None:
        """The API key of the request's session; None without one, or with one that has ended."""
        found = _VALUE.fullmatch(request.cookies.get(COOKIE, ""))
        if not found or not self._seal.is_known(found["text"], found["mark"]):
            return None
        if int(found["end"]) <= self._clock():
            return None
        try:
            return self._access.admit_digest(found["digest"])
        except UnauthenticatedError:
            return None

    def begin(self, response: Response, secret: str) -> None:
        """Begin a session with an API key's secret, which was admitted."""
        text = f"{digest_of(secret)}.{int(self._clock()) + _SECONDS}"
        self._set(response, f"{text}.{self._seal.mark(text)}", _SECONDS)

    def end(self, response: Response) -> None:
        """Let the browser forget its session."""
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

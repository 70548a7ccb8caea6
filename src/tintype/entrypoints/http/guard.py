"""What stands before every request: who may ask, and what every response says to browsers."""

from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tintype.entrypoints.http.problems import problem
from tintype.errors import CrossSiteError, HostRefusedError, InternalError, TintypeError

log = structlog.get_logger()

_LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})

_READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

# What a response does not say itself. Only the page may load and run anything.
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-cache",  # asked again each time, unless a response knows better
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


class Guard:
    """Refuses what a foreign page may have sent, and answers when everything else has failed.

    The service answers only under the names of this machine and that of its public URL: a page
    that makes its own name point to this machine (DNS rebinding) sends that name as Host.
    """

    def __init__(self, app: ASGIApp, *, public_url: str) -> None:
        self._app = app
        public = urlsplit(public_url)
        self._origin = f"{public.scheme}://{public.netloc}"
        self._hosts = _LOOPBACK_HOSTS | {public.hostname or "localhost"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            self._admit(scope["method"], Headers(scope=scope))
        except TintypeError as error:
            await problem(error)(scope, receive, send_guarded)
            return
        try:
            await self._app(scope, receive, send_guarded)
        except Exception:
            log.exception("http.failed", method=scope["method"], path=scope["path"])
            if started:
                raise
            await problem(InternalError())(scope, receive, send_guarded)

    def _admit(self, method: str, headers: Headers) -> None:
        host = headers.get("host", "")
        if _name(host) not in self._hosts:
            raise HostRefusedError
        if method not in _READING_METHODS and self._is_cross_site(headers, host):
            raise CrossSiteError

    def _is_cross_site(self, headers: Headers, host: str) -> bool:
        """Whether a browser sent this for another page; programs send neither header.

        Sec-Fetch-Site (Fetch Metadata) decides where the browser knows it, else Origin.
        """
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site not in ("same-origin", "none")
        origin = headers.get("origin")
        return origin is not None and origin != self._origin and urlsplit(origin).netloc != host


def _name(host: str) -> str:
    """The name in a Host header, without port and brackets; empty where it cannot be read."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""

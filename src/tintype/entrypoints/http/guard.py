"""What stands before every request: who may ask, and what every response says to browsers."""

from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tintype.entrypoints.http.problems import problem
from tintype.errors import CrossSiteError, HostRefusedError, InternalError, TintypeError

log = structlog.get_logger()

_LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})

READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

# What a response does not say itself. Only the page may load and run anything.
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-cache",  # asked again each time, unless a response knows better
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


class Origins:
    """Tells requests that come from the service's own pages from those of other sites.

    Sec-Fetch-Site (Fetch Metadata) decides where the browser knows it, else Origin.
    """

    def __init__(self, public_url: str) -> None:
        public = urlsplit(public_url)
        self._origin = f"{public.scheme}://{public.netloc}" if public.netloc else None

    def is_own(self, headers: Headers) -> bool:
        """Whether a browser says that a page of this service sent this; programs say nothing."""
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site == "same-origin"
        return self._is_ours(headers.get("origin"), headers)

    def is_foreign(self, headers: Headers) -> bool:
        """Whether a browser says that a page of another site sent this."""
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site not in ("same-origin", "none")
        return "origin" in headers and not self._is_ours(headers["origin"], headers)

    def _is_ours(self, origin: str | None, headers: Headers) -> bool:
        # A proxy in front may speak https where this service speaks http.
        host = headers.get("host", "")
        asked_for = (f"http://{host}", f"https://{host}") if host else ()
        return origin is not None and origin in (self._origin, *asked_for)


class Guard:
    """Refuses what a foreign page may have sent, and answers when everything else has failed.

    Where no keys are needed, the service answers only under the names of this machine and that of
    its public URL: a page that makes its own name point to this machine (DNS rebinding) sends that
    name as Host. Such a page has no key and no cookie, so with keys any name will do: balancers ask
    for the address itself.
    """

    def __init__(self, app: ASGIApp, *, public_url: str, keys_needed: bool) -> None:
        self._app = app
        self._origins = Origins(public_url)
        self._keys_needed = keys_needed
        self._hosts = _LOOPBACK_HOSTS | {urlsplit(public_url).hostname or "localhost"}

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
        if not self._keys_needed and _name(headers.get("host", "")) not in self._hosts:
            raise HostRefusedError
        if method not in READING_METHODS and self._origins.is_foreign(headers):
            raise CrossSiteError


def _name(host: str) -> str:
    """The name in a Host header, without port and brackets; empty where it cannot be read."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""

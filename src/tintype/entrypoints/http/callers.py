"""Who is asking: the API key or the session that came with a request."""

from base64 import b64decode

from fastapi import Request

from tintype.entrypoints.http.guard import READING_METHODS, Origins
from tintype.entrypoints.http.session import Sessions
from tintype.errors import CrossSiteError, UnauthenticatedError
from tintype.model import ApiKey
from tintype.pipeline.access import ANYBODY, SECRET_PREFIX, Access, Caller

_BEARER = "bearer"
_BASIC = "basic"


def caller(request: Request) -> Caller:
    """Who is asking, on a route that not everybody may use."""
    found: Caller = request.state.caller
    return found


class Callers:
    """Finds out who is asking, and leaves them in the request's state.

    Blocks, and may raise CatalogFailedError.
    """

    def __init__(
        self, access: Access, sessions: Sessions, origins: Origins, *, keys_needed: bool
    ) -> None:
        self._access = access
        self._sessions = sessions
        self._origins = origins
        self._keys_needed = keys_needed

    def of(self, request: Request) -> Caller:
        """Who is asking; where no keys are needed, that is anybody.

        Raises what `proven` raises, and UnauthenticatedError where nothing came with the request.
        """
        if not self._keys_needed:
            request.state.caller = ANYBODY
            return ANYBODY
        proven = self.proven(request)
        if proven is None:
            raise UnauthenticatedError
        return proven

    def proven(self, request: Request) -> Caller | None:
        """Who is asking, by the API key or the session that came with the request; else None.

        A key may come as the password of a name, for programs that know no other way. Any other
        password is for somebody else, such as a proxy in front.

        A session that has ended counts as none. Raises UnauthenticatedError for an API key that
        opens nothing, and CrossSiteError where a cookie, which a browser sends whoever asks, is to
        change something and no page of this service is known to ask.
        """
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == _BEARER:
            return _caller(request, self._access.admit(secret.strip()))
        if scheme.lower() == _BASIC and (password := _password(secret)).startswith(SECRET_PREFIX):
            return _caller(request, self._access.admit(password))
        key = self._sessions.key(request)
        if key is None:
            return None
        if request.method not in READING_METHODS and not self._origins.is_own(request.headers):
            raise CrossSiteError
        return _caller(request, key)


def _password(credentials: str) -> str:
    """The password of HTTP's Basic authentication (RFC 7617), or nothing; any name may come."""
    try:
        return b64decode(credentials.strip(), validate=True).decode().partition(":")[2]
    except ValueError:
        return ""


def _caller(request: Request, key: ApiKey) -> Caller:
    request.state.caller = Caller(key.id, key.scopes)
    return caller(request)

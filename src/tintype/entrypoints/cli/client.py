"""The HTTP client of the commands that talk to a running service."""

import re
from typing import Any

import httpx

from tintype.entrypoints.cli.retrying import retry_after
from tintype.errors import CallerError, Fault, ParameterInvalidError, SystemFailure, TintypeError
from tintype.settings import load_settings

# What ids are made of. Nothing else is put into a path: `..` would lead to another one, and a `/`
# cannot be escaped, because a server takes the escapes away before it looks for the route.
_ID = re.compile(r"[\w-]+", re.ASCII)

_SERVER_ERRORS = 500  # and above: the statuses that say the service is at fault


class ServiceRefusedError(CallerError):
    """The service refused the request."""

    code = "refused"

    def __init__(
        self, detail: str, code: str, hint: str, status: int, retry_after: float | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status  # of HTTP
        self.retry_after = retry_after  # seconds after which the service wants to be asked again
        # The service's own words; its codes are those of errors.py.
        self.code = code  # type: ignore[misc] # an instance of another process's class
        self.hint = hint  # type: ignore[misc] # as above
        self.fault = Fault.CALLER if status < _SERVER_ERRORS else Fault.SYSTEM  # type: ignore[misc] # as above


class ServiceAwayError(SystemFailure):
    """The service does not answer."""

    code = "service_away"
    hint = "Is it running (`tintype up`), and is TINTYPE_URL its address?"


def open_client(url: str | None) -> httpx.Client:
    """A client of the service at `url`, or at TINTYPE_URL, with the key of TINTYPE_KEY.

    Raises SettingsInvalidError.
    """
    settings = load_settings(url=url)
    key = settings.key.get_secret_value()
    return httpx.Client(
        base_url=settings.url,
        headers={"Authorization": f"Bearer {key}"} if key else {},
        timeout=httpx.Timeout(60.0, connect=5.0),
    )


def path_of(collection: str, identity: str) -> str:
    """The path of one thing in a collection; raises ParameterInvalidError for what is no id."""
    if not _ID.fullmatch(identity):
        raise ParameterInvalidError(
            f"{identity!r} is no id: ids have only letters, digits, _ and -."
        )
    return f"{collection}/{identity}"


def ask(client: httpx.Client, method: str, path: str, **request: Any) -> dict[str, Any]:
    """The JSON answer of the service; raises ServiceRefusedError or ServiceAwayError."""
    try:
        response = client.request(method, path, **request)
        content: dict[str, Any] = response.json()
    except httpx.HTTPError as error:
        raise ServiceAwayError(f"No answer from {client.base_url}: {error}") from None
    except ValueError:
        raise ServiceAwayError(f"{client.base_url} is not a Tintype service") from None
    if response.is_success:
        return content
    raise _refusal(content, response.status_code, retry_after(response.headers))


def _refusal(problem: dict[str, Any], status: int, after: float | None) -> TintypeError:
    detail = str(problem.get("detail") or problem.get("title") or "refused")
    code, hint = str(problem.get("code", "")), str(problem.get("hint", ""))
    return ServiceRefusedError(detail, code, hint, status, after)

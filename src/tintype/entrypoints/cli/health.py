"""`tintype health`: whether a service is ready, for whoever watches over its process."""

import http.client
import json
from typing import Annotated
from urllib.parse import urlsplit

import typer

from tintype.settings import Settings, load_settings
from tintype.text import printable

_SECONDS = 10.0
_MOST_BYTES = 65536


def health(
    url: Annotated[
        str | None,
        typer.Option(
            "--url", help="The service; TINTYPE_URL, or the one of this machine's settings."
        ),
    ] = None,
) -> None:
    """Ask a service whether it could take an upload now.

    Prints one line and exits with 0 where it is ready, else with 1. Loads little, so that it may be
    asked often: for container health checks.

    Example: `tintype health --url http://127.0.0.1:8080`
    """
    settings = load_settings(url=url)
    complaint = ask(settings.url if "url" in settings.model_fields_set else _here(settings))
    print(printable(complaint) if complaint else "ready")
    if complaint:
        raise typer.Exit(1)


def ask(url: str) -> str:
    """Why the service at an address is not ready; empty where it is."""
    address = urlsplit(url)
    secure = address.scheme == "https"
    connect = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    try:
        connection = connect(address.hostname or "", address.port, timeout=_SECONDS)
        connection.request("GET", f"{address.path.rstrip('/')}/readyz")
        response = connection.getresponse()
        content = json.loads(response.read(_MOST_BYTES))
    except (OSError, http.client.HTTPException) as error:
        return f"no answer from {url}: {error}"
    except ValueError:
        return f"{url} is not a Tintype service"
    if response.status == http.client.OK:
        return ""
    told = content if isinstance(content, dict) else {}
    detail, hint = told.get("detail") or response.reason, told.get("hint")
    return f"not ready: {str(detail).rstrip('.')}. {hint}" if hint else f"not ready: {detail}"


def _here(settings: Settings) -> str:
    """Where a service with these settings answers on this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"

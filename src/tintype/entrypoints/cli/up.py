"""`tintype up`: the whole service in one process."""

import ipaddress
import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import structlog
import typer

from tintype.bootstrap import Service, open_service
from tintype.entrypoints.logs import configure_logs
from tintype.errors import SettingsInvalidError
from tintype.recipe.advice import unenforced
from tintype.recipe.loader import load
from tintype.settings import Settings, environment, load_settings

if TYPE_CHECKING:
    import uvicorn

log = structlog.get_logger()

# Requests under way get this long to end; jobs get their own grace time after that.
_REQUEST_SECONDS = 5

# How often the main thread looks whether HTTP has started, and whether it still runs.
_STARTUP_LOOK_SECONDS = 0.01
_LOOK_SECONDS = 0.5


def up(
    recipe: Annotated[Path | None, typer.Option("--recipe", "-r", help="The recipe file.")] = None,
    data: Annotated[
        Path | None, typer.Option("--data", help="The folder for objects and database.")
    ] = None,
    host: Annotated[str | None, typer.Option("--host", help="The address to listen on.")] = None,
    port: Annotated[
        int | None, typer.Option("--port", help="The port to listen on; 0 takes a free one.")
    ] = None,
    _no_auth: Annotated[
        bool,
        typer.Option(
            "--no-auth",
            help="Let everybody on this machine in; taken as given until API keys are available.",
        ),
    ] = False,
) -> None:
    """Run the service: HTTP, jobs, catalog and store in one process.

    Ends on SIGTERM or Ctrl-C when the running jobs have ended; what has not is taken up by the
    next start. A second signal ends it at once.

    Example: `tintype up --recipe recipe.yaml --data data --port 8080 --no-auth`
    """
    settings = load_settings(recipe=recipe, data=data, host=host, port=port)
    resolved = load(settings.recipe, environment())
    _require_loopback(settings.host)
    listener = _listen(settings)
    configure_logs()
    service = open_service(settings, resolved)
    _serve(service, settings, listener)


def _require_loopback(host: str) -> None:
    """API keys do not exist yet, so nobody but this machine may come in."""
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise SettingsInvalidError(
            f"TINTYPE_HOST: {host} is not a loopback address; without API keys, which are not"
            " available yet, only 127.0.0.1, ::1 or localhost is allowed"
        )


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise SettingsInvalidError(
            f"TINTYPE_PORT: cannot listen on {settings.host}:{settings.port}: {error.strerror};"
            " choose another port, or 0 for a free one"
        ) from None
    return listener


def _serve(service: Service, settings: Settings, listener: socket.socket) -> None:
    """Serve until a signal comes, then drain.

    Uvicorn runs in a thread of its own: in the main thread it would take over the signals and
    raise them once more at its end, and a clean shutdown would not exit with 0.
    """
    stopping = _heed_signals()
    for warning in service.sandbox.confinement.warnings:
        log.warning("sandbox.weak", detail=warning)
    for warning in unenforced(service.app.recipe):
        log.warning("recipe.unenforced", detail=warning)
    service.start()
    server = _http_server(service, settings)
    thread = threading.Thread(target=server.run, args=([listener],), name="http")
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(_STARTUP_LOOK_SECONDS)
    print(f"Tintype is ready at {_address(listener)}/ (Ctrl-C stops it)", flush=True)
    while thread.is_alive() and not stopping.wait(_LOOK_SECONDS):
        pass
    log.info("service.stopping")
    server.should_exit = True
    thread.join()
    drained = service.stop(settings.grace_seconds)
    log.info("service.stopped", drained=drained)
    if not drained:
        # Threads that still work cannot be ended; their runs are taken up at the next start.
        sys.stdout.flush()
        os._exit(0)


def _heed_signals() -> threading.Event:
    """An event that the first SIGTERM or SIGINT sets; the second ends the process at once."""
    stopping = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        if stopping.is_set():
            os._exit(1)
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    return stopping


def _http_server(service: Service, settings: Settings) -> "uvicorn.Server":
    # Loaded here so that the other commands, which serve nothing, start at once.
    import uvicorn

    from tintype.entrypoints.http.service import create_app

    return uvicorn.Server(
        uvicorn.Config(
            create_app(service.app, public_url=settings.public_url, spool=service.spool),
            http="httptools",
            loop="uvloop",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_REQUEST_SECONDS,
        )
    )


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

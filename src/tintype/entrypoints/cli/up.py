"""`tintype up`: the whole service in one process."""

import ipaddress
import socket
from pathlib import Path
from typing import Annotated

import structlog
import typer

from tintype.bootstrap import Service, open_service
from tintype.entrypoints.cli.serving import HttpThread, address, finish, heed_signals, listen
from tintype.entrypoints.logs import configure_logs
from tintype.errors import SettingsInvalidError
from tintype.model import Scope
from tintype.pipeline.access import Authority
from tintype.recipe.loader import load
from tintype.settings import Settings, environment, load_settings

log = structlog.get_logger()


def up(
    recipe: Annotated[Path | None, typer.Option("--recipe", "-r", help="The recipe file.")] = None,
    data: Annotated[
        Path | None, typer.Option("--data", help="The folder for objects and database.")
    ] = None,
    host: Annotated[str | None, typer.Option("--host", help="The address to listen on.")] = None,
    port: Annotated[
        int | None, typer.Option("--port", help="The port to listen on; 0 takes a free one.")
    ] = None,
    no_auth: Annotated[
        bool,
        typer.Option(
            "--no-auth",
            help="Let everybody on this machine in, without an API key.",
        ),
    ] = False,
) -> None:
    """Run the service: HTTP, jobs, catalog and store in one process.

    Who comes needs an API key (`tintype keys create`). On a loopback address it prints a link that
    opens the page once without one, and at its very first start a key.

    Ends on SIGTERM or Ctrl-C when the running jobs have ended; what has not is taken up by the
    next start. A second signal ends it at once.

    Example: `tintype up --recipe recipe.yaml --data data --port 8080`
    """
    settings = load_settings(recipe=recipe, data=data, host=host, port=port)
    resolved = load(settings.recipe, environment())
    if no_auth and not _is_loopback(settings.host):
        raise SettingsInvalidError(
            f"TINTYPE_HOST: {settings.host} is not a loopback address; with --no-auth only"
            " 127.0.0.1, ::1 or localhost is allowed. Leave --no-auth away, and make keys with"
            " `tintype keys create`."
        )
    listener = listen(settings.host, settings.port)
    configure_logs(settings.log_level, settings.log_format)
    service = open_service(settings, resolved, watch=True)
    _serve(service, settings, listener, keys_needed=not no_auth)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _serve(
    service: Service, settings: Settings, listener: socket.socket, *, keys_needed: bool
) -> None:
    """Serve until a signal comes, then drain."""
    from tintype.entrypoints.http.service import create_app

    stopping = heed_signals()
    for warning in service.sandbox.confinement.warnings:
        log.warning("sandbox.weak", detail=warning)
    service.start()
    api = create_app(
        service.app,
        service.authority,
        spool=service.spool,
        public_url=settings.public_url,
        keys_needed=keys_needed,
        monitor=service.monitor,
        exposition=service.exposition,
    )
    http = HttpThread(api, listener)
    http.start()
    print(f"Tintype is ready at {address(listener)}/ (Ctrl-C stops it)", flush=True)
    if service.watched:
        print(f"What is put into {service.watched} is taken in too", flush=True)
    if keys_needed and _is_loopback(settings.host):
        _welcome(service.authority, address(listener))
    http.wait(stopping)
    log.info("service.stopping")
    service.retire()
    http.stop()
    finish(service, settings.grace_seconds)


def _welcome(authority: Authority, service_address: str) -> None:
    """Let whoever reads this terminal in: it is on the machine that the service is for."""
    if not authority.access.keys():
        _, secret = authority.access.create("first", [Scope.ADMIN])
        print(f"The first API key, shown this once: {secret}")
    link = f"{service_address}/login?token={authority.invitations.invite()}"
    print(f"Log in, once and within ten minutes: {link}", flush=True)

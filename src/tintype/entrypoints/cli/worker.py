"""`tintype worker`: jobs without the public HTTP service."""

from pathlib import Path
from typing import Annotated

import structlog
import typer

from tintype.bootstrap import open_service
from tintype.entrypoints.cli.serving import HttpThread, address, finish, heed_signals, listen
from tintype.entrypoints.logs import configure_logs
from tintype.recipe.loader import load
from tintype.settings import environment, load_settings

log = structlog.get_logger()


def worker(
    recipe: Annotated[Path | None, typer.Option("--recipe", "-r", help="The recipe file.")] = None,
    data: Annotated[
        Path | None, typer.Option("--data", help="The folder for scratch files.")
    ] = None,
    host: Annotated[
        str | None, typer.Option("--host", help="The address for health and metrics.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", help="The port for health and metrics; none is opened without it."),
    ] = None,
) -> None:
    """Work on the jobs of a database that several processes share.

    Takes the same settings as `tintype up`: the database (TINTYPE_DATABASE) and the stores must be
    those of the others. With --port it answers /healthz, /readyz and /metrics, and nothing else.

    Ends on SIGTERM or Ctrl-C when the running jobs have ended; what has not is taken up by another
    worker.

    Example: `TINTYPE_DATABASE=postgresql://tintype@db/tintype tintype worker --recipe recipe.yaml`
    """
    settings = load_settings(recipe=recipe, data=data, host=host)
    resolved = load(settings.recipe, environment())
    listener = listen(settings.host, port) if port is not None else None
    configure_logs(settings.log_level, settings.log_format)
    service = open_service(settings, resolved)
    stopping = heed_signals()
    service.start()
    if listener:
        from tintype.entrypoints.http.health import health_app

        http = HttpThread(health_app(service.app, service.exposition), listener)
        http.start()
        where = f"health at {address(listener)}/readyz"
        print(f"The worker is ready; {where} (Ctrl-C stops it)", flush=True)
    else:
        print("The worker is ready (Ctrl-C stops it)", flush=True)
    stopping.wait()
    log.info("service.stopping")
    service.retire()
    if listener:
        http.stop()
    finish(service, settings.grace_seconds)

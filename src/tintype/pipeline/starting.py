"""Starting runs that the catalog has promised."""

import structlog

from tintype.errors import SystemFailure
from tintype.model import Priority, Run
from tintype.ports.catalog import Catalog
from tintype.ports.engine import Engine

log = structlog.get_logger()


def start(catalog: Catalog, engine: Engine, run: Run, priority: Priority | None = None) -> None:
    """Start a run that the catalog has promised: if this fails, the reconciler does it.

    Without a `priority`, it is what the catalog says of its job.
    """
    try:
        known = priority or catalog.job(run.job_id).priority
        engine.start(run, priority=known)
    except SystemFailure as error:
        log.warning("run.postponed", run=run.id, code=error.code, detail=error.detail)

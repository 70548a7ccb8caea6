"""Log lines: one event per line on standard error."""

import logging
import sys
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

from tintype.text import printable


def configure_logs(level: str = "INFO") -> None:
    """Send every log line, ours and the libraries', to standard error in one form.

    A terminal gets colored lines, anything else JSON.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        escape_controls,
    ]
    renderer: Any = (
        structlog.dev.ConsoleRenderer()
        if sys.stderr.isatty()
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # These libraries speak of every request or poll at INFO; their warnings are worth hearing.
    for chatty in ("httpx", "httpcore", "uvicorn", "dbos", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def escape_controls(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Make control characters in values visible: outside text must not forge a line or a color."""
    return {
        name: value if name == "exception" or not isinstance(value, str) else printable(value)
        for name, value in event.items()
    }

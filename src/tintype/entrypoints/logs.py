"""Log lines: one event per line on standard error, in one form whoever speaks.

docs/logs.md lists every event and field.
"""

import logging
import re
import sys
import textwrap
import threading
from types import TracebackType
from typing import Literal

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from tintype.text import printable

log = structlog.get_logger()

Level = Literal["debug", "info", "warning", "error"]
Form = Literal["auto", "json", "text"]

# These libraries speak of every request or poll at INFO; their warnings are worth hearing.
_CHATTY = ("alembic", "dbos", "httpcore", "httpx", "urllib3", "uvicorn", "watchfiles")

_FIRST = ("timestamp", "level", "event")

# Any of these words may stand before a secret; most lines have none of them.
_SUSPICIOUS = re.compile(
    r"://|tt_|bearer|authorization|cookie|sig|token|key|secret|password|credential",
    re.IGNORECASE,
)
_SECRETS = (
    (re.compile(r"(authorization.{1,8}?basic\s+)[\w+/=-]+", re.IGNORECASE), r"\1***"),
    (re.compile(r"\b(bearer\s+)[\w.~+/=-]+", re.IGNORECASE), r"\1***"),
    (re.compile(r"\btt_[\w-]{16,}"), "tt_***"),
    (re.compile(r"(cookie['\"]?\s*[:=,]\s*)[^\r\n]+", re.IGNORECASE), r"\1***"),
    (re.compile(r"(://[^/\s:@]*:)[^/\s@]+(?=@)"), r"\1***"),
    (
        re.compile(
            r"([?&;](?:[\w-]*(?:sig|signature|token|credential)|key|secret|password)=)[^&\s\"'<>#]+",
            re.IGNORECASE,
        ),
        r"\1***",
    ),
    (re.compile(r"\b(password|secret|token)(\s*=\s*)[^\s,;&)]+", re.IGNORECASE), r"\1\2***"),
)


def configure_logs(level: Level = "info", form: Form = "auto") -> None:
    """Send every log line, ours and the libraries', to standard error in one form.

    `auto` is text on a terminal and JSON anywhere else. What would end a thread or the process
    unheard becomes a line too.
    """
    terminal = sys.stderr.isatty()
    text = form == "text" or (form == "auto" and terminal)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        clean,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[name_library, *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *(
                    _text(colors=terminal)
                    if text
                    else (_order, structlog.processors.JSONRenderer())
                ),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))
    logging.captureWarnings(capture=True)
    threading.excepthook = _thread_crashed
    sys.excepthook = _process_crashed


def name_library(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Make a library's line one of our events: what it says is not ours to name."""
    event["detail"] = event["event"]
    event["event"] = "library.message"
    event["logger"] = event["_record"].name
    return event


def clean(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Mask secrets, make control characters visible, leave out what says nothing.

    Outside text must not forge a line or a color. Only a traceback keeps its line ends.
    """
    cleaned: EventDict = {}
    for name, value in event.items():
        if isinstance(value, int | float) or name.startswith("_"):
            cleaned[name] = value
        elif value is not None:
            kept = "\n" if name == "exception" else ""
            cleaned[name] = printable(mask(str(value)), keep=kept)
    return cleaned


def mask(text: str) -> str:
    """The text without API keys, signatures, tokens, cookies and passwords."""
    if _SUSPICIOUS.search(text):
        for secret, masked in _SECRETS:
            text = secret.sub(masked, text)
    return text


def _order(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {**{name: event[name] for name in _FIRST}, **event}


def _text(*, colors: bool) -> tuple[Processor, ...]:
    return _indent, structlog.dev.ConsoleRenderer(colors=colors, sort_keys=False)


def _indent(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Set a traceback apart: none of its lines may look like one of the log's own."""
    if "exception" in event:
        event["exception"] = textwrap.indent(event["exception"], "    ", lambda _line: True)
    return event


def _thread_crashed(crash: threading.ExceptHookArgs) -> None:
    if crash.exc_value and not isinstance(crash.exc_value, SystemExit):
        name = crash.thread.name if crash.thread else None
        log.error("thread.crashed", thread=name, exc_info=crash.exc_value)


def _process_crashed(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if isinstance(error, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        log.critical("service.crashed", exc_info=error)

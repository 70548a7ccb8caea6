"""The monitor for OpenTelemetry: one trace from an upload's request to its job's last step.

The OpenTelemetry SDK reads the `OTEL_*` variables itself; here is only decided whether it is
wanted, so that nothing of it is loaded where it is not.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from tintype.adapters.traces.spans import Traces

log = structlog.get_logger()

_DISABLED = ("OTEL_SDK_DISABLED",)
_EXPORTERS = ("OTEL_TRACES_EXPORTER",)
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")


def open_traces(environ: Mapping[str, str]) -> "Traces | None":
    """A tracer where the `OTEL_*` variables ask for one and it can be had, else None.

    Traces go out where OTEL_TRACES_EXPORTER is `otlp`, or is not set and an OTLP endpoint is. What
    is asked for and cannot be had is a warning: a service is worth more than its traces.
    """
    if not _wanted(environ):
        return None
    exporter = _first(environ, _EXPORTERS) or "otlp"
    protocol = _first(environ, _PROTOCOLS) or "http/protobuf"
    if exporter != "otlp":
        problem = f"OTEL_TRACES_EXPORTER is {exporter}: only otlp and none are available"
    elif protocol != "http/protobuf":
        problem = f"The OTLP protocol is {protocol}: only http/protobuf is available"
    else:
        try:
            from tintype.adapters.traces.spans import Traces

            return Traces.open()
        except ImportError:
            problem = "OpenTelemetry is not installed: install tintype[otel]"
        except ValueError as error:
            problem = f"An OTEL_ variable makes no sense: {error}"
    log.warning("traces.unavailable", detail=problem)
    return None


def _wanted(environ: Mapping[str, str]) -> bool:
    if _first(environ, _DISABLED) == "true":
        return False
    exporter = _first(environ, _EXPORTERS)
    return exporter != "none" if exporter else bool(_first(environ, _ENDPOINTS))


def _first(environ: Mapping[str, str], names: tuple[str, ...]) -> str:
    """The first of these variables that is set, in lower case; else nothing."""
    values = (environ.get(name, "").strip().lower() for name in names)
    return next(filter(None, values), "")

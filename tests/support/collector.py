"""A collector of traces: what speaks OTLP over HTTP to it is kept."""

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

_PATIENCE = 30.0


@dataclass(frozen=True)
class Seen:
    """A span as it arrived."""

    name: str
    trace: str
    id: str
    parent: str  # empty for the first of a trace
    kind: int  # 1 internal, 2 server, 4 producer, 5 consumer
    began: int  # nanoseconds since 1970
    ended: int
    status: int  # 2 is an error
    attributes: dict[str, object]
    service: dict[str, object]  # the attributes of what sent it


class Collector:
    """Receives spans on a free port of this machine; `answer` is the status that it answers."""

    def __init__(self) -> None:
        self.answer = 200
        self._spans: list[Seen] = []
        self._lock = threading.Lock()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path == "/v1/traces":
                    collector._keep(content)
                self.send_response(collector.answer)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def _keep(self, content: bytes) -> None:
        request = ExportTraceServiceRequest.FromString(content)
        found = [
            Seen(
                name=span.name,
                trace=span.trace_id.hex(),
                id=span.span_id.hex(),
                parent=span.parent_span_id.hex(),
                kind=span.kind,
                began=span.start_time_unix_nano,
                ended=span.end_time_unix_nano,
                status=span.status.code,
                attributes=_plain(span.attributes),
                service=_plain(sender.resource.attributes),
            )
            for sender in request.resource_spans
            for scope in sender.scope_spans
            for span in scope.spans
        ]
        with self._lock:
            self._spans += found

    @property
    def spans(self) -> list[Seen]:
        """All that have arrived, those that began first first."""
        with self._lock:
            return sorted(self._spans, key=lambda span: (span.began, span.ended))

    def named(self, name: str, count: int = 1) -> list[Seen]:
        """The spans of a name, when at least `count` have arrived."""
        deadline = time.monotonic() + _PATIENCE
        while len(found := [span for span in self.spans if span.name == name]) < count:
            if time.monotonic() > deadline:
                raise AssertionError(f"no {name} in {[span.name for span in self.spans]}")
            time.sleep(0.02)
        return found

    def tree(self, parent: str = "") -> dict[str, object]:
        """The names of the spans below a span, each with the names below it."""
        return {span.name: self.tree(span.id) for span in self.spans if span.parent == parent}


def _plain(attributes: Iterable[KeyValue]) -> dict[str, object]:
    return {
        each.key: getattr(each.value, each.value.WhichOneof("value") or "string_value")
        for each in attributes
    }


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector that is gone at the end."""
    collector = Collector()
    thread = threading.Thread(target=collector.server.serve_forever)
    thread.start()
    try:
        yield collector
    finally:
        collector.server.shutdown()
        thread.join()
        collector.server.server_close()

"""What the commands that stay have in common: signals, the HTTP thread, the end."""

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

import structlog

from tintype.bootstrap import Service
from tintype.errors import SettingsInvalidError

log = structlog.get_logger()

# Requests under way get this long to end; jobs get their own grace time after that.
_REQUEST_SECONDS = 5

# How often the main thread looks whether HTTP has started, and whether it still runs.
_STARTUP_LOOK_SECONDS = 0.01
_LOOK_SECONDS = 0.5


def heed_signals() -> threading.Event:
    """An event that the first SIGTERM or SIGINT sets; the second ends the process at once."""
    stopping = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        if stopping.is_set():
            os._exit(1)
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    return stopping


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; raises SettingsInvalidError where the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise SettingsInvalidError(
            f"TINTYPE_PORT: cannot listen on {host}:{port}: {error.strerror};"
            " choose another port, or 0 for a free one"
        ) from None
    return listener


def address(listener: socket.socket) -> str:
    """The HTTP address of a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class HttpThread:
    """An ASGI application served from a thread of its own.

    In the main thread, uvicorn would take over the signals and raise them once more at its end, and
    a clean shutdown would not exit with 0.
    """

    def __init__(self, app: Callable[..., Any], listener: socket.socket) -> None:
        # Loaded here so that the commands that serve nothing start at once.
        import uvicorn

        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                http="httptools",
                loop="uvloop",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=_REQUEST_SECONDS,
            )
        )
        self._thread = threading.Thread(
            target=self._server.run, args=([listener],), name="http", daemon=True
        )

    def start(self) -> None:
        """Serve; returns when requests are answered."""
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            time.sleep(_STARTUP_LOOK_SECONDS)

    def wait(self, stopping: threading.Event) -> None:
        """Wait until `stopping` is set, or the server has ended by itself."""
        while self._thread.is_alive() and not stopping.wait(_LOOK_SECONDS):
            pass

    def stop(self) -> None:
        """Take no more requests, and let those under way end."""
        self._server.should_exit = True
        self._thread.join()


def finish(service: Service, grace_seconds: float) -> None:
    """Stop a service; where jobs do not end in time, so does the process."""
    drained = service.stop(grace_seconds)
    log.info("service.stopped", drained=drained)
    if not drained:
        # Threads that still work cannot be ended; their runs are taken up at the next start.
        sys.stdout.flush()
        os._exit(0)

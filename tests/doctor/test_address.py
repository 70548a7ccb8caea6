"""Whether the address can be had."""

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.support.nobody import without_rights
from tintype.doctor import Verdict
from tintype.doctor.address import port


class Answering(BaseHTTPRequestHandler):
    """Answers everything with what the server holds ready."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.server.content)  # type: ignore[attr-defined]

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    with HTTPServer(("127.0.0.1", 0), Answering) as answering:
        thread = threading.Thread(target=answering.serve_forever)
        thread.start()
        yield answering
        answering.shutdown()
        thread.join()


def test_a_free_port_is_free_afterwards_too() -> None:
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        number = chosen.getsockname()[1]
    assert port("127.0.0.1", number).verdict is Verdict.OK
    assert port("127.0.0.1", number).verdict is Verdict.OK


def test_any_free_port_can_be_had() -> None:
    assert port("127.0.0.1", 0).verdict is Verdict.OK
    assert port("::1", 0).verdict is Verdict.OK


def test_a_port_that_a_tintype_answers_is_fine(server: HTTPServer) -> None:
    server.content = b'{"status": "ok", "service": "tintype"}'  # type: ignore[attr-defined]
    found = port("127.0.0.1", server.server_port)
    assert found.verdict is Verdict.OK
    assert "a Tintype answers" in found.detail


@pytest.mark.parametrize("content", [b'{"status": "ok"}', b"[]", b"<html>", b"\xff"])
def test_a_port_that_something_else_answers_is_bad(server: HTTPServer, content: bytes) -> None:
    server.content = content  # type: ignore[attr-defined]
    found = port("127.0.0.1", server.server_port)
    assert found.verdict is Verdict.BAD
    assert "Address already in use" in found.detail


def test_a_port_that_is_taken_and_silent_is_bad() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(1)
        assert port("127.0.0.1", silent.getsockname()[1]).verdict is Verdict.BAD


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host.invalid"])
def test_an_address_that_is_not_this_machines_is_bad(host: str) -> None:
    found = port(host, 8080)
    assert found.verdict is Verdict.BAD
    assert "TINTYPE_HOST" in found.remedy


def test_a_low_port_needs_root() -> None:
    with without_rights():
        found = port("127.0.0.1", 1)
    if found.verdict is Verdict.OK:
        pytest.skip("everybody may listen on every port here")
    assert "CAP_NET_BIND_SERVICE" in found.remedy

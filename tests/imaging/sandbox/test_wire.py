"""Messages between server and child arrive whole or not at all."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tintype.imaging.sandbox import wire


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    left, right = socket.socketpair()
    with left, right:
        yield left, right


@given(messages=st.lists(st.binary(max_size=300), max_size=10))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_messages_arrive_in_order_and_whole(messages: list[bytes]) -> None:
    left, right = socket.socketpair()
    with right:
        with left:
            for message in messages:
                wire.send(left, message)
        assert [wire.receive(right) for _ in messages] == messages
        assert wire.receive(right) is None


def test_a_large_message_passes(pair: tuple[socket.socket, socket.socket]) -> None:
    message = b"x" * wire.MAX_MESSAGE
    thread = threading.Thread(target=wire.send, args=(pair[0], message))
    thread.start()
    assert wire.receive(pair[1], time.monotonic() + 30) == message
    thread.join()


def test_a_message_that_is_too_long_is_neither_sent_nor_received(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    with pytest.raises(ValueError, match="too long"):
        wire.send(pair[0], b"x" * (wire.MAX_MESSAGE + 1))
    pair[0].sendall((wire.MAX_MESSAGE + 1).to_bytes(4, "big"))
    with pytest.raises(ValueError, match="too long"):
        wire.receive(pair[1])


@pytest.mark.parametrize("beginning", [b"\0\0", b"\0\0\0\5hel"])
def test_a_message_that_breaks_off_is_none(
    pair: tuple[socket.socket, socket.socket], beginning: bytes
) -> None:
    pair[0].sendall(beginning)
    pair[0].close()
    assert wire.receive(pair[1]) is None


def test_a_message_that_does_not_end_runs_into_the_deadline(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    pair[0].sendall(b"\0\0\0\5hel")
    with pytest.raises(TimeoutError):
        wire.receive(pair[1], time.monotonic() + 0.05)

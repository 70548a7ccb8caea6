"""What crosses between the server, the zygote and the children.

Server and child speak over a stream socket: each message is four bytes of length (big-endian) and
that many bytes of JSON. Server and zygote speak over sockets that keep records apart, with JSON in
each record; descriptors travel beside the bytes. Everything is checked against its schema by
whoever reads it, and nothing is ever unpickled.
"""

import socket
import time
from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge
from pydantic import TypeAdapter

from tintype.imaging.messages import Refused, Rendered, RenderTask
from tintype.imaging.sandbox.limits import Budget

MAX_MESSAGE = 1 << 22  # bytes between server and child; a recipe's images may take 2.7 MB
MAX_RECORD = 1 << 16  # bytes between server and zygote


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What a zygote is told first; its children inherit it."""

    decoder: str  # `module:function`
    scratch: str
    budget: Budget
    memory: int  # bytes for the tasks of all children together


@dataclass(frozen=True, slots=True, kw_only=True)
class Birth:
    """The server's wish for a child that may use so much memory (bytes)."""

    memory: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Born:
    """The zygote's answer; the child's pidfd comes beside it."""

    pid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """The zygote's last word on a child."""

    status: int  # as waitpid returns it
    peak: int  # bytes of resident memory at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Confinement:
    """What confines the children, as far as the kernel can; each child's first message."""

    files: bool
    """Landlock: no files but those of jobs whose names the child was told, and Python's code."""

    calls: bool
    """Seccomp: no sockets, no other programs or processes, no changes of rights and owners."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to tell the operator: one sentence for each confinement that is missing."""
        missing = (
            (self.files, "This kernel has no Landlock (Linux 5.13): decoders can read files."),
            (self.calls, "This kernel has no seccomp filters: decoders can use the network."),
        )
        return tuple(sentence for holds, sentence in missing if not holds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A task and the name of its folder below the scratch root."""

    folder: str
    task: RenderTask


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """So many bytes of memory the task will need.

    A child says so before it decodes, and once more when it drops the task for want of them.
    """

    memory: Annotated[int, Ge(0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """The server's answer: go on, or drop the task, which will come again when there is room."""

    granted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The decoder failed: for want of memory, for want of disk, or by an unforeseen exception."""

    cause: Literal["memory", "disk", "unforeseen"]
    detail: str
    trace: str


Reply = Rendered | Refused | Failed | Wanted

config = TypeAdapter(Config)
birth = TypeAdapter(Birth)
born = TypeAdapter(Born)
death = TypeAdapter(Death)
confinement = TypeAdapter(Confinement)
order = TypeAdapter(Order)
admission = TypeAdapter(Admission)
reply: TypeAdapter[Reply] = TypeAdapter(Reply)


def send(channel: socket.socket, message: bytes, deadline: float | None = None) -> None:
    """Send a message before the deadline (of the monotonic clock).

    Raises TimeoutError, another OSError where the peer is gone, ValueError for a message that is
    too long.
    """
    if len(message) > MAX_MESSAGE:
        raise ValueError(f"a message of {len(message)} bytes is too long")
    channel.settimeout(_remaining(deadline))
    channel.sendall(len(message).to_bytes(4, "big") + message)


def receive(channel: socket.socket, deadline: float | None = None) -> bytes | None:
    """The next message, or None where the peer is gone.

    Raises TimeoutError at the deadline (of the monotonic clock), ValueError for a message that is
    too long.
    """
    head = _exactly(channel, 4, deadline)
    if head is None:
        return None
    length = int.from_bytes(head, "big")
    if length > MAX_MESSAGE:
        raise ValueError(f"a message of {length} bytes is too long")
    return _exactly(channel, length, deadline)


def _exactly(channel: socket.socket, size: int, deadline: float | None) -> bytes | None:
    content = bytearray()
    while len(content) < size:
        channel.settimeout(_remaining(deadline))
        try:
            chunk = channel.recv(size - len(content))
        except ConnectionError:
            return None
        if not chunk:
            return None
        content += chunk
    return bytes(content)


def _remaining(deadline: float | None) -> float | None:
    return None if deadline is None else max(deadline - time.monotonic(), 0.001)

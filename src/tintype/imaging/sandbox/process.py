"""The server's side of the helper processes: the zygote, and the children that it forks."""

import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial

from tintype.errors import (
    REJECTIONS,
    DecoderDiedError,
    DecoderOutOfMemoryError,
    DecoderOutOfTimeError,
    DecoderStalledError,
    StoreFailedError,
    SystemFailure,
)
from tintype.imaging import fonts
from tintype.imaging.messages import Refused, Rendered
from tintype.imaging.sandbox import limits, wire

# Isolated from the user's environment and folders, but finding the modules that the server finds.
START = (
    "import sys; sys.path[:] = sys.argv[1:]; "
    "from tintype.imaging.sandbox.zygote import main; main()"
)
ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "TMPDIR": ".",
    "FONTCONFIG_FILE": str(fonts.CONFIGURATION),
    "VIPS_CONCURRENCY": "1",
    # One heap: more of them only reserve address space, which is what the memory limit counts.
    "MALLOC_ARENA_MAX": "1",
    # Fixed thresholds: what a large image needed goes back to the system when it is done. Left
    # alone, the C library raises them, and a child keeps some 30 MB more; the time is the same.
    "MALLOC_MMAP_THRESHOLD_": str(1 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(4 << 20),
}
START_SECONDS = 60.0  # for a zygote to load its libraries and a child to get ready
GRACE_SECONDS = 10.0  # for a process that was killed to be gone

VERDICTS = frozenset(rejection.code for rejection in REJECTIONS)
DETAIL_LENGTH = 500  # characters
MEMORY_SIGNALS = (signal.SIGABRT, signal.SIGTRAP, signal.SIGSEGV, signal.SIGBUS)


class Zygote:
    """The process that forks the children. Constructing it starts it and waits for nothing."""

    def __init__(self, config: wire.Config, environment: Mapping[str, str]) -> None:
        self._budget = config.budget
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen[bytes](
                [sys.executable, "-I", "-c", START, *filter(os.path.isabs, sys.path)],
                env=ENVIRONMENT | dict(environment),
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                cwd="/",
                start_new_session=True,  # Ctrl-C in a terminal is for the server alone
            )
        server = os.pidfd_open(os.getpid())
        try:
            socket.send_fds(self._control, [wire.config.dump_json(config)], [server])
        finally:
            os.close(server)

    @property
    def pid(self) -> int:
        """The zygote's process id."""
        return self._process.pid

    def alive(self) -> bool:
        """Whether it can still fork."""
        return self._process.poll() is None

    def fork(self, memory: int) -> "Child":
        """A new child that may use so much memory (bytes); it gets ready while others work."""
        channel, its_channel = socket.socketpair()
        report, its_report = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        wish = wire.birth.dump_json(wire.Birth(memory=memory))
        with its_channel, its_report, suppress(OSError):  # a dead zygote: the child is born dead
            descriptors = [its_channel.fileno(), its_report.fileno()]
            socket.send_fds(self._control, [wish], descriptors)
        return Child(channel, report, memory, self._budget)

    def close(self) -> None:
        """End it and its children; returns when they are gone."""
        self._control.close()
        try:
            self._process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Child:
    """A decoder child, used by one thread at a time."""

    def __init__(
        self, channel: socket.socket, report: socket.socket, memory: int, budget: limits.Budget
    ) -> None:
        self.memory = memory
        """Bytes that its tasks may use."""

        self.tasks = 0
        """How many tasks it was given."""

        self.confinement = wire.Confinement(files=False, calls=False)
        """What confines it, once it is ready."""

        self._channel = channel
        self._report = report
        self._budget = budget
        self._pid = 0
        self._pidfd = -1
        self._resident_at_first = 0

    def ready(self) -> bool:
        """Whether it can take a task; waits for a child that is still on its way."""
        return (self._pid != 0 or self._meet()) and self._lives()

    def _lives(self) -> bool:
        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)  # it has died, or
        poll.register(self._report, select.POLLIN)  # its zygote has, and it soon will
        return not poll.poll(0)

    def _meet(self) -> bool:
        """Wait for what a new child and its zygote say of it."""
        deadline = time.monotonic() + START_SECONDS
        try:
            self._report.settimeout(START_SECONDS)
            record, descriptors, _, _ = socket.recv_fds(self._report, wire.MAX_RECORD, 1)
            self._pidfd = descriptors[0] if descriptors else -1
            self._pid = wire.born.validate_json(record).pid
            message = wire.receive(self._channel, deadline)
            self.confinement = wire.confinement.validate_json(message or b"")
            self._resident_at_first = limits.resident(self._pid)
        except (OSError, ValueError):
            return False
        return True

    def growth(self) -> int:
        """Bytes of resident memory beyond those it had when it was ready."""
        try:
            return limits.resident(self._pid) - self._resident_at_first
        except OSError:  # it is gone
            return 0

    def run(self, order: bytes, admits: Callable[[int], bool]) -> Rendered | Refused | wire.Wanted:
        """Have it carry out an order (an encoded wire.Order).

        It is asked whether it `admits` so many bytes before any pixel is decoded; where it does
        not, they are the answer, and the child is free again.
        Raises DecoderDiedError and its subclasses, DecoderStalledError, and StoreFailedError where
        the disk did not take the files. After any of them the child must be closed.
        """
        self.tasks += 1
        exchange = partial(
            self._exchange,
            used=_cpu_time(self._pid),
            deadline=time.monotonic() + self._budget.wall_seconds,
        )
        reply = exchange(order)
        if isinstance(reply, wire.Wanted):
            granted = admits(reply.memory)
            reply = exchange(wire.admission.dump_json(wire.Admission(granted=granted)))
            if isinstance(reply, wire.Wanted) and not granted:
                return reply
        return _verdict(reply)

    def _exchange(self, message: bytes, *, used: float, deadline: float) -> wire.Reply:
        """What it answers to a message; `used` is its processor time before the task."""
        try:
            wire.send(self._channel, message, deadline)
            answer = wire.receive(self._channel, deadline)
        except TimeoutError:
            if _cpu_time(self._pid) - used >= self._budget.cpu_seconds:
                raise DecoderOutOfTimeError from None
            raise DecoderStalledError from None
        except ConnectionError:
            answer = None
        except ValueError as error:
            raise DecoderDiedError("A decoder child sent a message that is too long.") from error
        if answer is None:
            raise self._cause_of_death()
        try:
            return wire.reply.validate_json(answer)
        except ValueError as error:
            raise DecoderDiedError("A decoder child sent a message that makes no sense.") from error

    def close(self) -> None:
        """End it, whatever it is doing."""
        if self._pidfd >= 0:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
            os.close(self._pidfd)
            self._pidfd = -1
        self._channel.close()
        self._report.close()

    def _cause_of_death(self) -> DecoderDiedError:
        """The error for a child that hung up, from the zygote's report."""
        try:
            self._report.settimeout(GRACE_SECONDS)
            death = wire.death.validate_json(self._report.recv(wire.MAX_RECORD))
        except (OSError, ValueError):
            return DecoderDiedError("A decoder child was lost with its zygote.")
        if not os.WIFSIGNALED(death.status):
            return DecoderDiedError(
                f"A decoder child exited with status {os.waitstatus_to_exitcode(death.status)}."
            )
        number = os.WTERMSIG(death.status)
        if number == signal.SIGXCPU:
            return DecoderOutOfTimeError()
        if number in MEMORY_SIGNALS and death.peak * 2 > self.memory:
            return DecoderOutOfMemoryError()
        return DecoderDiedError(f"A decoder child died of {signal.Signals(number).name}.")


def _verdict(reply: wire.Reply) -> Rendered | Refused:
    if isinstance(reply, wire.Wanted):
        raise DecoderDiedError("A decoder child asked for memory twice.")
    if isinstance(reply, Rendered):
        return reply
    detail = "".join(letter if letter.isprintable() else " " for letter in reply.detail)
    detail = detail[:DETAIL_LENGTH]  # it may quote the image, and the child may be a puppet
    if isinstance(reply, Refused):
        if reply.code not in VERDICTS:
            raise DecoderDiedError("A decoder child sent a verdict that does not exist.")
        return replace(reply, detail=detail)
    failure: SystemFailure = DecoderDiedError(f"The decoder failed: {detail}.")
    if reply.cause == "memory":
        failure = DecoderOutOfMemoryError()
    elif reply.cause == "disk":
        failure = StoreFailedError("A decoder could not write to its scratch folder.")
    failure.add_note(reply.trace)
    raise failure


def _cpu_time(pid: int) -> float:
    try:
        return limits.cpu_time(pid)
    except OSError:  # it is gone
        return 0.0

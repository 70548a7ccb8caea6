"""The zygote: a process that has loaded what decoders need, and forks a child when asked.

It stays single-threaded, because a fork takes only the thread that calls it: libvips is loaded but
runs nothing here. Its control socket is its standard input. It ends with its server, whatever
happens to that, and its children end with it.
"""

import gc
import importlib
import os
import select
import signal
import socket
import sysconfig
import traceback
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import tintype
from tintype.imaging import fonts
from tintype.imaging.sandbox import kernel, wire
from tintype.imaging.sandbox.child import Decoder, Setting, live


def main() -> None:
    """Read the configuration, load the libraries, then serve until the server hangs up."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the server ends us when it has drained
    control = socket.socket(fileno=0)
    record, descriptors, _, _ = socket.recv_fds(control, wire.MAX_RECORD, 1)
    if not record:
        return
    config = wire.config.validate_json(record)
    setting = Setting(
        decoder=_load(config.decoder),
        scratch=Path(config.scratch),
        readable=_code_folders(),
        budget=config.budget,
        memory=config.memory,
        server=descriptors[0],
    )
    gc.freeze()  # a collection in a child would copy every page that it marks
    Nursery(control, setting).serve()


def _load(decoder: str) -> Decoder:
    """The decoder's function, with the libraries that it needs loaded but not started."""
    importlib.import_module("pyvips")
    with suppress(ImportError):  # an extra
        importlib.import_module("pi_heif")
    module, _, function = decoder.partition(":")
    found: Decoder = getattr(importlib.import_module(module), function)
    return found


def _code_folders() -> tuple[Path, ...]:
    """Where Python, its packages and ours are: all that a child may read besides its folder.

    What is loaded here needs no reading there; this is for what a decoder imports when it is first
    used, for fonts that come with a package, and for the lines in tracebacks.
    """
    packages = ("pyvips", "pydantic")
    found = [Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib")]
    found += [Path(tintype.__path__[0])]
    found += [Path(importlib.import_module(name).__path__[0]).parent for name in packages]
    found += fonts.folders()
    return tuple(folder for folder in dict.fromkeys(found) if folder.is_dir())


@dataclass(frozen=True, slots=True)
class Infant:
    """A child as its zygote knows it: the process, and the socket on which its end is told."""

    pid: int
    report: socket.socket


class Nursery:
    """The children of this process, by their pidfds."""

    def __init__(self, control: socket.socket, setting: Setting) -> None:
        self._control = control
        self._setting = setting
        self._infants: dict[int, Infant] = {}
        self._poll = select.poll()
        self._poll.register(control, select.POLLIN)
        self._poll.register(setting.server, select.POLLIN)

    def serve(self) -> None:
        """Fork and report until the server hangs up or dies; then end the children."""
        while True:
            for ready, _ in self._poll.poll():
                if ready in self._infants:
                    self._report(ready)
                elif ready == self._setting.server or not self._fork():
                    self._end_all()
                    return

    def _fork(self) -> bool:
        """Take a wish for a child; False where there will be no more."""
        record, descriptors, _, _ = socket.recv_fds(self._control, wire.MAX_RECORD, 2)
        if not record:
            return False
        wish = wire.birth.validate_json(record)
        channel, report = (socket.socket(fileno=number) for number in descriptors)
        with channel, suppress(OSError):  # no memory, no processes: the server sees a hang-up
            parent = os.getpid()
            pid = os.fork()
            if pid == 0:
                report.close()
                self._become_child(channel, wish.memory, parent)
            pidfd = os.pidfd_open(pid)
            self._infants[pidfd] = Infant(pid, report)
            self._poll.register(pidfd, select.POLLIN)
            socket.send_fds(report, [wire.born.dump_json(wire.Born(pid=pid))], [pidfd])
            return True
        report.close()
        return True

    def _become_child(self, channel: socket.socket, memory: int, parent: int) -> None:
        """Live as a child; never returns, whatever happens."""
        try:
            kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:  # it died before it was watched
                return
            self._control.detach()  # standard input, which the child makes point nowhere
            for pidfd, infant in self._infants.items():
                os.close(pidfd)
                infant.report.close()
            live(self._setting, channel, memory)
        except BaseException:  # noqa: BLE001 the border of the child; silent once it takes tasks
            traceback.print_exc()
            os._exit(1)
        finally:
            os._exit(0)

    def _report(self, pidfd: int) -> None:
        """Bury a child that has ended and tell the server how."""
        infant = self._infants.pop(pidfd)
        self._poll.unregister(pidfd)
        os.close(pidfd)
        _, status, usage = os.wait4(infant.pid, 0)
        last = wire.Death(status=status, peak=usage.ru_maxrss * 1024)
        with infant.report, suppress(OSError):  # the server may not want to know any more
            infant.report.send(wire.death.dump_json(last))

    def _end_all(self) -> None:
        for pidfd in self._infants:
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        for pidfd in tuple(self._infants):
            self._report(pidfd)

"""Decoders that misbehave: they run in the children of a sandbox, never in the tests' process."""

import ctypes
import errno
import os
import resource
import signal
import socket
import stat
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tintype.errors import CorruptError, TooMuchMemoryError
from tintype.imaging.messages import Admit, Refused, Rendered, RenderedFile, RenderTask
from tintype.model import Facts

FACTS = Facts(format="png", width=3, height=2, bytes=5, orientation=1, frames=1)
HOARD: list[bytes] = []


def obey(task: RenderTask, folder: Path, admit: Admit) -> Rendered | Refused:
    """Do what the input file says: a function of this module and its argument.

    After `want` and a number of bytes, when those were admitted.
    """
    verb, _, argument = (folder / task.input).read_text().partition(" ")
    while verb == "want":
        wanted, _, rest = argument.partition(" ")
        try:
            admit(int(wanted))
        except TooMuchMemoryError as error:
            return Refused(code=error.code, detail=error.detail)
        verb, _, argument = rest.partition(" ")
    function: Callable[[Path, str], Rendered | Refused] = globals()[verb]
    return function(folder, argument)


def rendered(name: str, size: int) -> Rendered:
    """The answer that names one file of this size."""
    file = RenderedFile(variant="v", file=name, format="png", width=3, height=2, bytes=size)
    return Rendered(facts=FACTS, files=(file,), validate_seconds=0.1, render_seconds=0.2)


def told(detail: str) -> Refused:
    """An answer that carries a text to the test."""
    return Refused(code="corrupt", detail=detail, facts=FACTS)


def copy(folder: Path, argument: str) -> Rendered:
    (folder / "copy").write_text(argument)
    return rendered("copy", len(argument))


def process(folder: Path, argument: str) -> Refused:
    return told(str(os.getpid()))


def reject(folder: Path, argument: str) -> Refused:
    return Refused(code="corrupt", detail=argument)


def fail(folder: Path, argument: str) -> Rendered:
    raise LookupError(argument)


def leave(folder: Path, argument: str) -> Rendered:
    os._exit(int(argument))


def crash(folder: Path, argument: str) -> Rendered:
    ctypes.string_at(0)
    raise AssertionError


def nap(folder: Path, argument: str) -> Refused:
    (folder / "begun").touch()
    time.sleep(float(argument))
    return told("rested")


def burn(folder: Path, argument: str) -> Rendered:
    (folder / "begun").touch()
    while True:
        pass


def burn_deaf(folder: Path, argument: str) -> Rendered:
    signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    return burn(folder, argument)


def eat(folder: Path, argument: str) -> Rendered:
    return copy(folder, f"ate {len(bytearray(int(argument)))}")


def eat_and_reject(folder: Path, argument: str) -> Refused:
    eaten = bytearray(int(argument))
    return Refused(code="corrupt", detail=f"after {len(eaten)}")


def lack_memory(folder: Path, argument: str) -> Rendered:
    raise CorruptError("cannot be read") from OSError("VipsJpeg: Insufficient memory (case 4)")


def name_file(folder: Path, argument: str) -> Rendered:
    """Claim to have made a file that is elsewhere, or is not there, or has another size."""
    return rendered(argument, 3)


def make_nothing(folder: Path, argument: str) -> Rendered:
    return replace(rendered("copy", 3), files=())


def make_twice(folder: Path, argument: str) -> Rendered:
    answer = copy(folder, "copy")
    return replace(answer, files=answer.files * 2)


def refuse(folder: Path, argument: str) -> Refused:
    return Refused(code=argument.split(maxsplit=1)[0], detail=argument)


def say(folder: Path, argument: str) -> Rendered:
    """Write raw bytes (in hexadecimal) to the server, as a taken-over decoder could."""
    for number in range(3, 64):
        try:
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                os.write(number, bytes.fromhex(argument))
        except OSError:
            continue
    time.sleep(60)
    raise AssertionError


def descriptors(folder: Path, argument: str) -> Refused:
    """What is open: `null`, a `socket`, a `pidfd` or other part of the kernel, or a file's path."""
    found = []
    for number in range(64):
        try:
            mode = os.fstat(number).st_mode
        except OSError:
            continue
        kinds = (stat.S_ISCHR(mode), stat.S_ISSOCK(mode), stat.S_ISREG(mode), True)
        found.append(("null", "socket", "file", "pidfd")[kinds.index(True)])
    return told(" ".join(sorted(found)))


def environment(folder: Path, argument: str) -> Refused:
    return told(" ".join(sorted(os.environ)))


def attempt(folder: Path, argument: str) -> Refused:
    """Try something forbidden; the answer is the name of the error."""
    attempts: dict[str, Callable[[], object]] = {
        "read a file": lambda: Path("/etc/passwd").read_text(),
        "read its own process": lambda: Path("/proc/self/environ").read_text(),
        "list the root": lambda: list(folder.parent.iterdir()),
        "list its folder": lambda: list(folder.iterdir()),
        "write outside": lambda: Path("/tmp/outside").write_text("x"),
        "write to the code": lambda: Path(__file__).write_text("x"),
        "make a folder": (folder / "sub").mkdir,
        "make a symbolic link": lambda: (folder / "link").symlink_to("/etc/passwd"),
        "make a hard link": lambda: (folder / "link").hardlink_to(folder / "in"),
        "change rights": lambda: (folder / "in").chmod(0o777),
        "open a socket": socket.socket,
        "open a local socket": lambda: socket.socket(socket.AF_UNIX),
        "open a pair of sockets": socket.socketpair,
        "run a program": lambda: subprocess.run(["true"]),
        "replace itself": lambda: os.execv("/bin/true", ["true"]),
        "fork": os.fork,
        "signal its parent": lambda: os.kill(os.getppid(), signal.SIGTERM),
        "open a process": lambda: os.pidfd_open(os.getppid()),
        "take another's limits": lambda: resource.prlimit(os.getppid(), resource.RLIMIT_CPU),
        "make a file of memory": lambda: os.memfd_create("x"),
        "become root": lambda: os.setuid(0) if os.getuid() else os.chroot("/"),
    }
    try:
        attempts[argument]()
    except OSError as error:
        return told(errno.errorcode[error.errno or 0])
    return told("it worked")


def write_much(folder: Path, argument: str) -> Refused:
    try:
        with (folder / "big").open("wb") as file:
            file.seek(int(argument))
            file.write(b"x")
    except OSError as error:
        return told(errno.errorcode[error.errno or 0])
    return told("it worked")


def use_threads(folder: Path, argument: str) -> Refused:
    heard: list[str] = []
    threads = [threading.Thread(target=heard.append, args=("ho",)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told(" ".join(heard))


def vips(folder: Path, argument: str) -> Rendered:
    """Write and read a real image of the format, whose name is the suffix."""
    import pyvips

    path = folder / f"made.{argument}"
    noise = pyvips.Image.gaussnoise(150, 100, mean=128, sigma=40).cast("uchar")
    noise.write_to_file(str(path))
    small = pyvips.Image.new_from_file(str(path)).thumbnail_image(50)
    small.write_to_file(str(folder / "small.png"))
    return rendered("small.png", (folder / "small.png").stat().st_size)


def work(folder: Path, argument: str) -> Refused:
    """Use so many seconds of processor time."""
    end = time.process_time() + float(argument)
    while time.process_time() < end:
        pass
    return told(str(os.getpid()))


def hoard(folder: Path, argument: str) -> Refused:
    """Keep memory beyond the task."""
    HOARD.append(b"x" * int(argument))
    return told("")

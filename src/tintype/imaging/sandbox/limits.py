"""What a task may use, and the process limits that hold a child to it."""

import math
import os
import re
import resource
import time
from dataclasses import dataclass

FILE_BYTES = 512 << 20  # of any one file that a child writes
OPEN_FILES = 64


@dataclass(frozen=True, slots=True)
class Budget:
    """What one task may use.

    Memory is held by a limit on the address space: what it was when the child was ready for its
    first task, plus the budget. It grows at least as fast as the resident memory, so that never
    grows by more than the budget; no watcher is needed.
    """

    memory: int = 512 << 20
    """Bytes of resident memory beyond those of an idle child."""

    cpu_seconds: int = 20
    """Seconds of processor time, over all threads."""

    wall_seconds: float = 60.0
    """Seconds from giving the task to a child to its answer."""


def settle() -> None:
    """The limits that are the same for every task: no core dumps, few and bounded files."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))


def allow_cpu(seconds: int) -> None:
    """Allow this process so much processor time from now on; then SIGXCPU ends it."""
    used = math.ceil(cpu_time(0))
    resource.setrlimit(resource.RLIMIT_CPU, (used + seconds, resource.RLIM_INFINITY))


def cpu_time(process: int) -> float:
    """Seconds of processor time that a living process (0: this one) has used; raises OSError.

    By the clock that RLIMIT_CPU goes by: it counts ticks, and under load runs ahead of or behind
    the exact one that time.process_time reads. Its number is the kernel's
    MAKE_PROCESS_CPUCLOCK(pid, CPUCLOCK_PROF), include/linux/posix-timers.h.
    """
    return time.clock_gettime(~process << 3)


def resident(process: int) -> int:
    """Bytes of memory that a living process has resident; raises OSError."""
    descriptor = os.open(f"/proc/{process}/statm", os.O_RDONLY | os.O_CLOEXEC)
    try:
        pages = os.read(descriptor, 256).split()[1]
    finally:
        os.close(descriptor)
    return int(pages) * resource.getpagesize()


class AddressSpace:
    """The address space of this process and the limit on it.

    Opens its source at once: later, Landlock would not let it.
    """

    def __init__(self) -> None:
        self._status = os.open("/proc/self/status", os.O_RDONLY | os.O_CLOEXEC)
        self._base = 0
        self._allowance = 0

    def allow(self, allowance: int) -> None:
        """Allow so many bytes beyond the present ones; then memory cannot be had."""
        self._base = self._bytes("VmSize")
        self._allowance = allowance
        limit = self._base + allowance
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

    def was_tight(self) -> bool:
        """Whether more than half of the allowance has ever been in use."""
        return (self._bytes("VmPeak") - self._base) * 2 > self._allowance

    def _bytes(self, field: str) -> int:
        status = os.pread(self._status, 8192, 0).decode()
        found = re.search(rf"^{field}:\s+(\d+) kB$", status, re.MULTILINE)
        return int(found[1]) * 1024 if found else 0

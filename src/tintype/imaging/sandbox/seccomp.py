"""Which system calls a child may make: a seccomp filter, which needs no privilege.

The filter denies what a decoder has no use for and what Landlock does not cover. It is a program of
the kernel's classic packet filter: see Documentation/userspace-api/seccomp_filter.rst and
include/uapi/linux/{seccomp,bpf_common,audit}.h.
"""

import errno
import os
import platform
import struct
from collections.abc import Iterator
from ctypes import addressof, create_string_buffer
from typing import NamedTuple

from tintype.imaging.sandbox.kernel import system_call


class Machine(NamedTuple):
    """What the filter must know of a kind of processor."""

    column: int  # of DENIED
    audit: int  # AUDIT_ARCH_*
    seccomp: int
    clone: int
    clone3: int
    prlimit64: int
    tgkill: int


MACHINES = {
    "x86_64": Machine(0, 0xC000003E, seccomp=317, clone=56, clone3=435, prlimit64=302, tgkill=234),
    "aarch64": Machine(
        1, 0xC00000B7, seccomp=277, clone=220, clone3=435, prlimit64=261, tgkill=131
    ),
}

# The numbers of x86_64 (arch/x86/entry/syscalls/syscall_64.tbl) and of aarch64
# (include/uapi/asm-generic/unistd.h); None where it has no such call.
DENIED: dict[str, tuple[int, int | None]] = {
    # the network; io_uring can open sockets without a system call of that name
    "socket": (41, 198),
    "socketpair": (53, 199),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    "accept": (43, 202),
    "accept4": (288, 242),
    "io_uring_setup": (425, 425),
    # other programs and processes
    "execve": (59, 221),
    "execveat": (322, 281),
    "fork": (57, None),
    "vfork": (58, None),
    "kill": (62, 129),
    "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424),
    "pidfd_getfd": (438, 438),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    # parts of the kernel that are no business of a decoder
    "unshare": (272, 97),
    "setns": (308, 268),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    # memory that the address space limit does not count
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
    # watching a folder tells the names in it
    "inotify_init": (253, None),
    "inotify_init1": (294, 26),
    "fanotify_init": (300, 262),
    # changes to files that Landlock lets pass
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "setxattrat": (463, 463),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "removexattrat": (466, 466),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
    # links that lead out of the folder
    "symlink": (88, None),
    "symlinkat": (266, 36),
    "link": (86, None),
    "linkat": (265, 37),
    "mknod": (133, None),
    "mknodat": (259, 33),
}

LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, KILL_PROCESS, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data
SET_MODE_FILTER = 1
X32_BIT = 0x40000000  # x86_64's other numbering of the same calls
CLONE_THREAD = 0x10000

Instruction = tuple[int, int, int, int]  # code, jump if true, jump if false, operand


def restrict() -> bool:
    """Filter the system calls of this thread and its future children, for good.

    False where the kernel has no seccomp filters or the processor is not one that we know. Needs
    PR_SET_NO_NEW_PRIVS to be set.
    """
    machine = MACHINES.get(platform.machine())
    if machine is None:
        return False
    filters = b"".join(struct.pack("=HBBI", *line) for line in program(machine, os.getpid()))
    code = create_string_buffer(filters, len(filters))
    description = struct.pack("@HP", len(filters) // 8, addressof(code))
    argument = create_string_buffer(description, len(description))
    try:
        system_call(machine.seccomp, SET_MODE_FILTER, 0, argument)
    except OSError:  # not built in
        return False
    return True


def program(machine: Machine, process: int) -> Iterator[Instruction]:
    """The filter for the process of this id, instruction by instruction."""
    deny = ERRNO | errno.EPERM
    yield LOAD, 0, 0, ARCHITECTURE
    yield EQUAL, 1, 0, machine.audit
    yield RETURN, 0, 0, KILL_PROCESS
    yield LOAD, 0, 0, NUMBER
    yield from _if(AT_LEAST, X32_BIT, deny)
    for numbers in DENIED.values():
        number = numbers[machine.column]
        if number is not None:
            yield from _if(EQUAL, number, deny)
    # The C library falls back from clone3, whose flags a filter cannot see, to clone.
    yield from _if(EQUAL, machine.clone3, ERRNO | errno.ENOSYS)
    yield from _unless_first_argument(machine.clone, ANY_BIT, CLONE_THREAD, deny)
    yield from _unless_first_argument(machine.prlimit64, EQUAL, 0, deny)
    yield from _unless_first_argument(machine.tgkill, EQUAL, process, deny)
    yield RETURN, 0, 0, ALLOW


def _if(test: int, operand: int, verdict: int) -> Iterator[Instruction]:
    yield test, 0, 1, operand
    yield RETURN, 0, 0, verdict


def _unless_first_argument(
    number: int, test: int, operand: int, verdict: int
) -> Iterator[Instruction]:
    """A rule for one call that ends the program: allowed if its first argument passes the test."""
    yield EQUAL, 0, 4, number
    yield LOAD, 0, 0, FIRST_ARGUMENT  # its lower half: both machines are little-endian
    yield test, 1, 0, operand
    yield RETURN, 0, 0, verdict
    yield RETURN, 0, 0, ALLOW

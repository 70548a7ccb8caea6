"""The system calls that Python does not offer, by number, through the C library."""

import ctypes
import os

PR_SET_PDEATHSIG = 1  # include/uapi/linux/prctl.h
PR_SET_NO_NEW_PRIVS = 38
CAPABILITY_VERSION_3 = 0x20080522  # include/uapi/linux/capability.h


def system_call(number: int, *arguments: int | ctypes.Array[ctypes.c_char] | None) -> int:
    """Call the kernel; raises OSError with the kernel's errno."""
    return _checked(_libc().syscall(ctypes.c_long(number), *map(_argument, arguments)))


def prctl(option: int, value: int) -> None:
    """Set an attribute of this process; raises OSError."""
    _checked(_libc().prctl(option, *map(_argument, (value, 0, 0, 0))))


def drop_capabilities() -> None:
    """Give up what only root may do; changes nothing for other users. Raises OSError."""
    header = CAPABILITY_VERSION_3.to_bytes(4, "little") + bytes(4)  # the version, and 0: ourselves
    nothing = bytes(24)  # two times effective, permitted and inheritable: 32 bits each
    _checked(_libc().capset(header, nothing))


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _argument(value: object) -> object:
    return ctypes.c_ulong(value) if isinstance(value, int) else value


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result

"""Which files a child may touch: Landlock, which needs Linux 5.13 and no privilege.

The interface is include/uapi/linux/landlock.h; a kernel that knows less than we ask for says so by
its version, and what it does not know is left out of the request.
"""

import os
import struct
from collections.abc import Iterable
from ctypes import create_string_buffer
from pathlib import Path

from tintype.imaging.sandbox.kernel import system_call

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # the same number on every machine
VERSION = 1  # LANDLOCK_CREATE_RULESET_VERSION
PATH_BENEATH = 1  # LANDLOCK_RULE_PATH_BENEATH

WRITE_FILE, READ_FILE, READ_DIR, REMOVE_FILE, MAKE_REG, TRUNCATE = (
    1 << bit for bit in (1, 2, 3, 5, 8, 14)
)
FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 5: 16}  # by version: how many of the bits it knows
TCP = (1 << 0) | (1 << 1)  # bind and connect
OTHER_PROCESSES = (1 << 0) | (1 << 1)  # abstract sockets and signals
TCP_SINCE, OTHER_PROCESSES_SINCE = 4, 6


def restrict(scratch: Path, readable: Iterable[Path]) -> bool:
    """Take away all files from this thread and its future children but these; for good.

    Below `scratch` files may be made, read, written and removed, but no directory can be listed
    and none made, and neither can a link: who does not know a folder's name cannot find it. What is
    below the `readable` folders may be read. False where the kernel has no Landlock.
    """
    try:
        version = system_call(CREATE_RULESET, None, 0, VERSION)
    except OSError:  # not built in, not switched on, or filtered away
        return False
    known = (1 << max(count for since, count in FILE_RIGHTS.items() if since <= version)) - 1
    attributes = struct.pack(
        "=QQQ",
        known,
        TCP if version >= TCP_SINCE else 0,
        OTHER_PROCESSES if version >= OTHER_PROCESSES_SINCE else 0,
    )
    ruleset = system_call(CREATE_RULESET, create_string_buffer(attributes, 24), 24, 0)
    try:
        make = READ_FILE | WRITE_FILE | TRUNCATE | MAKE_REG | REMOVE_FILE
        _allow(ruleset, scratch, make & known)
        for folder in readable:
            _allow(ruleset, folder, READ_FILE | READ_DIR)
        system_call(RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)
    return True


def _allow(ruleset: int, folder: Path, rights: int) -> None:
    beneath = os.open(folder, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = create_string_buffer(struct.pack("=Qi", rights, beneath), 12)
        system_call(ADD_RULE, ruleset, PATH_BENEATH, rule, 0)
    finally:
        os.close(beneath)

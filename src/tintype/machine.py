"""What the machine, or the container, has for this process."""

import re
from collections.abc import Iterator
from pathlib import Path

SERVER_BYTES = 300 * 10**6
"""What is resident besides the decoders: measured after some thousand images, 155 MB for the server
and 47 MB for the process that forks the decoders; some uploads at once are on top of that."""

LEAST_BYTES = 64 * 1024 * 1024
"""What decoders have together at the least: enough for small pictures."""


def memory_for_decoders(root: Path = Path("/")) -> int:
    """The bytes that are left for the work of the decoders, beside the server."""
    return max(memory_bytes(root) - SERVER_BYTES, LEAST_BYTES)


def memory_bytes(root: Path = Path("/")) -> int:
    """The memory that this process may use: the machine's, or less where a cgroup limits it."""
    told = (root / "proc/meminfo").read_text()
    found = re.search(r"^MemTotal:\s+(\d+) kB$", told, re.MULTILINE)
    known = [int(found[1]) * 1024] if found else []
    known += [int(limit) for limit in _limits(root) if limit.isdecimal()]  # and not `max`
    return min(known)


def _limits(root: Path) -> Iterator[str]:
    """What the process's cgroups and those above them allow, in both versions of cgroups."""
    groups = (root / "proc/self/cgroup").read_text()
    for line, folder, file in (
        (r"^0::/(.*)$", "sys/fs/cgroup", "memory.max"),
        (r"^\d+:memory:/(.*)$", "sys/fs/cgroup/memory", "memory.limit_in_bytes"),
    ):
        found = re.search(line, groups, re.MULTILINE)
        own = Path(found[1] if found else "")
        # In a container, what is its own may be shown as the root.
        for part in {own, *own.parents, Path()}:
            limit = root / folder / part / file
            if limit.is_file():
                yield limit.read_text().strip()

"""What a deployment finds on its machine: Python, memory, open files, the clock."""

import platform
import re
import resource
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tintype.doctor.findings import Finding, bad, ok, warn
from tintype.doctor.words import amount

_OLDEST_PYTHON = (3, 11)

# What is resident besides the decoders: measured after some thousand images, 155 MB for the server
# and 47 MB for the process that forks the decoders; some uploads at once are on top of that.
_SERVER_BYTES = 300 * 10**6

# A connection, an upload's file and an object's are three files; a hundred side by side, and what
# the process has open anyway, stay below this.
_FEWEST_FILES = 1024

# No clock that is right shows an earlier time than this program was written at.
_WRITTEN = datetime(2026, 1, 1, tzinfo=UTC)


def python(
    version: tuple[int, ...] = tuple(sys.version_info[:3]), system: str = platform.system()
) -> Finding:
    """Whether this Python, and the system below it, will do."""
    told = f"{'.'.join(map(str, version))} on {system} {platform.machine()}"
    if version[:2] < _OLDEST_PYTHON:
        return bad("python", told, "Install Python 3.11 or newer.")
    if system != "Linux":
        return bad("python", told, "Run it on Linux, in a container for example.")
    return ok("python", told)


def memory(decoders: int, decoder_memory: int, total: int | None = None) -> Finding:
    """Whether all decoders find their memory (bytes) at the same time, beside the server."""
    total = memory_bytes() if total is None else total
    needed = decoders * decoder_memory + _SERVER_BYTES
    told = f"{amount(total)} for {decoders} decoders of {amount(decoder_memory)} and the server"
    if needed <= total:
        return ok("memory", told)
    room = (total - _SERVER_BYTES) // decoder_memory
    fewer = f"Set TINTYPE_DECODERS to {room}" if room >= 1 else "Lower TINTYPE_DECODER_MEMORY"
    return warn(
        "memory",
        f"{told}: too little where all work on large images at once",
        f"{fewer}, or give it {amount(needed)}.",
    )


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


def open_files(limit: int | None = None) -> Finding:
    """Whether the process may have enough files open."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0] if limit is None else limit
    unlimited = limit == resource.RLIM_INFINITY
    told = "any number" if unlimited else f"at most {limit:,}"
    if unlimited or limit >= _FEWEST_FILES:
        return ok("open files", told)
    return warn(
        "open files",
        f"{told}: too few for a hundred uploads at once",
        "`ulimit -n 4096` before the start, or LimitNOFILE=4096 in its systemd unit.",
    )


def _now() -> datetime:
    return datetime.now(UTC)


def clock(environ: Mapping[str, str], now: Callable[[], datetime] = _now) -> Finding:
    """Whether this machine's clock and time zone make sense."""
    here = now()
    told = f"{here.astimezone():%Y-%m-%d %H:%M:%S %Z}"
    if here < _WRITTEN:
        return bad(
            "clock",
            f"{told} has long been over",
            "Set it, and let NTP keep it: `timedatectl set-ntp true`.",
        )
    zone = environ.get("TZ", "").removeprefix(":")
    if zone and not zone.startswith("/") and not _is_zone(zone):
        return warn(
            "clock",
            f"{told}; the time zone {zone} of TZ is not known here, so that UTC is shown",
            "Correct TZ, or install the system's tzdata.",
        )
    return ok("clock", told)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        # A rule, such as CET-1CEST, needs no data.
        return re.fullmatch(r"<?[A-Za-z0-9+-]{3,}>?[+-]?\d.*", name) is not None
    return True

"""What a deployment finds on its machine: Python, memory, open files, the clock."""

import platform
import re
import resource
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tintype.doctor.findings import Finding, bad, ok, warn
from tintype.doctor.words import amount
from tintype.machine import LEAST_BYTES, SERVER_BYTES, memory_bytes

_OLDEST_PYTHON = (3, 11)

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


def memory(limit: int, total: int | None = None) -> Finding:
    """Whether there is as much memory (bytes) as the images under way may need, and the server."""
    total = memory_bytes() if total is None else total
    needed = limit + SERVER_BYTES
    told = f"{amount(total)}, of which images under way may need {amount(limit)}"
    if needed <= total:
        return ok("memory", told)
    room = total - SERVER_BYTES
    lower = f"Lower TINTYPE_MEMORY to {room}, or give" if room >= LEAST_BYTES else "Give"
    return warn(
        "memory", f"{told}: too little for them and the server", f"{lower} it {amount(needed)}."
    )


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

"""Whether pictures can be read and written, in a process of its own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Collection, Iterator

from tintype.doctor.findings import Finding, bad, ok, warn
from tintype.text import printable

# Isolated from the user's environment and folder, but finding the modules that this process finds.
_START = "import sys; sys.path[:] = sys.argv[1:]; from tintype.imaging.trial import main; main()"
_SECONDS = 60.0

_REINSTALL = "Install it again: `pip install --force-reinstall pyvips pyvips-binary`."


def codecs(accepted: Collection[str], start: str = _START) -> Iterator[Finding]:
    """Whether libvips reads and writes every format; `accepted` are those that the recipe takes.

    `start` is the Python program that prints what tintype.imaging.trial finds.
    """
    command = [sys.executable, "-I", "-c", start, *filter(os.path.isabs, sys.path)]
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=_SECONDS, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        yield bad("libvips", f"it could not be tried: {error}", _REINSTALL)
        return
    try:
        found = json.loads(done.stdout)
    except ValueError:
        yield bad("libvips", _end(done.returncode, done.stderr), _REINSTALL)
        return
    broken = [f"{name}: {reason}" for name, reason in found["formats"].items() if reason]
    if broken:
        yield bad("libvips", f"{found['libvips']}; {'; '.join(broken)}", _REINSTALL)
    else:
        formats = ", ".join(found["formats"])
        yield ok("libvips", f"{found['libvips']} works with {formats}")
    yield _heic(found["heic"], found["libheif"], wanted="heic" in accepted)


def _heic(reason: str, version: str, *, wanted: bool) -> Finding:
    if not reason:
        return ok("heic", f"libheif {version} reads it")
    if not wanted:
        return ok("heic", f"{reason}; the recipe does not accept it")
    return warn(
        "heic",
        f"{reason}, so that HEIC photographs are refused",
        "`pip install 'tintype[heic]'`, or take heic out of originals.accept.",
    )


def _end(status: int, errors: bytes) -> str:
    if status < 0:
        return f"it died of {signal.Signals(-status).name}"
    last = (errors.decode(errors="replace").strip().splitlines() or [f"exit status {status}"])[-1]
    return printable(last)

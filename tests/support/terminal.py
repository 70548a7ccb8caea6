"""The command line at a terminal of 80 columns, with somebody who types."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
from pathlib import Path

_STYLES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_PATIENCE = 60  # seconds; a ceiling against hangs


def at_terminal(
    *arguments: str | Path,
    typed: str = "",
    environ: dict[str, str] | None = None,
    output: Path | None = None,
) -> tuple[int, str]:
    """Run a command to its end; returns its exit status and what was shown, without colors.

    `typed` is typed as soon as there is a question. Standard output goes to the file `output`, if
    one is given.
    """
    command = [sys.executable, "-m", "tintype.entrypoints.cli", *map(str, arguments)]
    terminal, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    with output.open("wb") if output else os.fdopen(theirs, "wb", closefd=False) as target:
        process = subprocess.Popen(
            command,
            stdin=theirs,
            stdout=target,
            stderr=theirs,
            env=os.environ | {"TERM": "xterm"} | (environ or {}),
            start_new_session=True,
        )
    os.close(theirs)
    shown = b""
    try:
        while select.select([terminal], [], [], _PATIENCE)[0]:
            try:
                piece = os.read(terminal, 65536)
            except OSError:  # the other side is closed
                break
            shown += piece
            if typed and b"[y/N]" in shown:
                os.write(terminal, typed.encode())
                typed = ""
    finally:
        os.close(terminal)
    status = process.wait(_PATIENCE)
    return status, _STYLES.sub("", shown.decode()).replace("\r\n", "\n")

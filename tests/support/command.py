"""The command line, run as a user runs it."""

import os
import subprocess
import sys
from pathlib import Path


def tintype(
    *arguments: str | Path, cwd: Path | None = None, environ: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, in a pipe."""
    return subprocess.run(
        [sys.executable, "-m", "tintype.entrypoints.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=os.environ | (environ or {}),
        timeout=100,
        check=False,
    )

"""Files of figures: what was measured, of what, and on what machine."""

import json
import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
KEPT = ROOT / "docs" / "figures"

# What figures depend on; others than these may change while they are measured.
_MEASURED = ("src", "bench", "tests/support", "recipes", "requirements", "pyproject.toml")
_LIBRARIES = ("tintype", "dbos", "sqlalchemy", "psycopg", "pyvips-binary")


def begin(*, keep: bool, database: str = "", **options: object) -> dict[str, object]:
    """Figures that hold nothing yet but their conditions.

    What is to be kept can be repeated: where the tree is not what its commit says, this ends the
    program.
    """
    commit = _git("rev-parse", "HEAD").strip()
    changed = changes(commit)
    if keep and (changed or not commit):
        what = ", ".join(changed) or "this is no git repository"
        raise SystemExit(f"Figures are kept of a commit only. Not committed: {what}")
    processor = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    measured: dict[str, object] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit or None,
        "changed": changed,
        "processor": processor[0] if processor else platform.machine(),
        "processors": len(os.sched_getaffinity(0)),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in _LIBRARIES},
        "load_before": round(os.getloadavg()[0], 2),
    }
    if database:
        measured["database"] = database
    return {"measured": measured | {"options": options}}


def changes(commit: str, root: Path = ROOT) -> list[str]:
    """The files that figures depend on and that are not as this commit has them."""
    if not commit:
        return []
    told = _git("diff", "--name-only", commit, "--", *_MEASURED, root=root)
    told += _git("ls-files", "--others", "--exclude-standard", "--", *_MEASURED, root=root)
    return sorted(set(told.splitlines()))


def write(figures: dict[str, object], *, keep: bool, name: str = "") -> str:
    """Write figures to a file of today; returns its path from here.

    It is among the kept ones where that is wished, unless the tree was changed meanwhile.
    """
    measured = figures["measured"]
    assert isinstance(measured, dict)
    measured["changed"] = sorted({*measured["changed"], *changes(measured["commit"] or "")})
    kept = keep and not measured["changed"]
    target = _write(figures, KEPT if kept else HERE / "results", name)
    if keep and not kept:
        return f"{target}, as the tree was changed meanwhile: {', '.join(measured['changed'])}"
    return target


def _write(figures: Mapping[str, object], folder: Path, name: str) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{datetime.now(UTC):%Y-%m-%d}{name and '-'}{name}.json"
    target.write_text(json.dumps(figures, indent=1) + "\n")
    return str(target.relative_to(ROOT))


def _git(*arguments: str, root: Path = ROOT) -> str:
    """What git says; nothing where it is missing, or this is no repository."""
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout

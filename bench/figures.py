"""Files of figures: what was measured, on what machine."""

import json
import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).parent
KEPT = HERE.parent / "docs" / "figures"


def conditions() -> dict[str, object]:
    """The machine, and how busy it is."""
    processor = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "processor": processor[0] if processor else platform.machine(),
        "processors": len(os.sched_getaffinity(0)),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 2),
    }


def write(figures: Mapping[str, object], *, keep: bool, name: str = "") -> str:
    """Write figures to a file of today, among the kept ones or not; returns its path from here."""
    results = KEPT if keep else HERE / "results"
    results.mkdir(parents=True, exist_ok=True)
    target = results / f"{datetime.now(UTC):%Y-%m-%d}{name and '-'}{name}.json"
    target.write_text(json.dumps(figures, indent=1) + "\n")
    return str(target.relative_to(HERE.parent))

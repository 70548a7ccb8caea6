"""How the queue stands, for people."""

from collections.abc import Mapping
from typing import Any

from tintype.entrypoints.cli import times
from tintype.entrypoints.cli.listing import counted


def told(queue: Mapping[str, Any]) -> str:
    """The queue in one line: `queue: 3 waiting (the oldest for 2 min), 1 running ...`."""
    oldest = queue["oldest_seconds"]
    waiting = f"{queue['queued']:,} waiting"
    if oldest is not None:
        waiting += f" (the oldest for {times.duration(oldest)})"
    parts = [waiting, f"{queue['running']:,} running", counted(queue["dead"], "dead letter")]
    state = "queue, paused" if queue["paused"] else "queue"
    return f"{state}: {', '.join(parts)}"

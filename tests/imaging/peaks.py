"""Tells what tasks take and were thought to take: each runs in a fork of this process.

Usage: python -m tests.imaging.peaks FOLDER TASK.json ... with the tasks' inputs in the folder. For
each task there is a line of JSON: the bytes of memory that it took, and its estimate.
"""

import json
import os
import re
import sys
from pathlib import Path

from pydantic import TypeAdapter

from tintype.imaging.messages import Rendered, RenderTask
from tintype.imaging.render import render
from tintype.imaging.sandbox.child import warm_up


def main(folder: Path, tasks: list[str]) -> None:
    """Run one task after the other, and tell of each."""
    for task in tasks:
        child = os.fork()
        if not child:
            _tell(folder, task)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status:
            raise SystemExit(f"{task} ended with {status}")


def _tell(folder: Path, text: str) -> None:
    warm_up()
    task = TypeAdapter(RenderTask).validate_json(text)
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = _status("VmRSS")
    reply = render(task, folder)
    assert isinstance(reply, Rendered), reply
    assert reply.estimate
    print(json.dumps([_status("VmHWM") - before, reply.estimate.peak]), flush=True)


def _status(field: str) -> int:
    found = re.search(
        rf"^{field}:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE
    )
    assert found
    return int(found[1]) * 1024


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])

"""How tests have a sandbox run one of the decoders of decoders.py."""

import time
from collections.abc import Callable
from pathlib import Path

import psutil

from tintype.imaging.messages import Limits, Output, Refused, Rendered, RenderTask, VariantTask
from tintype.imaging.sandbox import Budget, Sandbox

OBEY = "tests.imaging.sandbox.decoders:obey"
PATIENCE = 30.0  # seconds: against hangs only

TASK = RenderTask(
    input="in",
    limits=Limits(accept=("png",), max_bytes=1, max_pixels=1, max_frames=1),
    variants=(VariantTask(name="v", operations=(), output=Output()),),
)


def open_sandbox(scratch: Path, size: int = 1, budget: Budget | None = None) -> Sandbox:
    """A sandbox whose decoder does what its input file says."""
    return Sandbox(size, scratch, decoder=OBEY, budget=budget or Budget())


def play(sandbox: Sandbox, command: str) -> Rendered | Refused:
    """Have a child run a function of decoders.py: its name and its argument."""
    with sandbox.folder() as folder:
        (folder / "in").write_text(command)
        return sandbox.render(TASK, folder)


def told(sandbox: Sandbox, command: str) -> str:
    """The text that a decoder sends to the test."""
    reply = play(sandbox, command)
    assert isinstance(reply, Refused)
    return reply.detail


def eventually(condition: Callable[[], object]) -> bool:
    """Whether the condition comes true."""
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def family(sandbox: Sandbox) -> list[psutil.Process]:
    """The zygote of a sandbox, then the children."""
    zygote = psutil.Process(sandbox._zygote.pid)
    return [zygote, *zygote.children()]


def gone(processes: list[psutil.Process]) -> bool:
    """Whether none of them runs any more; one that only waits to be buried does not."""
    return not any(_runs(process) for process in processes)


def _runs(process: psutil.Process) -> bool:
    try:
        if not process.is_running():
            return False
        # A first thread that has ended reads as a zombie while others of its process still run.
        return process.status() != psutil.STATUS_ZOMBIE or process.num_threads() > 1
    except psutil.NoSuchProcess:
        return False

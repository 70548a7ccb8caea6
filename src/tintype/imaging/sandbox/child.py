"""What a child does: confine itself, then render one task at a time until the server hangs up.

Why the scratch root and not the job's folder is what Landlock leaves a child: a restriction can
only be tightened, and a child serves many jobs. A folder's name is 128 random bits, the child may
not list or watch the root, and it learns the names of its own jobs only; so it cannot find the
folder of another.
"""

import errno
import os
import select
import socket
import threading
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from tintype.errors import TooMuchMemoryError
from tintype.imaging.messages import Admit, Refused, Rendered, RenderTask
from tintype.imaging.sandbox import kernel, landlock, limits, seccomp, wire
from tintype.imaging.shortage import wanted_memory

Decoder = Callable[[RenderTask, Path, Admit], Rendered | Refused]

# The disk's fault and not the decoder's: full, over quota, broken, read-only.
DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS)
TRACE_LENGTH = 4000  # characters of a traceback, from its end


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a child has from its zygote."""

    decoder: Decoder
    scratch: Path
    readable: tuple[Path, ...]
    budget: limits.Budget
    memory: int  # bytes for the tasks of all children together
    server: int  # pidfd


def live(setting: Setting, channel: socket.socket, memory: int) -> None:
    """Serve the channel until the server hangs up.

    `memory` is this child's budget in bytes. Must be called in a process that has a single thread,
    because what confines a thread does not confine its elders.
    """
    space = limits.AddressSpace()
    nowhere = os.open(os.devnull, os.O_RDWR)
    confinement = _confine(setting.scratch, setting.readable)
    threading.Thread(target=_end_with, args=(setting.server,), daemon=True).start()
    warm_up()
    for standard in (0, 1, 2):  # what libraries print may quote the image, and is not for the log
        os.dup2(nowhere, standard)
    os.close(nowhere)
    space.allow(memory)
    wire.send(channel, wire.confinement.dump_json(confinement))
    while (message := wire.receive(channel)) is not None:
        order = wire.order.validate_json(message)
        admit = partial(_admit, channel, setting.memory)
        wire.send(channel, wire.reply.dump_json(_answer(setting, space, order, admit)))


class _Postponed(Exception):  # noqa: N818 - nothing went wrong
    """There is no room for the task yet."""

    def __init__(self, wanted: wire.Wanted) -> None:
        self.wanted = wanted


def _admit(channel: socket.socket, total: int, wanted: int) -> None:
    """Ask the server for memory, before any is used.

    Raises TooMuchMemoryError where there is never so much, and _Postponed.
    """
    if wanted > total:
        raise TooMuchMemoryError(
            f"The image needs up to {wanted / 1e6:,.0f} MB of memory, more than the"
            f" {total / 1e6:,.0f} MB of all decoders."
        )
    wish = wire.Wanted(memory=wanted)
    wire.send(channel, wire.reply.dump_json(wish))
    message = wire.receive(channel)
    if message is None:  # the server has gone
        os._exit(0)
    if not wire.admission.validate_json(message).granted:
        raise _Postponed(wish)


def warm_up() -> None:
    """Do a little of everything once, so that libvips has its threads and tables."""
    import pyvips

    gray = pyvips.Image.black(64, 64, bands=3).copy(interpretation="srgb")
    jpeg = gray.jpegsave_buffer()
    pyvips.Image.jpegload_buffer(jpeg).thumbnail_image(16).jpegsave_buffer()


def _confine(scratch: Path, readable: Iterable[Path]) -> wire.Confinement:
    with suppress(OSError):  # if memory runs out, the kernel takes a decoder and not the server
        Path("/proc/self/oom_score_adj").write_text("500")
    limits.settle()
    kernel.drop_capabilities()
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    return wire.Confinement(files=landlock.restrict(scratch, readable), calls=seccomp.restrict())


def _end_with(server: int) -> None:
    """End this process with the server's, even while a decoder keeps the main thread busy."""
    poll = select.poll()
    poll.register(server, select.POLLIN)
    poll.poll()
    os._exit(0)


def _answer(
    setting: Setting, space: limits.AddressSpace, order: wire.Order, admit: Admit
) -> wire.Reply:
    folder = setting.scratch / order.folder
    try:
        os.chdir(folder)  # TMPDIR is `.`: what libvips spills to disk goes where it is cleaned up
        limits.allow_cpu(setting.budget.cpu_seconds)
        reply = setting.decoder(order.task, folder, admit)
    except _Postponed as postponed:
        return postponed.wanted
    except Exception as error:  # noqa: BLE001 the border of the child: the server learns of it
        return _failed(error, tight=space.was_tight())
    if isinstance(reply, Refused) and space.was_tight():
        # A verdict that was reached near the memory limit may be the limit's and not the image's.
        return wire.Failed(cause="memory", detail=f"{reply.code} near the memory limit", trace="")
    return reply


def _failed(error: Exception, *, tight: bool) -> wire.Failed:
    trace = "".join(traceback.format_exception(error))
    cause: Literal["memory", "disk", "unforeseen"] = "unforeseen"
    if isinstance(error, OSError) and error.errno in DISK_ERRORS:
        cause = "disk"
    elif tight or wanted_memory(error):
        cause = "memory"
    return wire.Failed(cause=cause, detail=_line(error), trace=trace[-TRACE_LENGTH:])


def _line(error: Exception) -> str:
    """The error's kind and place. Its text may quote the image, so it stays in the trace."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(where.filename).name}, line {where.lineno}"

"""(b) The whole service on all processors: photographs per second, and what one costs.

A photograph counts when its three variants are made. `develop` runs the recipe over the same files
without a server; ipx and thumbor answer one request per variant.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import httpx
import psutil

from bench.peers.install import THUMBOR, Peers
from bench.processes import ENVIRONMENT, Server, cpu_seconds
from bench.variants import QUALITY, VARIANTS

RECIPE = Path(__file__).parents[1] / "recipes" / "marketplace.yaml"
TINTYPE = str(Path(sys.executable).with_name("tintype"))
SENDERS = 4
PEER_SHARE = 6  # peers get this fraction of the photographs: they are slower

THUMBOR_SETTINGS = """
LOADER = "thumbor.loaders.file_loader"
STORAGE = "thumbor.storages.no_storage"
ALLOW_UNSAFE_URL = True
PROGRESSIVE_JPEG = True
"""


@dataclass
class Throughput:
    """What was measured of one way; one figure per round."""

    way: str
    per_second: list[float] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)  # of processor time per photograph

    def add(self, count: int, seconds: float, cpu: float) -> None:
        """Note one round."""
        self.per_second.append(count / seconds)
        self.milliseconds.append(cpu * 1000 / count)

    @property
    def rate(self) -> float:
        """The median round's photographs per second."""
        return median(self.per_second)

    @property
    def cost(self) -> float:
        """The median round's milliseconds of processor time per photograph."""
        return median(self.milliseconds)


def measure(
    sources: list[Path], count: int, rounds: int, folder: Path, peers: Peers
) -> list[Throughput]:
    """Measure all ways in turn, round by round."""
    originals = copies(sources, count, folder / "originals")
    few = originals[: max(1, count // PEER_SHARE)]
    runs: dict[str, Callable[[Throughput, Path], None]] = {
        "tintype develop": lambda found, scratch: develop(originals, found, scratch),
        "tintype up": lambda found, scratch: up(originals, found, scratch),
    }
    if peers.node:
        runs[f"ipx {peers.version('ipx')}"] = lambda found, scratch: ipx(peers, few, found, scratch)
    if peers.thumbor:
        runs[f"thumbor {THUMBOR}"] = lambda found, scratch: thumbor(peers, few, found, scratch)
    measured = {name: Throughput(name) for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            scratch = folder / "scratch"
            scratch.mkdir()
            run(measured[name], scratch)
            shutil.rmtree(scratch)
    return list(measured.values())


def copies(sources: list[Path], count: int, folder: Path) -> list[Path]:
    """So many files with names of their own; those of the same photograph share their bytes."""
    folder.mkdir(parents=True)
    made: list[Path] = []
    for number in range(count):
        target = folder / f"{number:04}.jpg"
        if number < len(sources):
            shutil.copyfile(sources[number], target)
        else:
            os.link(made[number % len(sources)], target)
        made.append(target)
    return made


def develop(originals: list[Path], found: Throughput, scratch: Path) -> None:
    """Run `tintype develop`; the clock runs from the first answer, so without the start."""
    command = [TINTYPE, "develop", str(originals[0].parent), "-r", str(RECIPE), "--json"]
    marks = []  # time and processor time at each answer
    with subprocess.Popen(
        [*command, "-o", str(scratch / "out")], stdout=subprocess.PIPE, env=ENVIRONMENT, text=True
    ) as process:
        watched = psutil.Process(process.pid)
        assert process.stdout
        for line in process.stdout:
            if json.loads(line)["status"] != "done":
                raise RuntimeError(f"not developed: {line}")
            marks.append((time.perf_counter(), cpu_seconds(watched)))
    if len(marks) != len(originals):
        raise RuntimeError(f"{len(marks)} of {len(originals)} photographs were developed")
    # At the last answers the children may have ended already, and their time with them.
    seconds, cpu = marks[-1][0] - marks[0][0], max(cpu for _, cpu in marks) - marks[0][1]
    found.add(len(marks) - 1, seconds, cpu)


def up(originals: list[Path], found: Throughput, scratch: Path) -> None:
    """Run `tintype up`, upload everything at once, and wait until all of it is done."""
    port = free_port()
    command = [TINTYPE, "up", "--recipe", str(RECIPE), "--data", str(scratch / "data")]
    command += ["--host", "127.0.0.1", "--port", str(port), "--no-auth"]
    with (
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client,
        Server(command, lambda: answers(client, "/readyz"), scratch / "log") as server,
        ThreadPoolExecutor(SENDERS) as senders,
    ):
        before, began = server.cpu_seconds(), time.perf_counter()
        for sent in senders.map(lambda path: upload(client, path), originals):
            sent.raise_for_status()
        while listed(client, "queued", 1) or listed(client, "running", 1):
            time.sleep(0.1)
        seconds, cpu = time.perf_counter() - began, server.cpu_seconds() - before
        done = len(listed(client, "done", 200))
        if done != min(200, len(originals)):
            raise RuntimeError(f"{done} photographs are done: {server.log.read_text()[-2000:]}")
    found.add(len(originals), seconds, cpu)


def upload(client: httpx.Client, path: Path) -> httpx.Response:
    """Send one photograph."""
    return client.post("/v1/images", params={"name": path.name}, content=path.read_bytes())


def listed(client: httpx.Client, state: str, limit: int) -> list[object]:
    """Images of a state."""
    answer = client.get("/v1/images", params={"state": state, "limit": limit})
    items: list[object] = answer.raise_for_status().json()["items"]
    return items


def ipx(peers: Peers, originals: list[Path], found: Throughput, scratch: Path) -> None:
    """Ask ipx for each variant."""
    port = free_port()
    command = ipx_command(peers, originals[0].parent, port)
    paths = [ipx_path(path, name, "jpeg") for path in originals for name in VARIANTS]
    _ask(port, command, paths, found, scratch)


def ipx_command(peers: Peers, root: Path, port: int) -> list[str]:
    """What starts ipx on a folder."""
    assert peers.node
    return ["node", str(peers.node / "ipx.mjs"), str(root), str(port)]


def ipx_path(source: Path, variant: str, form: str) -> str:
    """Where ipx has a variant of a file of its folder."""
    return f"/f_{form},q_{QUALITY},s_{variant}/{source.name}"


def thumbor(peers: Peers, originals: list[Path], found: Throughput, scratch: Path) -> None:
    """Ask thumbor, in one process per processor, for each variant."""
    port = free_port()
    processes = len(os.sched_getaffinity(0))
    command = thumbor_command(peers, originals[0].parent, port, scratch, processes)
    paths = [thumbor_path(path, name, "jpeg") for path in originals for name in VARIANTS]
    _ask(port, command, paths, found, scratch)


def thumbor_command(
    peers: Peers, root: Path, port: int, scratch: Path, processes: int
) -> list[str]:
    """What starts thumbor on a folder, in so many processes."""
    settings = scratch / "thumbor.conf"
    settings.write_text(
        THUMBOR_SETTINGS + f"FILE_LOADER_ROOT_PATH = {str(root)!r}\nQUALITY = {QUALITY}\n"
    )
    command = [str(peers.thumbor), "--ip", "127.0.0.1", "--port", str(port)]
    return [*command, "--conf", str(settings), "--processes", str(processes)]


def thumbor_path(source: Path, variant: str, form: str) -> str:
    """Where thumbor has a variant of a file of its folder."""
    return f"/unsafe/{variant}/filters:format({form})/{source.name}"


def _ask(
    port: int, command: list[str], paths: Iterable[str], found: Throughput, scratch: Path
) -> None:
    with (
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client,
        Server(command, lambda: answers(client, "/"), scratch / "log") as server,
        ThreadPoolExecutor(SENDERS) as senders,
    ):
        before, began = server.cpu_seconds(), time.perf_counter()
        answered = list(senders.map(client.get, paths))
        seconds, cpu = time.perf_counter() - began, server.cpu_seconds() - before
        for answer in answered:
            answer.raise_for_status()
            if answer.headers["content-type"] != "image/jpeg":
                raise RuntimeError(f"{answer.url} is {answer.headers['content-type']}")
    found.add(len(answered) // len(VARIANTS), seconds, cpu)


def answers(client: httpx.Client, path: str) -> bool:
    """Whether a server answers anything but that it is not ready."""
    try:
        return client.get(path).status_code != httpx.codes.SERVICE_UNAVAILABLE
    except httpx.TransportError:
        return False


def free_port() -> int:
    """A port of the loopback interface that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port

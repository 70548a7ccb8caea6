"""(f) Latency: what a photograph waits on an idle machine beside the work on its pixels.

See METHOD for what is taken.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, quantiles

import httpx

from bench.photographs import write_photograph
from bench.processes import Server, Way, Worker
from bench.service import RECIPE, answers, free_port

_SIZES = {"small": (640, 480), "large": (6000, 4000)}
_WAYS = {"started at once": "tintype.entrypoints.cli", "through the queue": "bench.queued"}
_WARM = 3
METHOD = (
    "One photograph at a time, from the upload's first byte to the answer that it is done (with"
    " `wait`). The image's own CPU time is that of a sandbox which renders the same photograph"
    " between the uploads, without a service: a mean, as the kernel counts it in steps of 10 ms."
    " What is beside it is the median, or the 95th percentile, less that mean."
)


@dataclass
class Latency:
    """What was measured of one size on one way; milliseconds, one figure per photograph."""

    way: str
    size: str
    upload_to_done: list[float] = field(default_factory=list)
    image: list[float] = field(default_factory=list)  # processor time of decoder and encoders

    @property
    def own(self) -> float:
        """The mean processor time of the image itself."""
        return mean(self.image)

    @property
    def p50(self) -> float:
        """The median time from upload to done."""
        return self._percentile(50)

    @property
    def p95(self) -> float:
        """The time from upload to done that 95 of 100 kept."""
        return self._percentile(95)

    def told(self) -> dict[str, object]:
        """What is written down."""
        return {
            "way": self.way,
            "size": self.size,
            "p50": self.p50,
            "p95": self.p95,
            "own": self.own,
            "p50_beside": self.p50 - self.own,
            "p95_beside": self.p95 - self.own,
            "upload_to_done": self.upload_to_done,
            "image": self.image,
        }

    def _percentile(self, number: int) -> float:
        return quantiles(self.upload_to_done, n=100, method="inclusive")[number - 1]


def measure(count: int, folder: Path) -> list[Latency]:
    """Measure both sizes on both ways, in turn."""
    measured = [Latency(way, size) for way in _WAYS for size in _SIZES]
    sources = {size: folder / f"{size}.jpg" for size in _SIZES}
    folder.mkdir(parents=True, exist_ok=True)
    for size, (width, height) in _SIZES.items():
        write_photograph(sources[size], width, height, progressive=False)
    render = Way("render", [sys.executable, "-m", "bench.ways.tintype_sandbox"])
    for way, program in _WAYS.items():
        data = folder / program
        with Worker(render) as worker, _service(program, data) as client:
            for number in range(count + _WARM):
                for each in measured:
                    if each.way != way:
                        continue
                    source = sources[each.size]
                    image = worker.make(source, folder / "made")
                    waited = _upload(client, source, f"{each.size}-{number}.jpg")
                    if number >= _WARM:
                        each.upload_to_done.append(waited * 1000)
                        each.image.append(image * 1000)
    return measured


@contextmanager
def _service(program: str, data: Path) -> Iterator[httpx.Client]:
    port = free_port()
    command = [sys.executable, "-m", program, "up", "--recipe", str(RECIPE), "--data", str(data)]
    command += ["--port", str(port), "--no-auth"]
    with (
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client,
        Server(command, lambda: answers(client, "/readyz"), data.with_suffix(".log")),
    ):
        yield client


def _upload(client: httpx.Client, source: Path, name: str) -> float:
    """Upload a photograph and wait for its end; returns the seconds."""
    content = source.read_bytes()
    began = time.perf_counter()
    answer = client.post("/v1/images", params={"name": name, "wait": 30}, content=content)
    waited = time.perf_counter() - began
    if answer.raise_for_status().json()["status"] != "done":
        raise RuntimeError(f"{name} is not done: {answer.text}")
    return waited

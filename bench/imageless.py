"""The service with all of its real parts but those for images: they do nothing, at once.

Usage: imageless.py DATABASE DATA JOURNAL DECODERS. Each line on standard input is an order, and is
answered with a line of JSON when it is done; at the end of the input the service stops.
With a JOURNAL (else `-`), the runs that are claimed are its lines.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import tintype.bootstrap
from bench.filling import fill
from tintype.adapters.sql import SqlCatalog
from tintype.entrypoints.logs import configure_logs
from tintype.imaging.messages import Rendered, RenderedFile, RenderTask
from tintype.model import Facts, Run
from tintype.pipeline.app import App
from tintype.pipeline.intake import Upload
from tintype.ports.catalog import Lease
from tintype.ports.store import StoredObject
from tintype.recipe.loader import load
from tintype.settings import Settings

RECIPE = Path(__file__).parents[1] / "recipes" / "marketplace.yaml"
_NOTHING = Path("/dev/null")
_FACTS = Facts(format="jpeg", width=4000, height=3000, bytes=4_000_000, orientation=1, frames=1)
_LOOK_SECONDS = 0.002
_WARM = 10  # jobs before the clock runs


class NoStore:
    """Says that every object is there, in its only version."""

    def put(self, key: str, _: Path, **_options: object) -> StoredObject:
        return StoredObject(key, _FACTS.bytes, "v1", datetime.now(UTC))

    def fetch(self, key: str, target: Path) -> StoredObject:
        return self.put(key, target)

    def check(self) -> None:
        pass

    def mark(self, _: str) -> None:
        pass

    def unmark(self, _: str) -> None:
        pass

    def bears(self, _: str) -> bool:
        return True


class NoSandbox:
    """Says that everything is rendered."""

    def __init__(self, size: int) -> None:
        self.crowded = False  # as if no child were ever free
        self._free = size
        self._lock = threading.Lock()

    @property
    def idle(self) -> int:
        return 0 if self.crowded else self._free

    @contextmanager
    def folder(self) -> Iterator[Path]:
        with self._lock:
            self._free -= 1
        yield _NOTHING
        with self._lock:
            self._free += 1

    def render(self, task: RenderTask, _: Path) -> Rendered:
        files = tuple(
            RenderedFile(
                variant=each.name, file="file", format="jpeg", width=8, height=6, bytes=1000
            )
            for each in task.variants
        )
        return Rendered(facts=_FACTS, files=files, validate_seconds=0.001, render_seconds=0.1)

    admitted = waiting = 0  # nothing is thought to need memory

    def close(self) -> None:
        pass


class Imageless:
    """The service, and the orders that it obeys."""

    def __init__(self, settings: Settings) -> None:
        self._sandbox = NoSandbox(settings.decoders)
        setattr(tintype.bootstrap, "open_store", lambda *_, **__: NoStore())  # noqa: B010
        setattr(tintype.bootstrap, "open_sandbox", lambda *_: self._sandbox)  # noqa: B010
        self._settings = settings
        self._ended = _count_ends()
        self.service = tintype.bootstrap.open_service(settings, load(RECIPE, {}))
        self.service.start()

    @property
    def _app(self) -> App:
        return self.service.app

    def accept(self, count: int, *, crowded: bool) -> Mapping[str, float]:
        """Take so many uploads until they are done; what one has cost.

        Where it is `crowded`, none is started at once; else each finds an idle service.
        """
        self._sandbox.crowded = crowded
        self._accept(_WARM)
        cpu, wall = time.process_time(), time.perf_counter()
        if crowded:
            self._accept(count)
        else:
            for _ in range(count):
                self._accept(1)
        return _cost(count, cpu, wall)

    def work_off(self, count: int) -> Mapping[str, float]:
        """Work off so many of those that wait, or a few more; what one has cost.

        The clock runs from the first ones on: before that, nobody had looked at the queue.
        """
        before = len(self._ended)
        self._app.jobs.resume()
        self._wait(before + _WARM)
        warm, cpu, wall = len(self._ended), time.process_time(), time.perf_counter()
        self._wait(before + count)
        cost = _cost(len(self._ended) - warm, cpu, wall)
        self._app.jobs.pause()
        while self._app.jobs.queue().backlog.running:
            time.sleep(_LOOK_SECONDS)
        return cost

    def fill(self, count: int) -> Mapping[str, float]:
        """Have so many jobs wait, and begin none."""
        self._app.jobs.pause()
        began = time.perf_counter()
        model = self._app.intake.accept(Upload(_NOTHING, f"model-{len(self._ended)}.jpg")).job
        fill(self._settings.database_url, model, count - 1)
        return {"seconds": time.perf_counter() - began}

    def resume(self) -> Mapping[str, float]:
        """Have all processes begin jobs."""
        self._app.jobs.resume()
        return {}

    def _accept(self, count: int) -> None:
        before = len(self._ended)
        for number in range(before, before + count):
            self._app.intake.accept(Upload(_NOTHING, f"{os.getpid()}-{number}.jpg"))
        self._wait(before + count)

    def _wait(self, ended: int) -> None:
        while len(self._ended) < ended:
            time.sleep(_LOOK_SECONDS)


def _cost(count: int, cpu: float, wall: float) -> Mapping[str, float]:
    spent, seconds = time.process_time() - cpu, time.perf_counter() - wall
    return {"cpu_ms": spent * 1000 / count, "wall_ms": seconds * 1000 / count}


def _count_ends() -> list[str]:
    """A list that grows by the id of each job that ends."""
    ended: list[str] = []
    finish = SqlCatalog.finish

    def counted(self: SqlCatalog, lease: Lease, *arguments: Any, **options: Any) -> Run | None:
        following = finish(self, lease, *arguments, **options)
        ended.append(lease.run.job_id)
        return following

    setattr(SqlCatalog, "finish", counted)  # noqa: B010 - a method is no variable to mypy
    return ended


def _keep_journal(path: str) -> None:
    """Write down every run that is claimed, in one write each."""
    journal = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    claim = SqlCatalog.claim

    def journaled(self: SqlCatalog, run: Run) -> Lease | None:
        lease = claim(self, run)
        if lease:
            os.write(journal, f"{run.id} {lease.token}\n".encode())
        return lease

    setattr(SqlCatalog, "claim", journaled)  # noqa: B010 - a method is no variable to mypy


def main(database: str, data: str, journal: str, decoders: str) -> None:
    """Obey."""
    if journal != "-":
        _keep_journal(journal)
    configure_logs()
    settings = Settings(database=database, data=Path(data), decoders=int(decoders))
    imageless = Imageless(settings)
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        order: dict[str, Any] = json.loads(line)
        answer = getattr(imageless, order.pop("do"))(**order)
        print(json.dumps(answer), flush=True)
    if not imageless.service.stop(settings.grace_seconds):
        raise SystemExit("It did not stop.")


if __name__ == "__main__":
    main(*sys.argv[1:])

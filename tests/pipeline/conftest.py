"""A pipeline on real parts, driven by hand."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sqlalchemy

from tintype.adapters.folder import FolderStore
from tintype.adapters.sql import SqlCatalog
from tintype.adapters.sql.engines import open_engine
from tintype.adapters.sql.migrating import migrate
from tintype.imaging.sandbox import Budget, Sandbox
from tintype.model import Image, Priority, Run
from tintype.pipeline.app import App
from tintype.pipeline.bulletin import Bulletin
from tintype.pipeline.intake import Upload
from tintype.pipeline.known_store import ORIGINALS, KnownStore, recognize
from tintype.pipeline.monitors import Monitors
from tintype.pipeline.noticing import Place
from tintype.pipeline.worker import Worker
from tintype.recipe.loader import loads
from tintype.recipe.schema import Recipe

RECIPE = """
version: 1
name: small
originals: {prefix: originals/, max_bytes: 1MB}
variants:
  - name: thumb
    operations: [{resize: {width: 40, height: 30, fit: cover}}]
    output: {format: png}
retry: {max_attempts: 3, interval: 2s, backoff_rate: 2}
"""


@dataclass
class HandEngine:
    """An engine whose runs wait until the test takes them."""

    waiting: deque[tuple[Run, float]] = field(default_factory=deque)
    started: dict[Run, Priority] = field(default_factory=dict)
    paused: bool = False

    def launch(self, handler: Callable[[Run], None]) -> None:
        """Nothing runs by itself."""

    def start(self, run: Run, *, priority: Priority = Priority.NORMAL) -> None:
        self.waiting.append((run, 0.0))
        self.started[run] = priority

    def enqueue(
        self, run: Run, *, delay: float = 0.0, priority: Priority = Priority.NORMAL
    ) -> None:
        self.waiting.append((run, delay))

    def enqueue_within(
        self, _: sqlalchemy.Connection, run: Run, delay: float, priority: Priority
    ) -> None:
        self.waiting.append((run, delay))

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False

    def sweep(self, older_than_seconds: float) -> int:
        return 0

    def retire(self) -> None:
        """Nothing runs by itself."""

    def drain(self, timeout: float) -> bool:
        return True


@dataclass(frozen=True)
class Pipeline:
    """Everything from an upload to its record, one run at a time."""

    app: App
    worker: Worker
    engine: HandEngine
    catalog: SqlCatalog
    store: FolderStore
    folder: Path

    def upload(self, name: str, content: bytes, key: str | None = None) -> Image:
        """Accept an upload; nothing works on it yet."""
        file = self.folder / "upload"
        file.write_bytes(content)
        return self.app.intake.accept(Upload(file, name, key)).image

    def step(self) -> float:
        """Run what waits longest; returns the delay it was to wait for."""
        run, delay = self.engine.waiting.popleft()
        if following := self.worker.work(run):
            self.engine.start(following)
        return delay

    def finish(self) -> list[float]:
        """Run everything that waits, and what that brings; returns the delays."""
        delays = []
        while self.engine.waiting:
            delays.append(self.step())
        return delays


@pytest.fixture
def recipe() -> Recipe:
    return loads(RECIPE, {})


@pytest.fixture
def pipeline(tmp_path: Path, recipe: Recipe) -> Iterator[Pipeline]:
    engine = HandEngine()
    database = open_engine(f"sqlite:///{tmp_path / 'test.db'}")
    migrate(database)
    catalog = SqlCatalog(database, enqueue=engine.enqueue_within)
    address = f"file://{tmp_path / 'objects'}"
    mark = recognize(catalog, ORIGINALS, FolderStore.open(address))
    store = FolderStore.open(address, mark=mark)
    known = KnownStore(store, mark)
    bulletin = Bulletin()
    budget = Budget(cpu_seconds=1, wall_seconds=5)
    with Sandbox(
        1, tmp_path / "scratch", budget=budget, decoder="tests.support.moody:render"
    ) as sandbox:
        worker = Worker(
            catalog=catalog,
            originals=known,
            variants=known,
            sandbox=sandbox,
            bulletin=bulletin,
            monitor=Monitors(),
            retry=recipe.retry,
            cache_control="no-cache",
            jitter=lambda: 0.0,
        )
        app = App(
            recipe=recipe,
            catalog=catalog,
            originals=known,
            variants=known,
            engine=engine,
            sandbox=sandbox,
            worker=worker,
            bulletin=bulletin,
            monitor=Monitors(),
            place=Place(),
            queue_limit=100,
            history_seconds=3600,
        )
        catalog.keep_recipe(recipe.digest, recipe.to_json())
        yield Pipeline(app, worker, engine, catalog, store, tmp_path)
    database.dispose()

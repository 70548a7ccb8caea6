"""What the parts of the catalog's contract share: a clock, examples and the fixtures."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest

from tintype.model import (
    Event,
    Facts,
    Failure,
    ImageState,
    Job,
    Original,
    Priority,
    Run,
    Variant,
    new_image_id,
)
from tintype.ports.catalog import Acceptance, Catalog, Lease

RECIPE = "digest-1"
FACTS = Facts("jpeg", 4000, 3000, 5_000_000, 6, 1)
DIED = Failure("decoder_died", "A decoder child died.")
STALLED = Failure("decoder_stalled", "A decoder child stalled.")


@dataclass
class Clock:
    """A clock that goes only when it is told to, a microsecond with each look."""

    now: datetime = field(default=datetime(2026, 2, 28, 23, 59, 59, 999_990, tzinfo=UTC))

    def __call__(self) -> datetime:
        """The time."""
        self.now += timedelta(microseconds=1)
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


class Enqueued(NamedTuple):
    """A run that was put into the engine's queue."""

    run: Run
    delay: float = 0.0
    priority: Priority = Priority.NORMAL


def original(key: str = "originals/a.jpg", version: str = "v1") -> Original:
    """An original of 10 bytes."""
    return Original(key, "a.jpg", version, 10)


def accept(
    catalog: Catalog,
    key: str = "originals/a.jpg",
    version: str = "v1",
    *,
    recipe: str = RECIPE,
    enqueue: bool = False,
    idempotency: tuple[str, str] | None = None,
    priority: Priority = Priority.NORMAL,
    event: Event | None = None,
    trace: str | None = None,
) -> Acceptance:
    """Accept an original under a new id."""
    return catalog.accept(
        new_image_id(),
        original(key, version),
        recipe,
        enqueue=enqueue,
        idempotency=idempotency,
        priority=priority,
        event=event,
        trace=trace,
    )


def begin(catalog: Catalog, run: Run | None) -> Lease:
    """Claim a run that must be there to claim."""
    assert run
    lease = catalog.claim(run)
    assert lease
    return lease


def variant(name: str = "small", key: str = "small/a.jpg", version: str = "v1") -> Variant:
    """A variant of 3 bytes."""
    return Variant(name, key, "jpeg", 4, 3, 3, "etag", version)


def done(catalog: Catalog, key: str = "originals/a.jpg", version: str = "v1") -> Acceptance:
    """Accept an original and finish its job with a variant of the same name."""
    accepted = accept(catalog, key, version)
    made = variant(key=f"small/{key}", version=version)
    catalog.finish(begin(catalog, accepted.run), ImageState.DONE, facts=FACTS, variants=[made])
    return accepted


def dead(
    catalog: Catalog,
    key: str = "originals/a.jpg",
    version: str = "v1",
    *,
    error: Failure = DIED,
    priority: Priority = Priority.NORMAL,
) -> Job:
    """Accept an original and let its job die in its first attempt."""
    accepted = accept(catalog, key, version, priority=priority)
    catalog.finish(begin(catalog, accepted.run), ImageState.DEAD, error=error)
    return catalog.job(accepted.job.id)


class CatalogSetting:
    """What a subclass must provide."""

    @pytest.fixture
    def clock(self) -> Clock:
        """The clock that the catalogs under test must read."""
        return Clock()

    @pytest.fixture
    def reopen(self) -> Callable[[], Catalog]:
        """Opens the catalog under test, empty at first; each call as a new process would."""
        raise NotImplementedError

    @pytest.fixture
    def enqueued(self) -> Callable[[], Sequence[Enqueued]]:
        """Tells what was enqueued, first to last, as far as committed."""
        raise NotImplementedError

    @pytest.fixture
    def catalog(self, reopen: Callable[[], Catalog]) -> Catalog:
        """The catalog under test."""
        return reopen()

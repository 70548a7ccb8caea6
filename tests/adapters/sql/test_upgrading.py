"""Upgrading: what release 0001 accepted and began is finished by this one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.adapters.sql.conftest import DATABASES
from tests.adapters.sql.first_release import NOON, FirstRelease, migrate_to_first
from tintype.adapters.sql import SqlCatalog, migrate, open_engine
from tintype.model import ImageState, Priority, Run
from tintype.ports.catalog import Which
from tintype.testing.catalog_setting import Clock, begin

QUEUED = 1000


@pytest.fixture(params=DATABASES)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    """A database of revision 0001, in each kind of database."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/old.db"
    else:
        url = request.getfixturevalue("postgres").database()
    engine = open_engine(url)
    migrate_to_first(engine)
    yield engine
    engine.dispose()


def upgraded(old: sa.Engine, wrote: FirstRelease, enqueued: list[Run]) -> SqlCatalog:
    with old.begin() as connection:
        wrote.write(connection)
    migrate(old)

    def enqueue(_: sa.Connection, run: Run, delay: float, priority: Priority) -> None:
        enqueued.append(run)

    return SqlCatalog(old, enqueue, clock=Clock(NOON.replace(hour=14)))


def finish(catalog: SqlCatalog, run: Run) -> Run | None:
    return catalog.finish(begin(catalog, run), ImageState.DONE)


def test_every_job_that_was_queued_or_running_is_finished(old: sa.Engine) -> None:
    wrote = FirstRelease()
    queued: list[Run] = []
    for number in range(QUEUED):
        key = wrote.image()
        tried = number % 5 == 0
        error = "decoder_died" if tried else None
        job = wrote.job(
            key, "queued", attempts=int(tried), startable=number % 2 == 0 and not tried, error=error
        )
        if tried:
            wrote.lease(key, None, token=1)
            wrote.attempt(job, 1, error)
        queued.append(Run(job, 2 if tried else 1))
    running = []
    for _ in range(20):
        key = wrote.image()
        job = wrote.job(key, "running", attempts=1)
        wrote.lease(key, job, token=3)
        running.append(Run(job, 1))
    waiting = []
    for _ in range(10):
        key = wrote.image()
        job = wrote.job(key, "running", attempts=1)
        wrote.lease(key, job, token=1)
        waiting.append((Run(job, 1), Run(wrote.job(key, "queued", version="v2"), 1)))
    catalog = upgraded(old, wrote, [])
    lost = {queued[number] for number in range(QUEUED) if number % 2 == 0 and number % 5}
    assert set(catalog.overdue(5, limit=QUEUED)) == lost
    backlog = catalog.backlog()
    assert (backlog.queued, backlog.running, backlog.dead) == (QUEUED + 10, 30, 0)
    told = catalog.job(queued[0].job_id)
    assert (told.priority, told.forgiven) == (Priority.NORMAL, 0)
    assert (told.event, told.trace) == (None, None)
    assert len(catalog.failures(told.id)) == 1
    for run in queued:
        assert finish(catalog, run) is None
    for run in running:
        lease = begin(catalog, run)
        assert (lease.token, lease.deaths) == (4, 1)
        assert catalog.finish(lease, ImageState.DONE) is None
    for older, newer in waiting:
        assert finish(catalog, older) == newer
        assert finish(catalog, newer) is None
    counts = catalog.counts()
    assert counts[ImageState.DONE] == QUEUED + 20 + 10
    assert counts[ImageState.SUPERSEDED] == 10
    assert sum(counts.values()) == QUEUED + 20 + 20


def test_dead_jobs_become_dead_letters_where_their_version_is_the_newest(old: sa.Engine) -> None:
    wrote = FirstRelease()
    dead = []
    for _ in range(5):
        key = wrote.image()
        dead.append(wrote.job(key, "dead", attempts=5, error="store_failed"))
        wrote.lease(key, None, token=5)
        wrote.attempt(dead[-1], 5, "store_failed")
    key = wrote.image()
    outdated = wrote.job(key, "dead", attempts=5, error="store_failed")
    present = wrote.job(key, "done", version="v2", attempts=1)
    wrote.lease(key, None, token=6)
    enqueued: list[Run] = []
    catalog = upgraded(old, wrote, enqueued)
    assert [job.id for job in catalog.dead_letters().items] == dead[::-1]
    assert catalog.job(outdated).state is ImageState.SUPERSEDED
    assert catalog.job(present).state is ImageState.DONE
    assert catalog.redrive(Which()) == 5
    assert enqueued == [Run(job, 6) for job in dead]
    for run in enqueued:
        assert catalog.failures(run.job_id) == ()
        finish(catalog, run)
        assert catalog.job(run.job_id).state is ImageState.DONE


def test_what_the_former_release_still_writes_is_understood(old: sa.Engine) -> None:
    """While the processes of a cluster are replaced one after the other."""
    migrate(old)
    wrote = FirstRelease()
    late = Run(wrote.job(wrote.image(), "queued", startable=True), 1)
    catalog = upgraded(old, wrote, [])
    assert catalog.overdue(5) == (late,)
    assert catalog.job(late.job_id).priority is Priority.NORMAL
    finish(catalog, late)
    assert catalog.job(late.job_id).state is ImageState.DONE

"""What the catalog tells of keys and tries, in whatever state their jobs are."""

from collections.abc import Callable

import pytest

from tintype.adapters.sql import SqlCatalog
from tintype.model import ImageState, Run
from tintype.testing.catalog_setting import DIED, accept, begin

KEY = "originals/a.jpg"


@pytest.fixture
def catalog(reopen: Callable[[], SqlCatalog]) -> SqlCatalog:
    return reopen()


def tries(catalog: SqlCatalog, job_id: str) -> set[int]:
    """How many tries each way of reading tells."""
    (listed,) = (job for job in catalog.jobs().items if job.id == job_id)
    letters = [job for job in catalog.dead_letters().items if job.id == job_id]
    return {job.tries for job in (catalog.job(job_id), listed, *letters)}


def test_a_key_waits_from_its_acceptance_to_its_claim(catalog: SqlCatalog) -> None:
    assert not catalog.waits(KEY)
    accepted = accept(catalog, KEY)
    assert catalog.waits(KEY)
    assert not catalog.waits(f"{KEY}.jpg")
    begin(catalog, accepted.run)
    assert not catalog.waits(KEY)


def test_a_newer_version_waits_while_the_older_one_runs(catalog: SqlCatalog) -> None:
    lease = begin(catalog, accept(catalog, KEY).run)
    accept(catalog, KEY, "v2")
    assert catalog.waits(KEY)
    run = catalog.finish(lease, ImageState.DONE)
    assert catalog.waits(KEY)
    catalog.finish(begin(catalog, run), ImageState.DONE)
    assert not catalog.waits(KEY)


def test_a_key_waits_between_two_tries_and_not_when_called_off(catalog: SqlCatalog) -> None:
    accepted = accept(catalog, KEY)
    catalog.retry(begin(catalog, accepted.run), DIED, delay=60)
    assert catalog.waits(KEY)
    catalog.cancel(accepted.job.id)
    assert not catalog.waits(KEY)


@pytest.mark.parametrize("state", [ImageState.DEAD, ImageState.REJECTED, ImageState.GONE])
def test_a_key_whose_job_has_ended_does_not_wait(catalog: SqlCatalog, state: ImageState) -> None:
    catalog.finish(begin(catalog, accept(catalog, KEY).run), state, error=DIED)
    assert not catalog.waits(KEY)


def test_tries_are_those_that_have_ended_whatever_their_numbers(catalog: SqlCatalog) -> None:
    accepted = accept(catalog, KEY)
    job_id = accepted.job.id
    catalog.cancel(job_id)
    catalog.revive(job_id)
    assert tries(catalog, job_id) == {0}
    lease = begin(catalog, Run(job_id, 2))
    assert tries(catalog, job_id) == {0}
    catalog.finish(lease, ImageState.DEAD, error=DIED)
    assert tries(catalog, job_id) == {1}
    catalog.revive(job_id)
    catalog.finish(begin(catalog, Run(job_id, 3)), ImageState.DONE)
    assert tries(catalog, job_id) == {2}
    assert catalog.job(job_id).attempts == 3

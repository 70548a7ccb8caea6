"""The catalog's contract: dead letters, and what waits."""

# ruff: noqa: D102 - the name of a test is its sentence

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from tintype.errors import JobActiveError
from tintype.model import ImageState, Job, Priority, Run
from tintype.ports.catalog import Backlog, Catalog, Which
from tintype.testing.catalog_setting import (
    DIED,
    STALLED,
    CatalogSetting,
    Clock,
    Enqueued,
    accept,
    begin,
    dead,
    done,
)

ALL = Which()


class DeadLetterContract(CatalogSetting):
    """What `dead_letters`, `redrive`, `drop` and `backlog` must do."""

    def test_a_dead_letter_is_a_job_that_failed_its_last_attempt(
        self, catalog: Catalog, clock: Clock
    ) -> None:
        accepted = accept(catalog)
        catalog.retry(begin(catalog, accepted.run), DIED, delay=0)
        assert catalog.dead_letters().items == ()
        clock.advance(60)
        before = clock.now
        lease = begin(catalog, Run(accepted.job.id, 2))
        catalog.finish(lease, ImageState.DEAD, error=STALLED)
        (letter,) = catalog.dead_letters().items
        assert letter == catalog.job(accepted.job.id)
        assert (letter.attempts, letter.error) == (2, STALLED)
        assert letter.updated_at > before

    def test_no_other_end_is_a_dead_letter(self, catalog: Catalog) -> None:
        ends = [state for state in ImageState if state.final and state is not ImageState.DEAD]
        for state in ends:
            accepted = accept(catalog, f"originals/{state}")
            catalog.finish(begin(catalog, accepted.run), state, error=DIED)
        assert catalog.dead_letters().items == ()
        assert catalog.redrive(ALL) == catalog.drop(ALL) == 0

    @pytest.mark.parametrize("limit", [1, 3, 4, 7, 50])
    def test_pages_of_dead_letters_hold_all_of_them_the_last_to_fail_first(
        self, catalog: Catalog, limit: int
    ) -> None:
        runs = [accept(catalog, f"originals/{number}").run for number in range(7)]
        order = [3, 0, 6, 2, 5, 1, 4]
        for number in order:
            catalog.finish(begin(catalog, runs[number]), ImageState.DEAD, error=DIED)
        found: list[Job] = []
        page = catalog.dead_letters(limit=limit)
        found += page.items
        while page.next:
            dead(catalog, f"originals/new-{len(found)}")
            page = catalog.dead_letters(cursor=page.next, limit=limit)
            found += page.items
        expected = [f"originals/{number}" for number in reversed(order)]
        assert [job.original.key for job in found] == expected

    def test_dead_letters_may_be_chosen(self, catalog: Catalog) -> None:
        """By all that is given."""
        first = dead(catalog, "a/1")
        second = dead(catalog, "a_%/2", error=STALLED)
        third = dead(catalog, "b/3", error=STALLED)
        for which, expected in (
            (ALL, [third, second, first]),
            (Which(job_id=second.id), [second]),
            (Which(code="decoder_stalled"), [third, second]),
            (Which(code="unknown"), []),
            (Which(prefix="a"), [second, first]),
            (Which(prefix="a/"), [first]),
            (Which(prefix="a_"), [second]),
            (Which(prefix="a_%"), [second]),
            (Which(prefix="%"), []),
            (Which(prefix="A"), []),
            (Which(since=second.updated_at), [third, second]),
            (Which(until=second.updated_at), [first]),
            (Which(since=second.updated_at, until=third.updated_at), [second]),
            (Which(code="decoder_stalled", prefix="b"), [third]),
            (Which(job_id=first.id, code="decoder_stalled"), []),
        ):
            assert list(catalog.dead_letters(which).items) == expected, which
        page = catalog.dead_letters(Which(code="decoder_stalled"), limit=1)
        assert page.items == (third,)
        following = catalog.dead_letters(Which(code="decoder_stalled"), cursor=page.next)
        assert following.items == (second,)

    def test_a_redrive_revives_the_oldest_of_those_that_are_meant(
        self, catalog: Catalog, enqueued: Callable[[], Sequence[Enqueued]]
    ) -> None:
        first = dead(catalog, "b/1", priority=Priority.LOW)
        dead(catalog, "a/2")
        third, fourth = dead(catalog, "b/3"), dead(catalog, "b/4", priority=Priority.HIGH)
        assert catalog.redrive(Which(prefix="b/"), limit=2) == 2
        assert enqueued() == [
            Enqueued(Run(first.id, 2), priority=Priority.LOW),
            Enqueued(Run(third.id, 2)),
        ]
        for job in (first, third):
            revived, image = catalog.job(job.id), catalog.image(job.image_id)
            assert revived.state is image.state is ImageState.QUEUED
            assert revived.error is image.error is None
            assert (revived.forgiven, catalog.failures(job.id)) == (1, ())
            begin(catalog, Run(job.id, 2))
        assert [job.original.key for job in catalog.dead_letters().items] == ["b/4", "a/2"]
        assert catalog.redrive(Which(prefix="b/"), limit=2) == 1
        assert enqueued()[2] == Enqueued(Run(fourth.id, 2), priority=Priority.HIGH)
        assert catalog.redrive(Which(prefix="b/")) == 0
        assert catalog.redrive(ALL, limit=0) == 0

    def test_a_redriven_job_that_dies_again_is_a_dead_letter_again(self, catalog: Catalog) -> None:
        job = dead(catalog)
        other = dead(catalog, "originals/b.jpg")
        catalog.redrive(Which(job_id=job.id))
        catalog.finish(begin(catalog, Run(job.id, 2)), ImageState.DEAD, error=STALLED)
        assert [letter.id for letter in catalog.dead_letters().items] == [job.id, other.id]

    def test_a_dropped_dead_letter_leaves_the_list_and_stays_as_it_is(
        self, catalog: Catalog, enqueued: Callable[[], Sequence[Enqueued]]
    ) -> None:
        jobs = [dead(catalog, f"originals/{number}") for number in range(3)]
        before = [(catalog.job(job.id), catalog.image(job.image_id)) for job in jobs]
        assert catalog.drop(ALL, limit=2) == 2
        assert catalog.dead_letters().items == (jobs[2],)
        assert catalog.backlog().dead == 1
        assert [(catalog.job(job.id), catalog.image(job.image_id)) for job in jobs] == before
        assert catalog.drop(Which(job_id=jobs[0].id)) == catalog.redrive(Which(jobs[0].id)) == 0
        assert catalog.drop(Which(code=DIED.code)) == 1
        assert catalog.drop(ALL) == 0
        assert enqueued() == []

    def test_a_dropped_job_may_be_revived(self, catalog: Catalog) -> None:
        """And is a dead letter again, should it die again."""
        job = dead(catalog)
        catalog.drop(ALL)
        assert catalog.revive(job.id).state is ImageState.QUEUED
        catalog.finish(begin(catalog, Run(job.id, 2)), ImageState.DEAD, error=DIED)
        assert [letter.id for letter in catalog.dead_letters().items] == [job.id]

    def test_of_many_redrives_at_once_each_dead_letter_is_revived_by_one(
        self, catalog: Catalog, enqueued: Callable[[], Sequence[Enqueued]]
    ) -> None:
        for number in range(24):
            dead(catalog, f"originals/{number}")
        with ThreadPoolExecutor(6) as pool:
            redriven = [pool.submit(catalog.redrive, ALL, 5) for _ in range(4)]
            redriven += [pool.submit(catalog.redrive, Which(prefix="originals/2"), 2)]
        assert [each.result() for each in redriven] == [5, 5, 5, 5, 2]  # none came short
        runs = [each.run for each in enqueued()]
        assert len(runs) == len(set(runs)) == 22
        assert len(catalog.dead_letters().items) == 2

    def test_a_dead_letter_is_redriven_or_dropped_or_revived(
        self, catalog: Catalog, enqueued: Callable[[], Sequence[Enqueued]]
    ) -> None:
        """Whoever comes first."""
        jobs = [dead(catalog, f"originals/{number}") for number in range(60)]
        with ThreadPoolExecutor(6) as pool:
            redriven = [pool.submit(catalog.redrive, ALL, 60) for _ in range(2)]
            dropped = [pool.submit(catalog.drop, ALL, 60) for _ in range(2)]
            revived = [pool.submit(_asked, catalog, job) for job in jobs[:4]]
        queued = sum(each.result() for each in (*redriven, *revived))
        assert len(enqueued()) == catalog.counts()[ImageState.QUEUED] == queued
        # What was dropped may have been revived since.
        assert 60 <= queued + sum(each.result() for each in dropped) <= 64
        assert catalog.dead_letters().items == ()

    def test_redrives_and_new_versions_do_not_disturb_each_other(self, catalog: Catalog) -> None:
        jobs = [dead(catalog, f"originals/{number}") for number in range(20)]
        with ThreadPoolExecutor(3) as pool:
            newer = [pool.submit(accept, catalog, job.original.key, "v2") for job in jobs[::2]]
            redriven = [pool.submit(catalog.redrive, ALL, 100) for _ in range(2)]
        assert sum(each.result() for each in redriven) >= 10
        accepted = [each.result() for each in newer]
        for job in jobs[::2]:
            assert catalog.job(job.id).state is ImageState.SUPERSEDED
        for job in jobs[1::2]:
            assert catalog.job(job.id).state is ImageState.QUEUED
        assert catalog.counts()[ImageState.QUEUED] == len(accepted) + 10

    # --- what waits ---

    def test_the_backlog_counts_what_waits_and_runs_and_failed(
        self, catalog: Catalog, clock: Clock
    ) -> None:
        assert catalog.backlog() == Backlog(queued=0, running=0, dead=0, oldest=None)
        done(catalog, "originals/done")
        dead(catalog, "originals/dead")
        begin(catalog, accept(catalog, "originals/running").run)
        first = accept(catalog, "originals/first").job
        clock.advance(60)
        accept(catalog, "originals/second", enqueue=True)
        backlog = catalog.backlog()
        assert backlog == Backlog(queued=2, running=1, dead=1, oldest=first.created_at)

    def test_a_job_that_is_made_again_has_not_waited_since_its_beginning(
        self, catalog: Catalog, clock: Clock
    ) -> None:
        job = dead(catalog)
        clock.advance(3600)
        revived = catalog.revive(job.id)
        assert catalog.backlog().oldest == revived.updated_at
        assert revived == replace(catalog.job(job.id), updated_at=revived.updated_at)
        assert revived.updated_at > job.updated_at


def _asked(catalog: Catalog, job: Job) -> int:
    try:
        catalog.revive(job.id)
    except JobActiveError:
        return 0
    return 1

"""The catalog's contract: jobs that somebody asks for again, or calls off."""

# ruff: noqa: D102 - the name of a test is its sentence

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from tintype.errors import (
    JobActiveError,
    JobCancelledError,
    JobEndedError,
    JobNotFoundError,
    JobOutdatedError,
    LeaseLostError,
    TintypeError,
)
from tintype.model import Failure, ImageState, Priority, Run
from tintype.ports.catalog import Acceptance, Catalog
from tintype.testing.catalog_setting import (
    DIED,
    FACTS,
    STALLED,
    CatalogSetting,
    Clock,
    Enqueued,
    accept,
    begin,
    dead,
    done,
    variant,
)

CANCELLED = Failure.of(JobCancelledError())


class RevivalContract(CatalogSetting):
    """What `revive`, `attempts` and `cancel` must do."""

    # --- asking for a job again ---

    @pytest.mark.parametrize("state", [ImageState.DONE, ImageState.REJECTED, ImageState.DEAD])
    def test_a_job_that_ended_is_made_again_when_asked_for(
        self,
        catalog: Catalog,
        enqueued: Callable[[], Sequence[Enqueued]],
        clock: Clock,
        state: ImageState,
    ) -> None:
        accepted = accept(catalog, priority=Priority.HIGH)
        error = None if state is ImageState.DONE else DIED
        catalog.finish(begin(catalog, accepted.run), state, facts=FACTS, error=error)
        revived = catalog.revive(accepted.job.id)
        assert revived == catalog.job(accepted.job.id)
        assert (revived.state, revived.error) == (ImageState.QUEUED, None)
        assert (revived.attempts, revived.forgiven) == (1, 1)
        image = catalog.image(accepted.image.id)
        assert (image.state, image.error) == (ImageState.QUEUED, None)
        following = Run(revived.id, 2)
        assert enqueued() == [Enqueued(following, priority=Priority.HIGH)]
        clock.advance(3600)
        assert catalog.overdue(5) == ()  # the engine has it
        catalog.finish(begin(catalog, following), ImageState.DONE)
        assert catalog.job(revived.id).state is ImageState.DONE

    def test_the_tries_before_a_revival_count_no_longer(self, catalog: Catalog) -> None:
        job = dead(catalog)
        catalog.revive(job.id)
        assert catalog.failures(job.id) == ()
        catalog.retry(begin(catalog, Run(job.id, 2)), STALLED, delay=0)
        assert catalog.failures(job.id) == (STALLED,)
        assert [(each.number, each.error) for each in catalog.attempts(job.id)] == [
            (1, DIED),
            (2, STALLED),
        ]

    def test_variants_stay_while_a_job_is_made_again(self, catalog: Catalog) -> None:
        accepted = done(catalog)
        before = catalog.image(accepted.image.id)
        catalog.revive(accepted.job.id)
        after = catalog.image(accepted.image.id)
        assert (after.variants, after.facts) == (before.variants, before.facts)
        assert after.variants

    def test_a_job_that_has_not_ended_is_not_made_again(
        self, catalog: Catalog, enqueued: Callable[[], Sequence[Enqueued]]
    ) -> None:
        accepted = accept(catalog)
        for _ in ("queued", "running"):
            before = catalog.job(accepted.job.id)
            with pytest.raises(JobActiveError):
                catalog.revive(accepted.job.id)
            assert catalog.job(accepted.job.id) == before
            begin(catalog, accepted.run)
        assert enqueued() == []

    def test_a_job_of_an_older_version_is_not_made_again(
        self, catalog: Catalog, enqueued: Callable[[], Sequence[Enqueued]]
    ) -> None:
        first = done(catalog)
        accept(catalog, version="v2")
        before = catalog.job(first.job.id)
        with pytest.raises(JobOutdatedError):
            catalog.revive(first.job.id)
        assert (catalog.job(first.job.id), enqueued()) == (before, [])

    def test_a_superseded_job_is_not_made_again(self, catalog: Catalog) -> None:
        first = accept(catalog)
        accept(catalog, version="v2")
        with pytest.raises(JobOutdatedError):
            catalog.revive(first.job.id)

    def test_a_job_whose_original_was_missing_is_made_again(self, catalog: Catalog) -> None:
        """Its disk may not have been mounted."""
        accepted = accept(catalog)
        catalog.finish(begin(catalog, accepted.run), ImageState.GONE)
        catalog.removed(catalog.removals()[0])
        catalog.revive(accepted.job.id)
        assert catalog.image(accepted.image.id).state is ImageState.QUEUED

    def test_a_job_of_an_image_whose_key_another_one_has_is_not_made_again(
        self, catalog: Catalog
    ) -> None:
        accepted = accept(catalog)
        catalog.finish(begin(catalog, accepted.run), ImageState.GONE)
        accept(catalog)
        with pytest.raises(JobOutdatedError):
            catalog.revive(accepted.job.id)
        assert catalog.image(accepted.image.id).state is ImageState.GONE

    def test_a_job_that_nobody_knows_is_neither_made_again_nor_cancelled(
        self, catalog: Catalog
    ) -> None:
        with pytest.raises(JobNotFoundError):
            catalog.revive("job_unknown")
        with pytest.raises(JobNotFoundError):
            catalog.cancel("job_unknown")

    # --- variants that may have been written over ---

    def test_a_job_that_is_done_is_made_again_after_a_late_write(
        self, catalog: Catalog, enqueued: Callable[[], Sequence[Enqueued]]
    ) -> None:
        late = done(catalog)
        newer = done(catalog, version="v2")
        assert late.run
        catalog.repair(late.run, ())
        job = catalog.job(newer.job.id)
        assert (job.state, job.forgiven) == (ImageState.QUEUED, 1)
        assert enqueued() == [Enqueued(Run(job.id, 2))]
        assert catalog.job(late.job.id).state is ImageState.DONE

    def test_a_job_that_runs_is_made_again_when_it_is_done(
        self, catalog: Catalog, enqueued: Callable[[], Sequence[Enqueued]]
    ) -> None:
        late = done(catalog)
        newer = accept(catalog, version="v2")
        lease = begin(catalog, newer.run)
        assert late.run
        catalog.repair(late.run, ())
        assert catalog.current(lease)
        made = variant(version="v2")
        assert catalog.finish(lease, ImageState.DONE, variants=[made]) is None
        assert catalog.image(newer.image.id).variants == (made,)
        job = catalog.job(newer.job.id)
        assert (job.state, job.forgiven) == (ImageState.QUEUED, 1)
        assert enqueued() == [Enqueued(Run(job.id, 2))]
        catalog.finish(begin(catalog, Run(job.id, 2)), ImageState.DONE)
        assert catalog.job(job.id).state is ImageState.DONE

    def test_a_run_that_was_taken_over_has_its_own_job_made_again(self, catalog: Catalog) -> None:
        accepted = accept(catalog)
        begin(catalog, accepted.run)
        lease = begin(catalog, accepted.run)  # another process goes on with it
        catalog.repair(lease.run, ())
        catalog.finish(lease, ImageState.DONE)
        assert catalog.job(accepted.job.id).state is ImageState.QUEUED

    def test_what_begins_after_a_late_write_writes_over_it(self, catalog: Catalog) -> None:
        accepted = accept(catalog)
        catalog.repair(begin(catalog, accepted.run).run, ())
        catalog.finish(begin(catalog, accepted.run), ImageState.DONE)
        assert catalog.job(accepted.job.id).state is ImageState.DONE

    @pytest.mark.parametrize("state", [ImageState.REJECTED, ImageState.DEAD, ImageState.GONE])
    def test_a_job_that_made_nothing_is_not_made_again_after_a_late_write(
        self,
        catalog: Catalog,
        enqueued: Callable[[], Sequence[Enqueued]],
        state: ImageState,
    ) -> None:
        late = done(catalog)
        newer = accept(catalog, version="v2")
        lease = begin(catalog, newer.run)
        assert late.run
        catalog.repair(late.run, ())
        catalog.finish(lease, state)
        catalog.repair(late.run, ())
        assert (catalog.job(newer.job.id).state, enqueued()) == (state, [])

    @pytest.mark.parametrize("state", [ImageState.REJECTED, ImageState.DEAD])
    def test_what_a_late_write_left_is_the_images_where_nothing_is_made_again(
        self, catalog: Catalog, state: ImageState
    ) -> None:
        late = done(catalog)
        newer = accept(catalog, version="v2")
        catalog.finish(begin(catalog, newer.run), state)
        assert late.run
        left = replace(variant(key="small/originals/a.jpg"), etag="late")
        catalog.repair(late.run, (left,))
        assert catalog.image(newer.image.id).variants == (left,)

    # --- variants of attempts that failed ---

    @pytest.mark.parametrize("again", [False, True], ids=["dead", "retried"])
    def test_what_a_failed_attempt_has_put_takes_the_place_of_the_older(
        self, catalog: Catalog, again: bool
    ) -> None:
        large, small = (variant(name, f"{name}/a.jpg") for name in ("large", "small"))
        first = accept(catalog)
        catalog.finish(begin(catalog, first.run), ImageState.DONE, variants=(large, small))
        newer = accept(catalog, version="v2")
        lease, put = begin(catalog, newer.run), variant("large", "large/a.jpg", "v2")
        if again:
            catalog.retry(lease, STALLED, delay=1, variants=(put,))
        else:
            catalog.finish(lease, ImageState.DEAD, variants=(put,), error=DIED)
        assert catalog.image(first.image.id).variants == (put, small)
        assert catalog.variant_by_key("large/a.jpg")[1] == put

    def test_what_a_superseded_attempt_has_put_is_the_images_until_the_newer_is_made(
        self, catalog: Catalog
    ) -> None:
        first = accept(catalog)
        lease = begin(catalog, first.run)
        newer = accept(catalog, version="v2")
        following = catalog.finish(lease, ImageState.SUPERSEDED, variants=(variant(),))
        assert catalog.image(first.image.id).variants == (variant(),)
        catalog.finish(begin(catalog, following), ImageState.REJECTED, error=DIED)
        assert catalog.image(newer.image.id).variants == (variant(),)

    def test_a_variant_that_moved_to_another_key_is_there_once(self, catalog: Catalog) -> None:
        first = done(catalog)
        newer = accept(catalog, version="v2")
        moved = variant(key="moved/a.jpg", version="v2")
        catalog.finish(begin(catalog, newer.run), ImageState.DEAD, variants=(moved,))
        assert catalog.image(first.image.id).variants == (moved,)

    def test_a_late_write_of_a_job_that_nobody_knows_changes_nothing(
        self, catalog: Catalog
    ) -> None:
        catalog.repair(Run("job_unknown", 1), ())

    # --- calling a job off ---

    def test_a_queued_job_that_is_cancelled_is_never_run(
        self, catalog: Catalog, clock: Clock
    ) -> None:
        accepted = accept(catalog)
        assert catalog.cancel(accepted.job.id) is None
        for told in (catalog.job(accepted.job.id), catalog.image(accepted.image.id)):
            assert (told.state, told.error) == (ImageState.DEAD, CANCELLED)
        assert accepted.run
        assert catalog.claim(accepted.run) is None
        clock.advance(3600)
        assert catalog.overdue(5) == ()
        assert catalog.attempts(accepted.job.id) == ()

    def test_a_cancelled_job_is_no_dead_letter(self, catalog: Catalog) -> None:
        queued, running = accept(catalog), accept(catalog, "originals/b.jpg")
        begin(catalog, running.run)
        for accepted in (queued, running):
            catalog.cancel(accepted.job.id)
        assert (catalog.dead_letters().items, catalog.backlog().dead) == ((), 0)

    def test_a_running_job_that_is_cancelled_loses_its_lease(self, catalog: Catalog) -> None:
        accepted = accept(catalog)
        lease = begin(catalog, accepted.run)
        assert catalog.cancel(accepted.job.id) is None
        for told in (catalog.job(accepted.job.id), catalog.image(accepted.image.id)):
            assert (told.state, told.error) == (ImageState.DEAD, CANCELLED)
        assert not catalog.current(lease)
        for late in (
            lambda: catalog.finish(lease, ImageState.DONE, variants=[variant()]),
            lambda: catalog.retry(lease, DIED, delay=1),
            lambda: catalog.claim_keys(lease, {"small": "small/a.jpg"}),
        ):
            with pytest.raises(LeaseLostError):
                late()
        assert catalog.claim(lease.run) is None  # as the engine asks when its process has died
        (attempt,) = catalog.attempts(accepted.job.id)
        assert (attempt.number, attempt.error) == (1, CANCELLED)
        assert attempt.started_at < attempt.finished_at

    def test_a_cancelled_job_is_made_again_under_a_number_that_was_never_given(
        self, catalog: Catalog, enqueued: Callable[[], Sequence[Enqueued]]
    ) -> None:
        """The engine may hold the run that was called off, and would never run it again."""
        job = accept(catalog, enqueue=True).job
        catalog.cancel(job.id)
        catalog.revive(job.id)
        catalog.cancel(job.id)
        catalog.revive(job.id)
        runs = [each.run for each in enqueued()]
        assert len(set(runs)) == 3
        assert [catalog.claim(run) for run in runs[:2]] == [None, None]
        lease = begin(catalog, runs[2])
        catalog.cancel(job.id)
        catalog.revive(job.id)
        fourth = enqueued()[3].run
        assert fourth not in runs
        renewed = begin(catalog, fourth)
        assert renewed.token > lease.token
        catalog.finish(renewed, ImageState.DONE)
        assert catalog.image(job.image_id).state is ImageState.DONE

    def test_a_job_that_waits_for_its_next_attempt_may_be_cancelled(
        self, catalog: Catalog, enqueued: Callable[[], Sequence[Enqueued]]
    ) -> None:
        accepted = accept(catalog)
        catalog.retry(begin(catalog, accepted.run), DIED, delay=60)
        catalog.cancel(accepted.job.id)
        (waiting,) = enqueued()
        assert catalog.claim(waiting.run) is None
        catalog.revive(accepted.job.id)
        assert enqueued()[1].run not in (accepted.run, waiting.run)
        assert catalog.failures(accepted.job.id) == ()

    def test_a_job_of_an_older_version_that_is_cancelled_makes_room(
        self, catalog: Catalog, clock: Clock
    ) -> None:
        first = accept(catalog)
        lease = begin(catalog, first.run)
        second = accept(catalog, version="v2")
        before = catalog.image(first.image.id)
        following = catalog.cancel(first.job.id)
        assert following == Run(second.job.id, 1)
        assert catalog.image(first.image.id) == before
        told = catalog.job(first.job.id)
        assert (told.state, told.error) == (ImageState.DEAD, CANCELLED)
        with pytest.raises(LeaseLostError):
            catalog.finish(lease, ImageState.DONE)
        clock.advance(6)
        assert catalog.overdue(5) == (following,)  # unless the caller starts it
        begin(catalog, following)
        with pytest.raises(JobOutdatedError):
            catalog.revive(first.job.id)

    def test_a_job_that_waits_for_its_key_may_be_cancelled(
        self, catalog: Catalog, enqueued: Callable[[], Sequence[Enqueued]], clock: Clock
    ) -> None:
        """What runs has an older version all the same, and hands over to nobody."""
        for key, end in (("a", "finish"), ("b", "retry"), ("c", "cancel")):
            first = accept(catalog, key)
            lease = begin(catalog, first.run)
            second = accept(catalog, key, "v2")
            assert catalog.cancel(second.job.id) is None
            assert not catalog.current(lease)
            if end == "finish":
                assert catalog.finish(lease, ImageState.DONE, variants=[variant()]) is None
                assert catalog.job(first.job.id).state is ImageState.SUPERSEDED
            elif end == "retry":
                catalog.retry(lease, DIED, delay=1)
                assert catalog.job(first.job.id).state is ImageState.SUPERSEDED
            else:
                assert catalog.cancel(first.job.id) is None
            image = catalog.image(first.image.id)
            assert (image.job_id, image.state) == (second.job.id, ImageState.DEAD)
            put = (variant(),) if end == "finish" else ()
            assert (image.error, image.variants) == (CANCELLED, put)
        clock.advance(3600)
        assert (catalog.overdue(5), enqueued()) == ((), [])

    def test_a_job_that_is_revived_waits_while_another_of_its_key_runs(
        self, catalog: Catalog, enqueued: Callable[[], Sequence[Enqueued]], clock: Clock
    ) -> None:
        lease = begin(catalog, accept(catalog).run)
        second = accept(catalog, version="v2")
        catalog.cancel(second.job.id)
        assert catalog.revive(second.job.id).state is ImageState.QUEUED
        clock.advance(3600)
        assert (catalog.overdue(5), enqueued()) == ((), [])
        following = catalog.finish(lease, ImageState.SUPERSEDED)
        assert following == Run(second.job.id, 2)
        begin(catalog, following)

    @pytest.mark.parametrize("state", [state for state in ImageState if state.final])
    def test_a_job_that_has_ended_cannot_be_cancelled(
        self, catalog: Catalog, state: ImageState
    ) -> None:
        accepted = accept(catalog)
        catalog.finish(begin(catalog, accepted.run), state)
        before = catalog.job(accepted.job.id), catalog.image(accepted.image.id)
        with pytest.raises(JobEndedError):
            catalog.cancel(accepted.job.id)
        assert (catalog.job(accepted.job.id), catalog.image(accepted.image.id)) == before

    def test_a_newer_version_is_made_after_a_cancellation(self, catalog: Catalog) -> None:
        first = accept(catalog)
        catalog.cancel(first.job.id)
        second = accept(catalog, version="v2")
        assert second.image.id == first.image.id
        assert catalog.job(first.job.id).state is ImageState.SUPERSEDED
        begin(catalog, second.run)
        again = accept(catalog)  # waits
        assert (again.job.id, again.run) == (first.job.id, None)
        assert catalog.cancel(second.job.id) == Run(first.job.id, again.job.attempts + 1)

    # --- many at once ---

    def test_of_a_revival_and_a_new_version_none_is_lost(
        self, catalog: Catalog, enqueued: Callable[[], Sequence[Enqueued]]
    ) -> None:
        for number in range(15):
            key = f"originals/{number}"
            first = dead(catalog, key)
            with ThreadPoolExecutor(2) as pool:
                revived = pool.submit(_outcome, catalog.revive, first.id)
                second: Acceptance = pool.submit(accept, catalog, key, "v2").result()
            if revived.result() is None:  # it came first
                assert enqueued()[-1].run == Run(first.id, 2)
                assert catalog.claim(Run(first.id, 2)) is None
            else:
                assert isinstance(revived.result(), JobOutdatedError)
            assert catalog.job(first.id).state is ImageState.SUPERSEDED
            assert catalog.image(first.image_id).job_id == second.job.id
            catalog.finish(begin(catalog, second.run), ImageState.DONE)

    def test_of_many_revivals_at_once_one_is_done(
        self, catalog: Catalog, enqueued: Callable[[], Sequence[Enqueued]]
    ) -> None:
        for number in range(10):
            job = dead(catalog, f"originals/{number}")
            with ThreadPoolExecutor(4) as pool:
                asked = [pool.submit(_outcome, catalog.revive, job.id) for _ in range(4)]
            outcomes = [each.result() for each in asked]
            assert outcomes.count(None) == 1
            assert sum(isinstance(each, JobActiveError) for each in outcomes) == 3
            begin(catalog, Run(job.id, 2))
        assert len(enqueued()) == 10

    def test_of_a_cancellation_and_an_end_one_wins(self, catalog: Catalog) -> None:
        for number in range(20):
            accepted = accept(catalog, f"originals/{number}")
            lease = begin(catalog, accepted.run)
            made = [variant(key=f"small/{number}")]
            with ThreadPoolExecutor(2) as pool:
                ended = pool.submit(_outcome, catalog.finish, lease, ImageState.DONE, variants=made)
                called_off = pool.submit(_outcome, catalog.cancel, accepted.job.id)
            image = catalog.image(accepted.image.id)
            assert catalog.job(accepted.job.id).state is image.state
            (attempt,) = catalog.attempts(accepted.job.id)
            if ended.result() is None:
                assert isinstance(called_off.result(), JobEndedError)
                assert (image.state, attempt.error) == (ImageState.DONE, None)
                assert image.variants == tuple(made)
            else:
                assert isinstance(ended.result(), LeaseLostError)
                assert called_off.result() is None
                assert (image.state, attempt.error) == (ImageState.DEAD, CANCELLED)
                assert image.variants == ()

    def test_of_a_cancellation_and_a_claim_none_is_lost(self, catalog: Catalog) -> None:
        for number in range(15):
            accepted = accept(catalog, f"originals/{number}")
            run = accepted.run
            assert run
            with ThreadPoolExecutor(2) as pool:
                claimed = pool.submit(catalog.claim, run)
                pool.submit(catalog.cancel, accepted.job.id).result()
            lease = claimed.result()
            assert catalog.job(accepted.job.id).error == CANCELLED
            if lease:
                with pytest.raises(LeaseLostError):
                    catalog.finish(lease, ImageState.DONE)
            assert len(catalog.attempts(accepted.job.id)) == (1 if lease else 0)


def _outcome(
    action: Callable[..., object], *arguments: object, **options: object
) -> TintypeError | None:
    try:
        action(*arguments, **options)
    except TintypeError as error:
        return error
    return None

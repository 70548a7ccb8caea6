"""The catalog port's contract: subclass CatalogContract with the fixtures that it leaves open."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from tintype.errors import (
    ApiKeyNotFoundError,
    IdempotencyConflictError,
    ImageNotFoundError,
    JobNotFoundError,
    LeaseLostError,
    NotFoundError,
    ParameterInvalidError,
    VariantNotFoundError,
)
from tintype.model import (
    Event,
    Failure,
    ImageState,
    Job,
    Original,
    Priority,
    Run,
    Step,
    StepStatus,
    job_id,
    new_image_id,
)
from tintype.ports.catalog import Acceptance, Catalog, Which
from tintype.testing.catalog_setting import (
    DIED,
    FACTS,
    RECIPE,
    STALLED,
    Clock,
    Enqueued,
    accept,
    begin,
    dead,
    done,
    original,
    variant,
)
from tintype.testing.dead_letter_contract import DeadLetterContract
from tintype.testing.history_contract import HistoryContract
from tintype.testing.key_contract import KeyContract
from tintype.testing.originals_contract import OriginalsContract
from tintype.testing.removal_contract import RemovalContract
from tintype.testing.revival_contract import RevivalContract


class CatalogContract(
    RevivalContract,
    RemovalContract,
    OriginalsContract,
    HistoryContract,
    DeadLetterContract,
    KeyContract,
):
    """What every catalog must do."""

    # --- recipes ---

    def test_a_recipe_is_kept_as_it_first_was(self, catalog: Catalog) -> None:
        """Jobs keep theirs."""
        catalog.keep_recipe("d", "first")
        catalog.keep_recipe("d", "second")
        assert catalog.recipe("d") == "first"
        with pytest.raises(NotFoundError):
            catalog.recipe("unknown")

    # --- accepting ---

    def test_a_new_original_becomes_an_image_with_a_queued_job(self, catalog: Catalog) -> None:
        """And the caller gets the run."""
        image_id = new_image_id()
        accepted = catalog.accept(image_id, original(), RECIPE, enqueue=False)
        job = accepted.job
        assert job.id == job_id(image_id, "v1", RECIPE)
        assert accepted.run == Run(job.id, 1)
        assert not accepted.repeated
        assert (accepted.image.id, accepted.image.job_id) == (image_id, job.id)
        assert accepted.image.state is job.state is ImageState.QUEUED
        assert accepted.image.original == job.original == original()
        assert (job.image_id, job.recipe_digest, job.attempts) == (image_id, RECIPE, 0)
        assert catalog.image(image_id) == catalog.image_by_key(original().key) == accepted.image
        assert catalog.job(job.id) == job

    def test_an_enqueued_run_is_the_engines(
        self, catalog: Catalog, enqueued: Callable[[], Sequence[Enqueued]], clock: Clock
    ) -> None:
        """Not the caller's, and never overdue."""
        accepted = accept(catalog, enqueue=True)
        assert accepted.run is None
        assert enqueued() == [Enqueued(Run(accepted.job.id, 1))]
        clock.advance(3600)
        assert catalog.overdue(5) == ()

    def test_a_job_keeps_its_priority_and_what_brought_it(
        self, catalog: Catalog, enqueued: Callable[[], Sequence[Enqueued]]
    ) -> None:
        """Every attempt has the priority, the first and the next ones."""
        event, trace = Event("upload", '{"name": "a.jpg"}'), f"00-{'a' * 32}-{'b' * 16}-01"
        low = accept(catalog, enqueue=True, priority=Priority.LOW, event=event, trace=trace).job
        assert (low.priority, low.event, low.trace, low.forgiven) == (Priority.LOW, event, trace, 0)
        assert catalog.job(low.id) == catalog.jobs().items[0] == low
        plain = accept(catalog, "originals/b.jpg").job
        assert (plain.priority, plain.event, plain.trace) == (Priority.NORMAL, None, None)
        catalog.retry(begin(catalog, Run(low.id, 1)), DIED, delay=2)
        assert enqueued() == [
            Enqueued(Run(low.id, 1), priority=Priority.LOW),
            Enqueued(Run(low.id, 2), 2, Priority.LOW),
        ]

    def test_a_job_that_waited_for_its_key_has_its_own_priority(
        self, catalog: Catalog, enqueued: Callable[[], Sequence[Enqueued]]
    ) -> None:
        """Not that of the one it waited for."""
        lease = begin(catalog, accept(catalog, priority=Priority.LOW).run)
        second = accept(catalog, version="v2", priority=Priority.HIGH)
        catalog.retry(lease, DIED, delay=60)
        assert enqueued() == [Enqueued(Run(second.job.id, 1), priority=Priority.HIGH)]

    def test_the_same_version_and_recipe_change_nothing(
        self, catalog: Catalog, enqueued: Callable[[], Sequence[Enqueued]]
    ) -> None:
        """Whether the job is queued, running or at its end."""
        first = accept(catalog)
        queued = accept(catalog, enqueue=True)
        assert (queued.image, queued.job, queued.run) == (first.image, first.job, None)
        lease = begin(catalog, first.run)
        assert accept(catalog).job.state is ImageState.RUNNING
        catalog.finish(lease, ImageState.DEAD, error=DIED)
        again = accept(catalog)
        assert (again.job.id, again.job.state, again.run) == (first.job.id, ImageState.DEAD, None)
        assert enqueued() == []

    def test_a_new_version_supersedes_the_queued_job(self, catalog: Catalog) -> None:
        """The image keeps its id, and works on the newest."""
        first, second = accept(catalog), accept(catalog, version="v2")
        assert second.image.id == first.image.id
        assert second.run == Run(job_id(first.image.id, "v2", RECIPE), 1)
        assert catalog.job(first.job.id).state is ImageState.SUPERSEDED
        assert first.run
        assert catalog.claim(first.run) is None
        image = catalog.image(first.image.id)
        assert (image.job_id, image.original.version) == (second.job.id, "v2")
        assert image.state is ImageState.QUEUED

    def test_a_new_version_supersedes_the_dead_job(self, catalog: Catalog) -> None:
        """It is no dead letter any more: nobody wants it."""
        died = dead(catalog)
        second = accept(catalog, version="v2")
        assert catalog.job(died.id).state is ImageState.SUPERSEDED
        assert (catalog.dead_letters().items, catalog.backlog().dead) == ((), 0)
        assert (second.image.state, second.image.error) == (ImageState.QUEUED, None)

    def test_a_new_recipe_is_a_new_job_of_the_same_version(self, catalog: Catalog) -> None:
        """As `reprocess` needs it."""
        first = done(catalog)
        second = accept(catalog, recipe="digest-2")
        assert second.image.id == first.image.id
        assert second.job.recipe_digest == "digest-2"
        assert second.run == Run(second.job.id, 1)

    def test_variants_stay_until_the_new_version_is_done(self, catalog: Catalog) -> None:
        """Also if the new one is rejected."""
        image_id = done(catalog).image.id
        second = accept(catalog, version="v2")
        assert second.image.variants == catalog.image(image_id).variants != ()
        error = Failure("corrupt", "The image is damaged.")
        catalog.finish(begin(catalog, second.run), ImageState.REJECTED, error=error)
        image = catalog.image(image_id)
        assert (image.state, image.error) == (ImageState.REJECTED, error)
        assert [kept.original_version for kept in image.variants] == ["v1"]

    def test_an_original_is_known_by_its_key_once_it_is_accepted(self, catalog: Catalog) -> None:
        """Whatever became of its job."""
        assert not catalog.knows("originals/a.jpg")
        done(catalog, "originals/a.jpg")
        dead(catalog, "originals/b.jpg")
        assert catalog.knows("originals/a.jpg")
        assert catalog.knows("originals/b.jpg")
        assert not catalog.knows("originals/c.jpg")

    def test_a_new_job_waits_while_another_of_its_key_runs(
        self, catalog: Catalog, enqueued: Callable[[], Sequence[Enqueued]], clock: Clock
    ) -> None:
        """Nobody starts it until the other one has ended; then the caller of `finish` does."""
        first = accept(catalog)
        lease = begin(catalog, first.run)
        second = accept(catalog, version="v2", enqueue=True)
        assert second.run is None
        clock.advance(3600)
        assert (catalog.overdue(5), enqueued()) == ((), [])
        assert catalog.image(first.image.id).state is ImageState.QUEUED
        assert not catalog.current(lease)
        assert catalog.finish(lease, ImageState.SUPERSEDED) == Run(second.job.id, 1)
        clock.advance(6)
        assert catalog.overdue(5) == (Run(second.job.id, 1),)

    def test_of_the_jobs_that_wait_only_the_newest_is_run(self, catalog: Catalog) -> None:
        """The others are superseded."""
        lease = begin(catalog, accept(catalog).run)
        second, third = accept(catalog, version="v2"), accept(catalog, version="v3")
        assert catalog.job(second.job.id).state is ImageState.SUPERSEDED
        assert catalog.finish(lease, ImageState.SUPERSEDED) == Run(third.job.id, 1)

    def test_a_job_of_an_older_version_never_changes_the_image(self, catalog: Catalog) -> None:
        """Whatever its end was, it is superseded; what it put is there all the same."""
        first = accept(catalog)
        lease = begin(catalog, first.run)
        accept(catalog, version="v2")
        before = catalog.image(first.image.id)
        catalog.finish(lease, ImageState.DONE, facts=FACTS, variants=[variant()])
        assert catalog.image(first.image.id) == replace(before, variants=(variant(),))
        assert catalog.job(first.job.id).state is ImageState.SUPERSEDED

    def test_a_version_that_comes_back_is_made_again(self, catalog: Catalog) -> None:
        """A, B, A: with a number of the first job that no engine has seen."""
        first = done(catalog)
        done(catalog, version="v2")
        again = accept(catalog)
        assert again.run == Run(first.job.id, 2)
        assert again.job.state is ImageState.QUEUED
        begin(catalog, again.run)

    def test_a_version_that_comes_back_has_all_its_tries_before_it(self, catalog: Catalog) -> None:
        """What it failed of is told still, and counts no longer; what brought it now is kept."""
        event = Event("s3", "{}")
        first = dead(catalog)
        accept(catalog, version="v2")
        again = accept(catalog, priority=Priority.HIGH, event=event, trace="trace")
        assert again.job == catalog.job(first.id)
        assert (again.job.forgiven, again.job.error) == (again.job.attempts, None)
        assert (again.job.priority, again.job.event) == (Priority.HIGH, event)
        assert again.job.trace == "trace"
        assert again.job.created_at == first.created_at
        assert catalog.failures(first.id) == ()
        assert [attempt.error for attempt in catalog.attempts(first.id)] == [DIED]
        catalog.retry(begin(catalog, again.run), STALLED, delay=1)
        assert catalog.failures(first.id) == (STALLED,)

    def test_a_version_that_comes_back_unmade_gets_a_number_that_was_never_given(
        self, catalog: Catalog
    ) -> None:
        """The engine may hold the superseded run, and would never run it again."""
        first = accept(catalog, enqueue=True)
        accept(catalog, version="v2")
        again = accept(catalog)
        assert again.run == Run(first.job.id, 2)
        assert catalog.claim(Run(first.job.id, 1)) is None
        begin(catalog, again.run)

    def test_a_version_that_comes_back_while_it_runs_is_taken_over(self, catalog: Catalog) -> None:
        """Its run may have seen that it was not current, and be about to give up."""
        first = accept(catalog)
        lease = begin(catalog, first.run)
        second = accept(catalog, version="v2")
        again = accept(catalog)
        assert again.run == Run(first.job.id, 2)
        assert catalog.job(second.job.id).state is ImageState.SUPERSEDED
        assert not catalog.current(lease)
        with pytest.raises(LeaseLostError):
            catalog.finish(lease, ImageState.SUPERSEDED)
        renewed = begin(catalog, again.run)
        assert renewed.token > lease.token
        assert catalog.finish(renewed, ImageState.DONE) is None
        assert catalog.image(first.image.id).state is ImageState.DONE

    def test_an_upload_that_comes_twice_is_accepted_once(self, catalog: Catalog) -> None:
        """By its Idempotency-Key."""
        first = accept(catalog, idempotency=("key", "print"))
        for again in (
            accept(catalog, "originals/other.jpg", idempotency=("key", "print")),
            catalog.repeated(("key", "print")),
        ):
            assert again == Acceptance(first.image, first.job, run=None, repeated=True)
        assert len(catalog.images().items) == 1
        assert catalog.repeated(("other", "print")) is None

    def test_an_idempotency_key_of_another_upload_is_refused(self, catalog: Catalog) -> None:
        """And changes nothing."""
        accept(catalog, idempotency=("key", "print"))
        with pytest.raises(IdempotencyConflictError):
            accept(catalog, "originals/other.jpg", idempotency=("key", "another"))
        with pytest.raises(IdempotencyConflictError):
            catalog.repeated(("key", "another"))
        assert len(catalog.images().items) == 1

    def test_after_an_image_is_gone_its_key_makes_a_new_one(self, catalog: Catalog) -> None:
        """An id is never given to another upload."""
        first = accept(catalog)
        catalog.finish(begin(catalog, first.run), ImageState.GONE)
        with pytest.raises(ImageNotFoundError):
            catalog.image_by_key(original().key)
        second = accept(catalog)
        assert second.image.id != first.image.id
        begin(catalog, second.run)
        assert catalog.image(first.image.id).state is ImageState.GONE

    # --- running ---

    def test_a_claim_marks_job_and_image_running(self, catalog: Catalog, clock: Clock) -> None:
        """And nothing is overdue any more."""
        accepted = accept(catalog)
        lease = begin(catalog, accepted.run)
        assert (lease.run, lease.key) == (accepted.run, original().key)
        assert catalog.current(lease)
        job = catalog.job(accepted.job.id)
        assert (job.state, job.attempts) == (ImageState.RUNNING, 1)
        assert catalog.image(accepted.image.id).state is ImageState.RUNNING
        clock.advance(3600)
        assert catalog.overdue(5) == ()

    def test_a_run_that_is_resumed_fences_its_first_life(self, catalog: Catalog) -> None:
        """It is the same attempt under a higher token."""
        accepted = accept(catalog)
        stale = begin(catalog, accepted.run)
        lease = begin(catalog, accepted.run)
        assert lease.token > stale.token
        assert catalog.job(accepted.job.id).attempts == 1
        assert catalog.current(lease)
        assert not catalog.current(stale)
        before = catalog.job(accepted.job.id)
        for late in (
            lambda: catalog.finish(stale, ImageState.DONE, variants=[variant()]),
            lambda: catalog.retry(stale, DIED, delay=1),
            lambda: catalog.claim_keys(stale, {"small": "small/a.jpg"}),
        ):
            with pytest.raises(LeaseLostError):
                late()
        assert catalog.job(accepted.job.id) == before
        assert catalog.failures(accepted.job.id) == ()
        catalog.finish(lease, ImageState.DONE)
        with pytest.raises(LeaseLostError):
            catalog.finish(lease, ImageState.DONE)

    def test_a_lease_tells_how_often_its_attempt_was_left(
        self, catalog: Catalog, reopen: Callable[[], Catalog]
    ) -> None:
        """By processes that died; the next attempt begins with none."""
        accepted = accept(catalog)
        assert begin(catalog, accepted.run).deaths == 0
        assert begin(catalog, accepted.run).deaths == 1
        lease = begin(reopen(), accepted.run)
        assert lease.deaths == 2
        catalog.retry(lease, DIED, delay=0)
        following = Run(accepted.job.id, 2)
        assert begin(catalog, following).deaths == 0
        assert begin(catalog, following).deaths == 1

    @pytest.mark.parametrize("attempt", [0, 2, 3])
    def test_a_run_of_another_number_does_not_begin(self, catalog: Catalog, attempt: int) -> None:
        """Numbers are begun one after the other."""
        job = accept(catalog).job
        assert catalog.claim(Run(job.id, attempt)) is None
        assert catalog.job(job.id) == job

    def test_an_unknown_run_does_not_begin(self, catalog: Catalog) -> None:
        """The engine may outlive what the catalog knows."""
        assert catalog.claim(Run("job_unknown", 1)) is None

    def test_the_number_of_a_refused_run_is_spent(self, catalog: Catalog) -> None:
        """An engine never runs it again, so the waiting job goes on with the next."""
        lease = begin(catalog, accept(catalog).run)
        waiting = accept(catalog, version="v2")
        assert catalog.claim(Run(waiting.job.id, 1)) is None
        job = catalog.job(waiting.job.id)
        assert (job.attempts, job.forgiven) == (1, 1)  # it was no try
        following = catalog.finish(lease, ImageState.SUPERSEDED)
        assert following == Run(waiting.job.id, 2)
        begin(catalog, following)

    def test_a_finished_job_keeps_all_that_was_made(
        self, catalog: Catalog, clock: Clock, reopen: Callable[[], Catalog]
    ) -> None:
        """Facts, variants and steps, in their order."""
        accepted = accept(catalog)
        lease = begin(catalog, accepted.run)
        variants = (variant("small", "k2"), variant("large", "k1"), variant("medium", "k3"))
        steps = (
            Step("validate", StepStatus.DONE, 1, 0.125),
            Step("render", StepStatus.FAILED, 2, 1.5, DIED),
        )
        clock.advance(10)
        assert (
            catalog.finish(lease, ImageState.DONE, facts=FACTS, variants=variants, steps=steps)
            is None
        )
        for known in (catalog, reopen()):
            image = known.image(accepted.image.id)
            assert (image.state, image.error) == (ImageState.DONE, None)
            assert (image.facts, image.variants) == (FACTS, variants)
            job = known.job(accepted.job.id)
            assert (job.state, job.steps, job.attempts) == (ImageState.DONE, steps, 1)
            assert job.updated_at >= job.created_at + timedelta(seconds=10)
            assert known.variant_by_key("k1") == (image, variants[1])

    def test_done_replaces_the_variants(self, catalog: Catalog) -> None:
        """All of them."""
        done(catalog)
        second = accept(catalog, version="v2")
        new = variant("tiny", "tiny/a.jpg", "v2")
        catalog.finish(begin(catalog, second.run), ImageState.DONE, variants=[new])
        assert catalog.image(second.image.id).variants == (new,)
        with pytest.raises(VariantNotFoundError):
            catalog.variant_by_key("small/originals/a.jpg")

    @pytest.mark.parametrize("state", [state for state in ImageState if state.final])
    def test_a_job_may_end_in_every_final_state(self, catalog: Catalog, state: ImageState) -> None:
        """The image follows; the failure is told of both, and of the attempt."""
        accepted = accept(catalog)
        error = None if state is ImageState.DONE else DIED
        catalog.finish(begin(catalog, accepted.run), state, error=error)
        for told in (catalog.image(accepted.image.id), catalog.job(accepted.job.id)):
            assert (told.state, told.error) == (state, error)
        assert catalog.failures(accepted.job.id) == ((error,) if error else ())
        assert accepted.run
        assert catalog.claim(accepted.run) is None

    @pytest.mark.parametrize("state", [ImageState.QUEUED, ImageState.RUNNING])
    def test_a_job_does_not_end_without_an_end(self, catalog: Catalog, state: ImageState) -> None:
        """That would be a fault of the caller's code."""
        lease = begin(catalog, accept(catalog).run)
        with pytest.raises(ValueError, match=state):
            catalog.finish(lease, state)
        assert catalog.current(lease)

    def test_a_retry_enqueues_the_next_attempt(
        self, catalog: Catalog, enqueued: Callable[[], Sequence[Enqueued]], clock: Clock
    ) -> None:
        """And tells of the one that failed."""
        accepted = accept(catalog)
        job, image = accepted.job.id, accepted.image.id
        step = Step("render", StepStatus.FAILED, 1, 0.5, DIED)
        catalog.retry(begin(catalog, accepted.run), DIED, delay=3.5, steps=[step])
        assert enqueued() == [Enqueued(Run(job, 2), 3.5)]
        assert catalog.job(job).steps == (step,)
        assert catalog.job(job).state is catalog.image(image).state is ImageState.QUEUED
        clock.advance(3600)
        assert catalog.overdue(5) == ()
        assert accepted.run
        assert catalog.claim(accepted.run) is None
        clock.advance(10)
        catalog.finish(begin(catalog, Run(job, 2)), ImageState.DEAD, error=STALLED)
        assert catalog.failures(job) == (DIED, STALLED)
        first, second = catalog.attempts(job)
        assert (first.number, first.error, second.number, second.error) == (1, DIED, 2, STALLED)
        assert first.started_at < first.finished_at < second.started_at < second.finished_at
        assert (catalog.job(job).attempts, catalog.job(job).steps) == (2, (step,))

    def test_a_retry_of_an_older_version_makes_room_for_the_newer(
        self, catalog: Catalog, enqueued: Callable[[], Sequence[Enqueued]]
    ) -> None:
        """The one that waits is enqueued instead, without delay."""
        first = accept(catalog)
        lease = begin(catalog, first.run)
        second = accept(catalog, version="v2")
        catalog.retry(lease, DIED, delay=60)
        assert enqueued() == [Enqueued(Run(second.job.id, 1))]
        assert catalog.job(first.job.id).state is ImageState.SUPERSEDED
        assert catalog.image(first.image.id).state is ImageState.QUEUED
        begin(catalog, Run(second.job.id, 1))

    def test_overdue_are_the_runs_that_their_callers_lost(
        self, catalog: Catalog, clock: Clock
    ) -> None:
        """The oldest first, until they begin or are superseded."""
        runs = []
        for number in range(3):
            runs.append(accept(catalog, f"originals/{number}").run)
            clock.advance(1)
        assert catalog.overdue(60) == ()
        clock.advance(60)
        assert catalog.overdue(60) == tuple(runs)
        assert catalog.overdue(60, limit=2) == tuple(runs[:2])
        begin(catalog, runs[0])
        accept(catalog, "originals/1", "v2")
        assert catalog.overdue(60) == (runs[2],)

    def test_a_run_of_a_clock_that_was_set_back_is_overdue(
        self, catalog: Catalog, clock: Clock
    ) -> None:
        """Else nobody would start it before the clock is there again."""
        lost = accept(catalog).run
        clock.advance(-3600)
        recent = accept(catalog, "originals/b.jpg").run
        clock.advance(1)
        assert catalog.overdue(5) == (lost,)
        clock.advance(5)
        assert catalog.overdue(5) == (recent, lost)

    # --- the keys of variants ---

    def test_a_variants_key_belongs_to_the_first_image_that_claims_it(
        self, catalog: Catalog
    ) -> None:
        """The other one gets a key with 8 characters of its id; each keeps its own."""
        first, second = accept(catalog, "a.jpg"), accept(catalog, "a.png")
        leases = begin(catalog, first.run), begin(catalog, second.run)
        wanted = {"small": "s/a.b.jpg", "large": "l/a.b.jpg"}
        suffix = second.image.id.removeprefix("img_")[:8]
        for _ in range(2):
            assert catalog.claim_keys(leases[0], wanted) == wanted
            assert catalog.claim_keys(leases[1], wanted) == {
                "small": f"s/a.b-{suffix}.jpg",
                "large": f"l/a.b-{suffix}.jpg",
            }

    def test_a_second_key_that_is_taken_as_well_is_made_longer(self, catalog: Catalog) -> None:
        """Somebody may name an upload like another one's second key."""
        first, second, third = (accept(catalog, key) for key in "abc")
        identity = third.image.id.removeprefix("img_")
        taken = f"s/a-{identity[:8]}.jpg"
        catalog.claim_keys(begin(catalog, first.run), {"small": "s/a.jpg"})
        catalog.claim_keys(begin(catalog, second.run), {"small": taken})
        chosen = catalog.claim_keys(begin(catalog, third.run), {"small": "s/a.jpg"})
        assert chosen == {"small": f"s/a-{identity}.jpg"}

    def test_two_variants_of_one_image_never_share_a_key(self, catalog: Catalog) -> None:
        """Even if both want it, now and when asked again."""
        lease = begin(catalog, accept(catalog).run)
        wanted = dict.fromkeys(("one", "two", "three"), "a.jpg")
        chosen = catalog.claim_keys(lease, wanted)
        assert chosen["one"] == "a.jpg"
        assert len(set(chosen.values())) == 3
        assert catalog.claim_keys(lease, wanted) == chosen

    def test_a_renamed_variant_takes_its_key_along(self, catalog: Catalog) -> None:
        """As variants that swap their keys do."""
        lease = begin(catalog, accept(catalog).run)
        catalog.claim_keys(lease, {"one": "1.jpg", "two": "2.jpg"})
        for wanted in (
            {"one": "2.jpg", "two": "1.jpg"},
            {"three": "1.jpg", "two": "2.jpg"},
            {"one": "1.jpg"},
        ):
            assert catalog.claim_keys(lease, wanted) == wanted

    def test_a_key_too_long_for_a_suffix_may_be_claimed(self, catalog: Catalog) -> None:
        """As long as it is free."""
        lease = begin(catalog, accept(catalog).run)
        wanted = {"small": "/".join(["d" * 200] * 5)}
        assert catalog.claim_keys(lease, wanted) == wanted

    # --- telling ---

    def test_what_is_unknown_is_not_found(self, catalog: Catalog) -> None:
        """Each with an error of its own."""
        with pytest.raises(ImageNotFoundError):
            catalog.image(new_image_id())
        with pytest.raises(ImageNotFoundError):
            catalog.image_by_key("a")
        with pytest.raises(VariantNotFoundError):
            catalog.variant_by_key("a")
        with pytest.raises(JobNotFoundError):
            catalog.job("job_unknown")
        assert catalog.failures("job_unknown") == ()
        assert catalog.attempts("job_unknown") == ()

    def test_what_is_asked_for_may_have_any_characters(self, catalog: Catalog) -> None:
        """It comes from outside, and nothing is known by it."""
        accept(catalog)
        for text in ("", "\0", "a\0b", "\n", "'", '"', "%", "\\", "😀", "\uffff"):
            with pytest.raises(ImageNotFoundError):
                catalog.image(text)
            with pytest.raises(ImageNotFoundError):
                catalog.image_by_key(text)
            with pytest.raises(VariantNotFoundError):
                catalog.variant_by_key(text)
            with pytest.raises(JobNotFoundError):
                catalog.job(text)
            with pytest.raises(JobNotFoundError):
                catalog.revive(text)
            with pytest.raises(JobNotFoundError):
                catalog.cancel(text)
            with pytest.raises(ApiKeyNotFoundError):
                catalog.revoke_key(text)
            assert catalog.key(text) is None
            assert catalog.repeated((text, text)) is None
            which = Which(job_id=text, code=text, prefix=text)
            assert catalog.dead_letters(which).items == ()
            assert catalog.redrive(which) == catalog.drop(which) == 0

    def test_an_original_may_have_any_name(self, catalog: Catalog) -> None:
        """Nobody but people reads it; what a database cannot keep of it is replaced."""
        for number, name in enumerate(("😀\n'\"\\%", "", "a" * 5000)):
            named = Original(f"originals/{number}", name, "v1", 1)
            accepted = catalog.accept(new_image_id(), named, RECIPE, enqueue=False)
            assert catalog.image(accepted.image.id).original == named
        cut = Original("originals/nul", "a\0b", "v1", 1)
        accepted = catalog.accept(new_image_id(), cut, RECIPE, enqueue=False)
        assert catalog.image(accepted.image.id).original.name in ("a\0b", "a\ufffdb")

    @pytest.mark.parametrize("limit", [1, 3, 4, 7, 50])
    def test_pages_hold_everything_once_newest_first(self, catalog: Catalog, limit: int) -> None:
        """What is added meanwhile moves nothing."""
        accepted = [done(catalog, f"originals/{number}") for number in range(7)]
        images: list[str] = []
        jobs: list[Job] = []
        image_cursor = job_cursor = None
        while not images or image_cursor:
            image_page = catalog.images(cursor=image_cursor, limit=limit)
            job_page = catalog.jobs(cursor=job_cursor, limit=limit)
            assert all(len(image.variants) == 1 for image in image_page.items)
            images += [image.id for image in image_page.items]
            jobs += job_page.items
            image_cursor, job_cursor = image_page.next, job_page.next
            accept(catalog, f"originals/new-{len(images)}")
        assert job_cursor is None
        assert images == [found.image.id for found in reversed(accepted)]
        assert [job.id for job in jobs] == [found.job.id for found in reversed(accepted)]

    def test_lists_may_be_of_one_state_and_of_a_time(self, catalog: Catalog) -> None:
        """From the first moment on, up to but not including the last."""
        accepted = [accept(catalog, f"originals/{number}").image for number in range(5)]
        job = catalog.job(accepted[2].job_id)
        begin(catalog, Run(job.id, 1))
        running = catalog.images(state=ImageState.RUNNING)
        assert [image.id for image in running.items] == [accepted[2].id]
        assert [found.id for found in catalog.jobs(state=ImageState.RUNNING).items] == [job.id]
        assert len(catalog.jobs(state=ImageState.QUEUED, limit=2).items) == 2
        since, until = accepted[1].created_at, accepted[4].created_at
        chosen = catalog.images(since=since, until=until, state=ImageState.QUEUED)
        assert [image.id for image in chosen.items] == [accepted[3].id, accepted[1].id]

    @pytest.mark.parametrize(
        "cursor", ["x", "é", "!!!!", "MTIz", "=", "a" * 5000, "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk"]
    )
    def test_a_cursor_that_is_none_is_refused(self, catalog: Catalog, cursor: str) -> None:
        """By every list."""
        with pytest.raises(ParameterInvalidError):
            catalog.images(cursor=cursor)
        with pytest.raises(ParameterInvalidError):
            catalog.jobs(cursor=cursor)
        with pytest.raises(ParameterInvalidError):
            catalog.dead_letters(cursor=cursor)

    @pytest.mark.parametrize(
        ("now", "expected"),
        [
            ("2026-02-28T12:00:00.000004", "2026-02-28T12:00:00.000005"),
            ("2026-03-01T00:00:00.000004", "2026-02-28T23:59:59.999999"),
            ("2026-02-27T23:59:59.999990", "2026-02-28T00:00:00"),
        ],
    )
    def test_what_is_new_counts_as_made_on_the_day_that_its_key_tells(
        self, catalog: Catalog, clock: Clock, now: str, expected: str
    ) -> None:
        """Midnight may have passed since the key was chosen, or another clock have chosen it."""
        clock.now = datetime.fromisoformat(f"{now}+00:00")
        day = date(2026, 2, 28)
        named = original("originals/2026/02/28/img_x/a.jpg")
        accepted = catalog.accept(new_image_id(), named, RECIPE, enqueue=False, day=day)
        assert accepted.image.created_at.isoformat() == f"{expected}+00:00"
        assert accepted.image.updated_at == clock.now
        assert accepted.job.created_at == accepted.image.created_at
        assert catalog.image(accepted.image.id) == accepted.image
        assert catalog.job(accepted.job.id).created_at == accepted.image.created_at
        since = datetime(2026, 2, 28, tzinfo=UTC)
        found = catalog.images(since=since, until=since + timedelta(days=1))
        assert [image.id for image in found.items] == [accepted.image.id]

    def test_times_are_in_utc_to_the_microsecond(self, catalog: Catalog, clock: Clock) -> None:
        """Whatever the zone of the clock."""
        clock.now = datetime.fromisoformat("2026-03-01T02:30:00.123455+05:30")
        job = catalog.job(accept(catalog).job.id)
        assert job.created_at.isoformat() == "2026-02-28T21:00:00.123456+00:00"

    def test_counts_name_every_state(self, catalog: Catalog) -> None:
        """Those without a job as well."""
        assert catalog.counts() == dict.fromkeys(ImageState, 0)
        done(catalog)
        accept(catalog, version="v2")
        accept(catalog, version="v3")
        expected = {ImageState.DONE: 1, ImageState.SUPERSEDED: 1, ImageState.QUEUED: 1}
        assert catalog.counts() == dict.fromkeys(ImageState, 0) | expected

    def test_check_changes_nothing(self, catalog: Catalog) -> None:
        """A catalog that can be written to passes, as often as it is asked."""
        catalog.check()
        catalog.check()
        assert catalog.images().items == ()

    # --- many at once ---

    def test_of_two_claims_of_one_run_only_the_last_may_write(self, catalog: Catalog) -> None:
        """However they meet."""
        for number in range(20):
            run = accept(catalog, f"originals/{number}").run
            assert run
            with ThreadPoolExecutor(2) as pool:
                leases = list(pool.map(catalog.claim, [run, run]))
            assert sorted(catalog.current(lease) for lease in leases if lease) == [False, True]

    def test_of_many_that_work_on_one_run_one_ends_it(self, catalog: Catalog) -> None:
        """Each may claim it; all but the last are fenced."""
        runs = [accept(catalog, f"originals/{number}").run for number in range(20)]

        def work(_: int) -> list[Run]:
            ended = []
            for run in runs:
                lease = catalog.claim(run) if run else None
                with suppress(LeaseLostError):
                    if lease:
                        catalog.finish(lease, ImageState.DONE)
                        ended.append(lease.run)
            return ended

        with ThreadPoolExecutor(4) as pool:
            ended = [run for found in pool.map(work, range(4)) for run in found]
        assert len(ended) == len(runs)
        assert set(ended) == set(runs)

    def test_an_upload_that_comes_many_times_at_once_is_accepted_once(
        self, catalog: Catalog
    ) -> None:
        """Though each of them would get a key of its own."""

        def send(number: int) -> Acceptance:
            return accept(catalog, f"originals/{number}", idempotency=("key", "print"))

        with ThreadPoolExecutor(8) as pool:
            accepted = list(pool.map(send, range(8)))
        assert sorted(found.repeated for found in accepted) == [False] + [True] * 7
        assert len({found.image.id for found in accepted}) == 1
        assert len(catalog.images().items) == 1

    def test_a_recipe_is_kept_once_by_processes_that_start_together(
        self, reopen: Callable[[], Catalog]
    ) -> None:
        """As the processes of a cluster do."""
        catalogs = [reopen() for _ in range(4)]
        for digest in "abcdefgh":
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(lambda known, d=digest: known.keep_recipe(d, "recipe"), catalogs))
            assert catalogs[0].recipe(digest) == "recipe"

    def test_many_threads_accept_many_images(self, catalog: Catalog) -> None:
        """Each of them once."""
        with ThreadPoolExecutor(50) as pool:
            accepted = list(pool.map(lambda n: accept(catalog, f"originals/{n}"), range(50)))
        assert len({found.image.id for found in accepted}) == 50
        assert all(found.run for found in accepted)
        assert catalog.counts()[ImageState.QUEUED] == 50

    def test_many_threads_accept_one_key(self, catalog: Catalog) -> None:
        """One image comes of it, and one job to run."""
        with ThreadPoolExecutor(16) as pool:
            accepted = list(pool.map(lambda n: accept(catalog, version=f"v{n}"), range(16)))
        assert len({found.image.id for found in accepted}) == 1
        image = catalog.image_by_key(original().key)
        queued = catalog.jobs(state=ImageState.QUEUED).items
        assert [job.id for job in queued] == [image.job_id]

    def test_many_threads_claim_the_keys_of_many_images(self, catalog: Catalog) -> None:
        """All want the same one, and all get another."""
        leases = [begin(catalog, accept(catalog, f"originals/{n}").run) for n in range(12)]
        with ThreadPoolExecutor(12) as pool:
            chosen = list(pool.map(lambda lease: catalog.claim_keys(lease, {"a": "a"}), leases))
        assert len({keys["a"] for keys in chosen}) == 12

    def test_readers_and_writers_do_not_disturb_each_other(self, catalog: Catalog) -> None:
        """What is read belongs together."""

        def write(name: str) -> None:
            for number in range(10):
                done(catalog, f"originals/{name}", f"v{number}")

        def read(_: int) -> None:
            for _ in range(50):
                for image in catalog.images().items:
                    assert image.id == catalog.image(image.id).id
                    made = {kept.original_version for kept in image.variants}
                    assert image.state is not ImageState.DONE or made == {image.original.version}

        with ThreadPoolExecutor(5) as pool:
            for ended in [pool.submit(write, name) for name in "abc"] + [
                pool.submit(read, number) for number in range(2)
            ]:
                ended.result()

"""The catalog's contract: images whose originals are gone, and what is removed with them."""

# ruff: noqa: D102 - the name of a test is its sentence

from collections.abc import Callable, Sequence

import pytest

from tintype.errors import (
    ImageNotFoundError,
    JobOutdatedError,
    LeaseLostError,
    VariantNotFoundError,
)
from tintype.model import ImageState
from tintype.ports.catalog import Acceptance, Catalog
from tintype.testing.catalog_setting import (
    FACTS,
    CatalogSetting,
    Clock,
    Enqueued,
    accept,
    begin,
    done,
    original,
    variant,
)

A_WHILE = 3600.0  # seconds; longer than any put takes


def made(catalog: Catalog, key: str = "originals/a.jpg", version: str = "v1") -> Acceptance:
    """Accept an original and finish its job with a variant whose key it has claimed."""
    accepted = accept(catalog, key, version)
    lease = begin(catalog, accepted.run)
    keys = catalog.claim_keys(lease, {"small": f"small/{key}"})
    shown = variant(key=keys["small"], version=version)
    catalog.finish(lease, ImageState.DONE, facts=FACTS, variants=[shown])
    return accepted


class RemovalContract(CatalogSetting):
    """What `remove`, `removals` and `removed` must do."""

    def test_an_image_that_is_removed_ends_as_gone_without_variants(
        self, catalog: Catalog, reopen: Callable[[], Catalog]
    ) -> None:
        image_id = made(catalog).image.id
        assert catalog.remove(image_id)
        for each in (catalog, reopen()):
            image = each.image(image_id)
            assert (image.state, image.variants) == (ImageState.GONE, ())
            with pytest.raises(ImageNotFoundError):
                each.image_by_key("originals/a.jpg")
            with pytest.raises(VariantNotFoundError):
                each.variant_by_key("small/originals/a.jpg")

    def test_an_image_is_removed_once(self, catalog: Catalog) -> None:
        image_id = made(catalog).image.id
        assert catalog.remove(image_id)
        assert not catalog.remove(image_id)
        with pytest.raises(ImageNotFoundError):
            catalog.remove("img_unknown")

    def test_only_the_version_that_is_meant_is_removed(self, catalog: Catalog) -> None:
        image_id = made(catalog).image.id
        newer = accept(catalog, version="v2")
        assert not catalog.remove(image_id, version="v1")
        assert catalog.image(image_id).state is ImageState.QUEUED
        assert catalog.remove(image_id, version="v2")
        assert catalog.job(newer.job.id).state is ImageState.GONE
        assert catalog.claim(newer.run or pytest.fail("it is to be started")) is None

    def test_a_job_that_ended_stays_as_it_ended(self, catalog: Catalog) -> None:
        accepted = made(catalog)
        catalog.remove(accepted.image.id)
        assert catalog.job(accepted.job.id).state is ImageState.DONE

    def test_a_run_under_way_writes_nothing_more(self, catalog: Catalog) -> None:
        accepted = accept(catalog)
        lease = begin(catalog, accepted.run)
        assert catalog.remove(accepted.image.id)
        assert not catalog.current(lease)
        with pytest.raises(LeaseLostError):
            catalog.claim_keys(lease, {"small": "small/a.jpg"})
        with pytest.raises(LeaseLostError):
            catalog.finish(lease, ImageState.DONE, variants=[variant()])
        assert catalog.job(accepted.job.id).state is ImageState.GONE
        assert [each.error for each in catalog.attempts(accepted.job.id)] == [None]

    def test_neither_the_run_of_an_older_version_nor_the_one_that_waits_for_it_goes_on(
        self, catalog: Catalog
    ) -> None:
        older = accept(catalog)
        lease = begin(catalog, older.run)
        newer = accept(catalog, version="v2")
        catalog.remove(newer.image.id)
        with pytest.raises(LeaseLostError):
            catalog.finish(lease, ImageState.DONE)
        states = [catalog.job(each.job.id).state for each in (older, newer)]
        assert states == [ImageState.SUPERSEDED, ImageState.GONE]
        assert catalog.backlog().queued == catalog.backlog().running == 0

    def test_the_key_is_free_for_a_new_image(self, catalog: Catalog) -> None:
        first = accept(catalog)
        lease = begin(catalog, first.run)
        catalog.remove(first.image.id)
        second = made(catalog)
        assert second.image.id != first.image.id
        assert catalog.image_by_key("originals/a.jpg").state is ImageState.DONE
        catalog.repair(lease.run, [variant()])
        assert catalog.image(first.image.id).variants == ()

    def test_what_was_claimed_is_to_be_removed_and_the_original_where_that_is_asked(
        self, catalog: Catalog
    ) -> None:
        kept, removed = made(catalog, "originals/a.jpg"), made(catalog, "originals/b.jpg")
        assert catalog.removals() == ()
        catalog.remove(kept.image.id)
        catalog.remove(removed.image.id, original=True)
        found = [(each.image_id, each.keys, each.original) for each in catalog.removals()]
        assert found == [
            (kept.image.id, ("small/originals/a.jpg",), None),
            (removed.image.id, ("small/originals/b.jpg",), original("originals/b.jpg")),
        ]
        assert len(catalog.removals(limit=1)) == 1

    def test_a_job_that_ends_as_gone_leaves_its_objects_to_be_removed(
        self, catalog: Catalog
    ) -> None:
        made(catalog)
        newer = accept(catalog, version="v2")
        catalog.finish(begin(catalog, newer.run), ImageState.GONE)
        assert catalog.image(newer.image.id).variants == ()
        (removal,) = catalog.removals()
        assert (removal.keys, removal.original) == (("small/originals/a.jpg",), None)

    def test_objects_are_removed_once_more_a_while_later_and_their_keys_given_up_then(
        self, catalog: Catalog, clock: Clock
    ) -> None:
        gone = made(catalog)
        catalog.remove(gone.image.id, original=True)
        (first,) = catalog.removals()
        catalog.removed(first)
        assert catalog.removals() == ()
        other = accept(catalog, "originals/other.jpg")
        lease = begin(catalog, other.run)
        wanted = {"small": "small/originals/a.jpg"}
        assert catalog.claim_keys(lease, wanted) != wanted  # a put may still come late
        clock.advance(A_WHILE)
        (second,) = catalog.removals()
        assert (second.keys, second.original) == (first.keys, None)
        catalog.removed(second)
        clock.advance(A_WHILE)
        assert catalog.removals() == ()
        third = begin(catalog, accept(catalog, "originals/third.jpg").run)
        assert catalog.claim_keys(third, wanted) == wanted

    def test_two_that_remove_the_same_do_not_spare_the_second_time(
        self, catalog: Catalog, clock: Clock
    ) -> None:
        catalog.remove(made(catalog).image.id)
        (one,), (other,) = catalog.removals(), catalog.removals()
        catalog.removed(one)
        catalog.removed(other)
        clock.advance(A_WHILE)
        assert len(catalog.removals()) == 1

    def test_what_was_put_late_is_removed_again(self, catalog: Catalog, clock: Clock) -> None:
        accepted = accept(catalog)
        lease = begin(catalog, accepted.run)
        catalog.claim_keys(lease, {"small": "small/a.jpg"})
        catalog.remove(accepted.image.id)
        catalog.removed(catalog.removals()[0])
        clock.advance(A_WHILE)
        (last,) = catalog.removals()
        catalog.repair(lease.run, [variant()])
        catalog.removed(last)  # which does not know of it
        (again,) = catalog.removals()
        assert again.keys == ("small/a.jpg",)

    def test_an_image_is_brought_back_when_its_objects_have_been_removed(
        self, catalog: Catalog, clock: Clock
    ) -> None:
        gone = done(catalog)
        catalog.remove(gone.image.id)
        with pytest.raises(JobOutdatedError, match="just being removed"):
            catalog.revive(gone.job.id)
        catalog.removed(catalog.removals()[0])
        assert catalog.revive(gone.job.id).state is ImageState.QUEUED
        clock.advance(A_WHILE)
        assert catalog.removals() == ()

    def test_what_was_made_again_and_then_removed_is_made_once_more(
        self, catalog: Catalog, enqueued: Callable[[], Sequence[Enqueued]]
    ) -> None:
        gone = made(catalog)
        catalog.remove(gone.image.id)
        (one,), (slow,) = catalog.removals(), catalog.removals()
        catalog.removed(one)
        catalog.revive(gone.job.id)
        lease = begin(catalog, enqueued()[-1].run)
        catalog.removed(slow)  # it knew nothing of the revival
        catalog.finish(lease, ImageState.DONE, facts=FACTS, variants=[variant()])
        assert len(enqueued()) == 2
        catalog.finish(begin(catalog, enqueued()[-1].run), ImageState.DONE, variants=[variant()])
        assert len(enqueued()) == 2

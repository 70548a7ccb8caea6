"""The catalog's contract: history that is forgotten."""

# ruff: noqa: D102 - the name of a test is its sentence

import pytest

from tintype.errors import ImageNotFoundError, JobNotFoundError
from tintype.model import ImageState
from tintype.ports.catalog import Catalog
from tintype.testing.catalog_setting import FACTS, CatalogSetting, Clock, accept, begin, done

DAY = 24 * 3600.0


class HistoryContract(CatalogSetting):
    """What `sweep` and `forget` must do."""

    def test_jobs_that_were_replaced_long_ago_are_forgotten(
        self, catalog: Catalog, clock: Clock
    ) -> None:
        first, second = done(catalog), done(catalog, version="v2")
        waiting = accept(catalog, version="v3")
        clock.advance(DAY)
        third = done(catalog, version="v4")
        assert catalog.sweep(DAY / 2) == 2
        for job in (first.job, second.job):
            with pytest.raises(JobNotFoundError):
                catalog.job(job.id)
            assert catalog.attempts(job.id) == ()
        assert catalog.job(waiting.job.id).state is ImageState.SUPERSEDED
        assert catalog.job(third.job.id).state is ImageState.DONE
        assert catalog.image(third.image.id).variants
        assert catalog.sweep(DAY / 2) == 0

    def test_the_present_job_of_an_image_that_lives_is_kept(
        self, catalog: Catalog, clock: Clock
    ) -> None:
        accepted = done(catalog)
        clock.advance(1000 * DAY)
        assert catalog.sweep(DAY) == 0
        assert catalog.job(accepted.job.id).state is ImageState.DONE

    def test_a_job_that_came_back_is_no_history(self, catalog: Catalog, clock: Clock) -> None:
        first = done(catalog)
        done(catalog, version="v2")
        again = accept(catalog)
        assert again.job.id == first.job.id
        clock.advance(DAY)
        catalog.sweep(DAY / 2)
        catalog.finish(begin(catalog, again.run), ImageState.DONE, facts=FACTS)
        assert catalog.job(first.job.id).state is ImageState.DONE

    def test_a_job_that_still_runs_is_kept(self, catalog: Catalog, clock: Clock) -> None:
        lease = begin(catalog, accept(catalog).run)
        newer = accept(catalog, version="v2")
        clock.advance(DAY)
        assert catalog.sweep(DAY / 2) == 0
        following = catalog.finish(lease, ImageState.DONE)
        assert following == newer.run or following
        assert catalog.sweep(DAY / 2) == 1

    def test_an_image_that_has_been_gone_for_long_is_forgotten_with_all_its_jobs(
        self, catalog: Catalog, clock: Clock
    ) -> None:
        older, newer = done(catalog), done(catalog, version="v2")
        key = ("upload-1", "fingerprint")
        other = accept(catalog, "originals/b.jpg", idempotency=key)
        for image in (newer.image, other.image):
            catalog.remove(image.id)
        clock.advance(DAY)
        assert catalog.sweep(DAY / 2) == 1, "their objects may still be there; the old job is not"
        for _ in range(2):
            for removal in catalog.removals():
                catalog.removed(removal)
            clock.advance(DAY)
        assert catalog.sweep(DAY / 2) == 2
        for accepted in (older, newer, other):
            with pytest.raises(ImageNotFoundError):
                catalog.image(accepted.image.id)
            with pytest.raises(JobNotFoundError):
                catalog.job(accepted.job.id)
        assert catalog.repeated(key) is None
        assert done(catalog).image.id != newer.image.id  # the key can be used again

    def test_an_idempotency_key_is_forgotten_after_a_while(
        self, catalog: Catalog, clock: Clock
    ) -> None:
        old, new = ("old", "fingerprint"), ("new", "fingerprint")
        first = accept(catalog, idempotency=old)
        clock.advance(DAY)
        accept(catalog, "originals/b.jpg", idempotency=new)
        assert catalog.forget(DAY / 2) == 1
        assert catalog.forget(DAY / 2) == 0
        assert catalog.repeated(old) is None
        assert catalog.repeated(new)
        assert catalog.image(first.image.id).id == first.image.id

    def test_so_much_is_forgotten_at_once(self, catalog: Catalog, clock: Clock) -> None:
        for version in ("v1", "v2", "v3", "v4"):
            done(catalog, version=version)
        clock.advance(DAY)
        assert [catalog.sweep(DAY / 2, limit=2) for _ in range(3)] == [2, 1, 0]

"""One attempt at a job, from its claim to its end."""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import structlog

from tintype.errors import (
    Fault,
    HostDiedError,
    InternalError,
    LeaseLostError,
    ObjectMissingError,
    OriginalChangedError,
    StoreFailedError,
    TintypeError,
)
from tintype.imaging.sandbox import Sandbox
from tintype.model import Failure, ImageState, Run
from tintype.pipeline import steps
from tintype.pipeline.bulletin import Bulletin
from tintype.pipeline.endings import tell_end
from tintype.pipeline.plan import retry_delay, verdict
from tintype.pipeline.record import Record
from tintype.ports.catalog import Catalog, Lease
from tintype.ports.monitor import Monitor
from tintype.ports.store import Store
from tintype.recipe.schema import Recipe, Retry

log = structlog.get_logger()

# The death of a process is no attempt: it dies of a power cut, of an upgrade. An attempt during
# which it has died this often is not that unlucky, nor was it by chance beside another's.
_MOST_DEATHS = 100


class Worker:
    """Works on jobs, one attempt at a time in each thread that asks.

    All of it may be done again after a crash: keys are deterministic, objects are written before
    they are recorded, and a run whose lease was taken over writes nothing more.

    Each job runs the recipe it was accepted with; how often it is tried again, and what caches may
    do with its variants, is decided by `retry` and `cache_control`, those of the recipe in force.
    """

    def __init__(
        self,
        *,
        catalog: Catalog,
        originals: Store,
        variants: Store,
        sandbox: Sandbox,
        bulletin: Bulletin,
        monitor: Monitor,
        retry: Retry,
        cache_control: str,
        jitter: Callable[[], float],
    ) -> None:
        self._catalog = catalog
        self._originals = originals
        self._variants = variants
        self._sandbox = sandbox
        self._bulletin = bulletin
        self._monitor = monitor
        self._retry = retry
        self._cache_control = cache_control
        self._jitter = jitter
        self._recipe = lru_cache(maxsize=16)(self._load_recipe)  # jobs of one recipe share it

    def work(self, run: Run, *, begun: int = 0) -> Run | None:
        """Run one attempt; returns the run that waited for the same key, if any.

        `begun` is how often this very process has begun it before, and could not record its end.

        Every outcome is recorded: done, rejected, superseded, a next attempt or dead. What is
        raised from here is a failure to record, and the run will be tried again.
        """
        lease = self._catalog.claim(run)
        if lease is None:
            log.info("run.skipped", run=run.id)
            if begun:  # what it has put is known to nobody
                self._catalog.repair(run, ())
            return None
        with self._monitor.attempt(lease.job, run.attempt):
            return self._attempt(lease, lease.deaths - begun)

    def _attempt(self, lease: Lease, deaths: int) -> Run | None:
        record = Record(lease.run.attempt, self._monitor.step)
        if deaths > _MOST_DEATHS:
            failure = Failure.of(HostDiedError())
            return self._end(lease, record, ImageState.DEAD, failure=failure)
        try:
            self._make(lease, record)
        except LeaseLostError:
            return self._end(lease, record, ImageState.SUPERSEDED)
        except OriginalChangedError as error:
            return self._follow(lease, record, error)
        except ObjectMissingError:
            return self._end(lease, record, ImageState.GONE)
        except TintypeError as error:
            for note in getattr(error, "__notes__", ()):  # a decoder's traceback
                log.warning("decoder.failed", job=lease.job.id, code=error.code, exception=note)
            return self._fail(lease, record, error)
        except Exception:
            log.exception("job.crashed", job=lease.job.id, image=lease.job.image_id)
            return self._fail(lease, record, InternalError())
        return self._end(lease, record, ImageState.DONE)

    def _make(self, lease: Lease, record: Record) -> None:
        job = lease.job
        recipe = self._recipe(job.recipe_digest)
        with self._sandbox.folder() as folder:
            steps.fetch(self._originals, job.original, recipe.originals.max_bytes, folder)
            rendered = steps.render(self._sandbox, recipe, folder, record)
            wanted = steps.variant_keys(recipe, job, rendered)
            with record.step("record"):
                keys = self._catalog.claim_keys(lease, wanted)
                steps.store(
                    self._catalog,
                    self._variants,
                    lease,
                    keys,
                    rendered.files,
                    folder,
                    self._cache_control,
                    record,
                )

    def _fail(self, lease: Lease, record: Record, error: TintypeError) -> Run | None:
        job = lease.job
        meaning = verdict(error, self._catalog.failures(job.id))
        failure = Failure.of(meaning)
        if meaning.fault is Fault.IMAGE:
            return self._end(lease, record, ImageState.REJECTED, failure=failure)
        tries = lease.run.attempt - job.forgiven
        if not meaning.retryable or tries >= self._retry.max_attempts:
            return self._end(lease, record, ImageState.DEAD, failure=failure)
        away = isinstance(meaning, StoreFailedError)
        delay = retry_delay(self._retry, tries, self._jitter(), away=away)
        try:
            self._catalog.retry(
                lease, failure, delay=delay, variants=record.variants, steps=record.steps
            )
        except LeaseLostError:
            self._overtaken(lease, record)
            return None
        self._monitor.attempted(job, failure)
        log.warning(
            "job.retried",
            job=job.id,
            image=job.image_id,
            attempt=lease.run.attempt,
            code=failure.code,
            detail=failure.detail,
            delay=round(delay, 1),
        )
        return None

    def _follow(self, lease: Lease, record: Record, error: OriginalChangedError) -> Run | None:
        """The store holds another version than this job is for: that one is to be made instead."""
        job = lease.job
        found = replace(job.original, version=error.found_version, size=error.found_size)
        if self._catalog.current(lease):
            self._catalog.accept(
                job.image_id,
                found,
                job.recipe_digest,
                enqueue=False,
                priority=job.priority,
                event=job.event,
                trace=job.trace,
            )
        return self._end(lease, record, ImageState.SUPERSEDED)

    def _end(
        self,
        lease: Lease,
        record: Record,
        state: ImageState,
        *,
        failure: Failure | None = None,
    ) -> Run | None:
        try:
            following = self._catalog.finish(
                lease,
                state,
                facts=record.facts,
                variants=record.variants,
                steps=record.steps,
                error=failure,
            )
        except LeaseLostError:
            self._overtaken(lease, record)
            return None
        job = lease.job
        self._bulletin.post(job.image_id)
        self._monitor.attempted(job, failure)
        self._monitor.ended(job, state, record.variants)
        tell_end(job, lease.run.attempt, state, failure)
        return following

    def _overtaken(self, lease: Lease, record: Record) -> None:
        """Leave what this run did to the one that has the key by now, which must see nothing of it.

        A put that was under way when this process was taken for dead may have come late.
        """
        shown = {made: steps.shown(self._variants, made) for made in record.variants}
        late = tuple(made for made in shown if shown[made])
        wrote = bool(late) or record.unsure or None in shown.values()
        if wrote:
            self._catalog.repair(lease.run, late)
        log.info("run.overtaken", run=lease.run.id, wrote=wrote)

    def _load_recipe(self, digest: str) -> Recipe:
        return Recipe.from_json(self._catalog.recipe(digest))

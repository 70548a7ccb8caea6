"""The catalog port on a SQL database."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa

from tintype.adapters.sql import (
    accepting,
    api_keys,
    claiming,
    dead_letters,
    reading,
    removing,
    reviving,
    running,
    sessions,
    shared_secrets,
    sweeping,
)
from tintype.adapters.sql.accepting import Arrival, Enqueue
from tintype.adapters.sql.engines import Transactions
from tintype.adapters.sql.locks import lock_key, lock_matter
from tintype.adapters.sql.schema import RECIPES
from tintype.adapters.sql.shared_secrets import MARK_OF
from tintype.model import (
    ApiKey,
    Attempt,
    Event,
    Facts,
    Failure,
    Image,
    ImageState,
    Job,
    Original,
    Page,
    Priority,
    Run,
    Step,
    Variant,
)
from tintype.ports.catalog import Acceptance, Backlog, Lease, Removal, Which

_KNOWN_RECIPE = sa.select(RECIPES.c.digest).where(RECIPES.c.digest == sa.bindparam("digest"))
_TRIAL_DIGEST = "trial"
_ALL = Which()


def _now() -> datetime:
    return datetime.now(UTC)


class SqlCatalog:
    """The catalog in a database that `migrate` has prepared; safe for threads and processes.

    `enqueue` puts a run into the engine's queue within the transaction of the connection it is
    given, to start after so many seconds at the earliest, ahead of those of a lower priority; what
    it raises undoes the transaction.
    `clock` tells the time, aware of its zone.
    """

    def __init__(
        self, engine: sa.Engine, enqueue: Enqueue, *, clock: Callable[[], datetime] = _now
    ) -> None:
        self._transactions = Transactions(engine)
        self._enqueue = enqueue
        self._clock = clock

    def keep_recipe(self, digest: str, content: str) -> None:
        """Keep a resolved recipe by its digest; a digest that is known stays as it is."""
        with self._transactions.commit() as connection:
            lock_matter(connection, "recipe", digest)
            if connection.execute(_KNOWN_RECIPE, {"digest": digest}).first() is None:
                connection.execute(RECIPES.insert(), {"digest": digest, "content": content})

    def recipe(self, digest: str) -> str:
        """The resolved recipe of a digest; raises NotFoundError."""
        with self._transactions.glance() as connection:
            return reading.recipe(connection, digest)

    def accept(
        self,
        image_id: str,
        original: Original,
        recipe_digest: str,
        *,
        enqueue: bool,
        idempotency: tuple[str, str] | None = None,
        priority: Priority = Priority.NORMAL,
        event: Event | None = None,
        trace: str | None = None,
        day: date | None = None,
    ) -> Acceptance:
        """Commit to working on an original: the only write that starts new work."""
        arrival = Arrival(original, recipe_digest, priority, event, trace, day)
        with self._transactions.commit() as connection:
            return accepting.accept(
                connection,
                self._clock(),
                image_id,
                arrival,
                enqueue=self._enqueue if enqueue else None,
                idempotency=idempotency,
            )

    def repeated(self, idempotency: tuple[str, str]) -> Acceptance | None:
        """What was accepted for this key and fingerprint before, if anything."""
        with self._transactions.read() as connection:
            return accepting.repeated(connection, idempotency)

    def waits(self, key: str) -> bool:
        """Whether a job of an original's key waits, whose place a newer version would take."""
        with self._transactions.glance() as connection:
            return reading.waits(connection, key)

    def knows(self, key: str) -> bool:
        """Whether a live image has its original at this key, also one that is being committed."""
        with self._transactions.write() as connection:
            lock_key(connection, key)
            return reading.known(connection, key)

    def claim(self, run: Run) -> Lease | None:
        """Begin or resume a run; None where it must not go on."""
        with self._transactions.write() as connection:
            return running.claim(connection, self._clock(), run)

    def current(self, lease: Lease) -> bool:
        """Whether the lease is the newest of its key and no newer version of the original waits."""
        with self._transactions.glance() as connection:
            return running.current(connection, lease)

    def claim_keys(self, lease: Lease, wanted: Mapping[str, str]) -> Mapping[str, str]:
        """Claim a key for each variant name, before anything is written there."""
        with self._transactions.write() as connection:
            return claiming.claim_keys(connection, lease, wanted)

    def finish(
        self,
        lease: Lease,
        state: ImageState,
        *,
        facts: Facts | None = None,
        variants: Sequence[Variant] = (),
        steps: Sequence[Step] = (),
        error: Failure | None = None,
    ) -> Run | None:
        """End the job in a final state; returns the run that waited for this key, if any."""
        if not state.final:
            raise ValueError(f"{state} is no end")
        with self._transactions.write() as connection:
            return running.finish(
                connection,
                self._clock(),
                lease,
                state,
                facts=facts,
                variants=variants,
                steps=steps,
                error=error,
                enqueue=self._enqueue,
            )

    def retry(
        self,
        lease: Lease,
        error: Failure,
        *,
        delay: float,
        variants: Sequence[Variant] = (),
        steps: Sequence[Step] = (),
    ) -> None:
        """Record a failed attempt and enqueue the next, after `delay` seconds."""
        with self._transactions.write() as connection:
            running.retry(
                connection,
                self._clock(),
                lease,
                error,
                delay=delay,
                variants=variants,
                steps=steps,
                enqueue=self._enqueue,
            )

    def repair(self, run: Run, variants: Sequence[Variant]) -> None:
        """Have variants made again that a run may have written after its lease was lost."""
        with self._transactions.commit() as connection:
            reviving.repair(connection, self._clock(), run, variants, self._enqueue)

    def failures(self, job_id: str) -> tuple[Failure, ...]:
        """Why each failed attempt that still counts failed, first to last."""
        with self._transactions.glance() as connection:
            return reading.failures(connection, job_id)

    def attempts(self, job_id: str) -> tuple[Attempt, ...]:
        """Every attempt of a job that has ended, first to last, forgiven ones too."""
        with self._transactions.glance() as connection:
            return reading.attempts(connection, job_id)

    def revive(self, job_id: str) -> Job:
        """Enqueue the next attempt of a job that has ended, with all its tries before it."""
        with self._transactions.commit() as connection:
            return reviving.revive(connection, self._clock(), job_id, self._enqueue)

    def cancel(self, job_id: str) -> Run | None:
        """End a job that has not ended; returns the run that waited for its key, if any."""
        with self._transactions.commit() as connection:
            return reviving.cancel(connection, self._clock(), job_id)

    def remove(self, image_id: str, *, version: str | None = None, original: bool = False) -> bool:
        """Have an image end as gone, and its objects be removed; False where nothing changed."""
        with self._transactions.commit() as connection:
            return removing.remove(
                connection, self._clock(), image_id, version=version, original=original
            )

    def removals(self, limit: int = 100) -> tuple[Removal, ...]:
        """The objects that are to be removed by now, those that were due first come first."""
        with self._transactions.read() as connection:
            return removing.removals(connection, self._clock(), limit)

    def removed(self, removal: Removal) -> None:
        """Note that the objects of a removal are removed."""
        with self._transactions.write() as connection:
            removing.removed(connection, self._clock(), removal, self._enqueue)

    def dead_letters(
        self, which: Which = _ALL, *, cursor: str | None = None, limit: int = 50
    ) -> Page[Job]:
        """Jobs that failed their last attempt and were neither revived nor dropped since."""
        with self._transactions.glance() as connection:
            return dead_letters.dead_letters(connection, which, cursor=cursor, limit=limit)

    def redrive(self, which: Which, limit: int = 500) -> int:
        """Revive up to `limit` dead letters, oldest first, in one transaction; returns how many."""
        with self._transactions.commit() as connection:
            return dead_letters.redrive(connection, self._clock(), which, limit, self._enqueue)

    def drop(self, which: Which, limit: int = 500) -> int:
        """Take up to `limit` dead letters off the list, oldest first; returns how many."""
        with self._transactions.commit() as connection:
            return dead_letters.drop(connection, self._clock(), which, limit)

    def overdue(self, older_than: float, limit: int = 100) -> tuple[Run, ...]:
        """Runs that a caller was to start and did not within `older_than` seconds."""
        with self._transactions.glance() as connection:
            return running.overdue(connection, self._clock(), older_than, limit)

    def sweep(self, older_than: float, limit: int = 500) -> int:
        """Forget up to about `limit` jobs and images that ended longer ago than this."""
        before = self._clock() - timedelta(seconds=older_than)
        with self._transactions.write() as connection:
            return sweeping.sweep(connection, before, limit)

    def forget(self, older_than: float, limit: int = 500) -> int:
        """Forget up to `limit` idempotency keys that came longer ago; returns how many."""
        before = self._clock() - timedelta(seconds=older_than)
        with self._transactions.write() as connection:
            return sweeping.forget(connection, before, limit)

    def image(self, image_id: str) -> Image:
        """One image with its variants; raises ImageNotFoundError."""
        with self._transactions.read() as connection:
            return reading.image(connection, image_id)

    def image_by_key(self, key: str) -> Image:
        """The live image of an original's key; raises ImageNotFoundError."""
        with self._transactions.read() as connection:
            return reading.image_by_key(connection, key)

    def versions(self, keys: Sequence[str]) -> Mapping[str, str]:
        """The versions of the originals at these keys, as far as images are live."""
        with self._transactions.glance() as connection:
            return reading.versions(connection, keys)

    def original_keys(
        self, prefix: str = "", *, cursor: str | None = None, limit: int = 1000
    ) -> Page[str]:
        """The keys of live images' originals that begin with a prefix, in the order of ids."""
        with self._transactions.glance() as connection:
            return reading.original_keys(connection, prefix, cursor, limit)

    def images(
        self,
        *,
        cursor: str | None = None,
        limit: int = 50,
        state: ImageState | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Page[Image]:
        """Images, newest first; raises ParameterInvalidError for a bad cursor."""
        with self._transactions.read() as connection:
            return reading.images(
                connection, cursor=cursor, limit=limit, state=state, since=since, until=until
            )

    def variant_by_key(self, key: str) -> tuple[Image, Variant]:
        """The variant stored under a key, with its image; raises VariantNotFoundError."""
        with self._transactions.read() as connection:
            return reading.variant_by_key(connection, key)

    def job(self, job_id: str) -> Job:
        """One job with its steps; raises JobNotFoundError."""
        with self._transactions.read() as connection:
            return reading.job(connection, job_id)

    def jobs(
        self, *, cursor: str | None = None, limit: int = 50, state: ImageState | None = None
    ) -> Page[Job]:
        """Jobs without their steps, newest first; raises ParameterInvalidError for a bad cursor."""
        with self._transactions.glance() as connection:
            return reading.jobs(connection, cursor=cursor, limit=limit, state=state)

    def counts(self) -> Mapping[ImageState, int]:
        """How many jobs are in each state."""
        with self._transactions.glance() as connection:
            return reading.counts(connection)

    def backlog(self) -> Backlog:
        """What waits and what runs, counted now: that takes the longer, the more waits."""
        with self._transactions.glance() as connection:
            return reading.backlog(connection)

    def keep_key(self, key: ApiKey, digest: str) -> None:
        """Keep a new API key, to be found by the digest of its secret."""
        with self._transactions.commit() as connection:
            api_keys.keep(connection, key, digest)

    def key(self, digest: str) -> ApiKey | None:
        """The API key with this digest, be it expired or revoked, or None."""
        with self._transactions.glance() as connection:
            return api_keys.find(connection, digest)

    def keys(self) -> tuple[ApiKey, ...]:
        """Every API key, newest first."""
        with self._transactions.glance() as connection:
            return api_keys.every(connection)

    def revoke_key(self, key_id: str) -> ApiKey:
        """Let an API key open nothing from now on; raises ApiKeyNotFoundError."""
        with self._transactions.commit() as connection:
            return api_keys.revoke(connection, self._clock(), key_id)

    def touch_key(self, key_id: str, used_at: datetime) -> None:
        """Note that an API key was used; what was used later stays so."""
        with self._transactions.write() as connection:
            api_keys.touch(connection, key_id, used_at)

    def keep_session(self, digest: str, key_id: str, expires_at: datetime) -> None:
        """Keep a session that began with an API key, and forget every one whose time is over."""
        with self._transactions.write() as connection:
            sessions.keep(connection, self._clock(), digest, key_id, expires_at)

    def session_key(self, digest: str) -> ApiKey | None:
        """The API key with which the session of this digest began; None once its time is over."""
        with self._transactions.glance() as connection:
            return sessions.key(connection, self._clock(), digest)

    def end_session(self, digest: str) -> None:
        """Forget a session, where there is one."""
        with self._transactions.commit() as connection:
            sessions.end(connection, digest)

    def secrets(self, name: str) -> tuple[str, ...]:
        """The secrets that all processes share under a name, newest first; two at the most."""
        with self._transactions.glance() as connection:
            known = shared_secrets.known(connection, name)
        if known:
            return known
        with self._transactions.commit() as connection:
            return shared_secrets.made(connection, self._clock(), name)

    def rotate_secret(self, name: str) -> None:
        """Make a new secret; the newest one until now stays, those before it go."""
        with self._transactions.commit() as connection:
            shared_secrets.rotate(connection, self._clock(), name)

    def store_mark(self, role: str) -> str | None:
        """The mark by which the store of this role is known; None before there is one."""
        with self._transactions.glance() as connection:
            return next(iter(shared_secrets.known(connection, MARK_OF + role)), None)

    def keep_store_mark(self, role: str, mark: str) -> str:
        """Know the store of this role by a mark, unless it is known by another; returns which."""
        with self._transactions.commit() as connection:
            return shared_secrets.keep(connection, self._clock(), MARK_OF + role, mark)

    def check(self) -> None:
        """Raise CatalogFailedError unless the catalog can be written to now."""
        with self._transactions.write() as connection:
            connection.execute(RECIPES.insert(), {"digest": _TRIAL_DIGEST, "content": ""})
            connection.execute(RECIPES.delete().where(RECIPES.c.digest == _TRIAL_DIGEST))

"""The catalog port: what is known of images, jobs and variants."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

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


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What `accept` decided."""

    image: Image
    job: Job
    run: Run | None  # to be started now by the caller; None where it is enqueued or must wait
    repeated: bool = False  # the same Idempotency-Key brought the same upload before


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on a job's key, while nobody else has taken it."""

    run: Run
    job: Job  # without its steps
    token: int  # grows with every lease of the key; a write under an older token is refused
    deaths: int = 0  # how often the process died that was at this attempt

    @property
    def key(self) -> str:
        """The key of the job's original, which one job at a time works on."""
        return self.job.original.key


@dataclass(frozen=True, slots=True)
class Which:
    """Which dead letters are meant: those to which all that is given applies."""

    job_id: str | None = None
    code: str | None = None  # of the failure
    prefix: str = ""  # of the original's key
    since: datetime | None = None  # failed at, inclusive
    until: datetime | None = None  # failed at, exclusive


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits and what runs."""

    queued: int
    running: int
    dead: int  # dead letters
    oldest: datetime | None  # since when the job waits that waits longest


@dataclass(frozen=True, slots=True)
class Removal:
    """Objects of an image that is gone, which have to be removed."""

    image_id: str
    keys: tuple[str, ...]  # of variants: all that were ever claimed, be anything there or not
    original: Original | None  # where it is to be removed too, if it is still this version
    due_at: datetime  # tells this time of removing them from the next


class Catalog(Protocol):
    """What is known of images, jobs and variants.

    Every change is one transaction. Every method raises CatalogFailedError where trying again may
    cure it. Times are UTC.
    """

    def keep_recipe(self, digest: str, content: str) -> None:
        """Keep a resolved recipe by its digest; a digest that is known stays as it is."""
        ...

    def recipe(self, digest: str) -> str:
        """The resolved recipe of a digest; raises NotFoundError."""
        ...

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
        """Commit to working on an original: the only write that starts new work.

        A live image with the original's key gets a new version (its id wins over `image_id`), and
        its queued or dead job is superseded; else a new image is made. The same version and recipe
        as the image's present job change nothing; a version and recipe that come back later are
        made again, as the next attempt of their job. While another job of the key runs, the new job
        waits for `finish` to hand over. With `enqueue` the run is enqueued in the same transaction;
        without it, the caller starts the returned run. `idempotency` is a key and a
        fingerprint of the upload: raises IdempotencyConflictError where the key came with another.
        Every later attempt has the job's `priority`; `event` and `trace` are kept with the job.
        `day` (UTC) is the one that the key tells: what is new counts as made on it, should midnight
        have passed since. The transaction is on disk when this returns.
        """
        ...

    def repeated(self, idempotency: tuple[str, str]) -> Acceptance | None:
        """What was accepted for this key and fingerprint before, if anything.

        Raises IdempotencyConflictError where the key came with another fingerprint.
        """
        ...

    def waits(self, key: str) -> bool:
        """Whether a job of an original's key waits, whose place a newer version would take."""
        ...

    def knows(self, key: str) -> bool:
        """Whether a live image has its original at this key.

        An `accept` of the key that is being committed is waited for, though its caller has failed.
        """
        ...

    def claim(self, run: Run) -> Lease | None:
        """Begin or resume a run: take the lease of its key and mark its job running.

        None where the run must not go on: its job is final or has a later attempt, or another
        job of the key is running (then the job waits for `finish`, and goes on with the next
        number: an engine never runs an id again). A run that was begun before gets a new, higher
        token, and its lease says how often that has happened.
        """
        ...

    def current(self, lease: Lease) -> bool:
        """Whether the lease is the newest of its key and no newer version of the original waits."""
        ...

    def claim_keys(self, lease: Lease, wanted: Mapping[str, str]) -> Mapping[str, str]:
        """Claim a key for each of an image's files, before anything is written there.

        `wanted` has the keys by what the files are called: anything that tells those of one image
        apart, and stays the same when the image is made again.

        Where a key belongs to another image, `-` and 8 characters of the image's id are put before
        its extension, and the whole id where that key is taken too. The same image always gets the
        same keys, and its files never the same one. Raises LeaseLostError where the lease is
        not `current`, and KeyTakenError where every key is taken.
        """
        ...

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
        """End the job in a final state; returns the run that waited for this key, if any.

        DONE replaces the image's variants by `variants`. In any other state these are what was put
        before the job failed, over the image's older ones: they take the place of those under their
        keys, and the others stay. The steps are kept
        as this attempt's. A job whose version is no longer the newest may end too: it is superseded
        whatever `state` says, and its image stays as the newer job has it. Raises LeaseLostError
        and writes nothing where the lease's token is not the newest of its key.
        """
        ...

    def retry(
        self,
        lease: Lease,
        error: Failure,
        *,
        delay: float,
        variants: Sequence[Variant] = (),
        steps: Sequence[Step] = (),
    ) -> None:
        """Record a failed attempt and enqueue the next in the same transaction.

        The next attempt starts after `delay` seconds at the earliest. `variants` are what was put
        before it failed, as for `finish`.
        Where a newer version waits, the job is superseded and the newer one enqueued instead,
        without delay. Raises LeaseLostError and writes nothing where the lease's token is not the
        newest.
        """
        ...

    def repair(self, run: Run, variants: Sequence[Variant]) -> None:
        """Have variants made again that a run may have written after its lease was lost.

        No store asks for a lease, so a process that was taken for dead in the middle of a put ends
        it when it wakes up, over what was made meanwhile. The image's present job is enqueued once
        more: now where it is done, when it is done where it runs. `variants` are those of the run
        that are stored now; until then they are the image's.
        """
        ...

    def failures(self, job_id: str) -> tuple[Failure, ...]:
        """Why each failed attempt that still counts failed, first to last."""
        ...

    def attempts(self, job_id: str) -> tuple[Attempt, ...]:
        """Every attempt of a job that has ended, first to last, forgiven ones too."""
        ...

    def revive(self, job_id: str) -> Job:
        """Enqueue the next attempt of a job that has ended, with all its tries before it.

        For whoever asks for a job again. Raises JobNotFoundError, JobActiveError where it has
        not ended, and JobOutdatedError where its image has another job, or is gone and another
        image has its key or its objects are just being removed.
        """
        ...

    def cancel(self, job_id: str) -> Run | None:
        """End a job that has not ended: it is dead of JobCancelledError, and no dead letter.

        A lease of it is revoked, so that a run under way writes nothing more. Returns the run that
        waited for its key, if any. Raises JobNotFoundError, and JobEndedError.
        """
        ...

    def remove(self, image_id: str, *, version: str | None = None, original: bool = False) -> bool:
        """Have an image end as GONE, and its variants be removed; the `original` too if asked.

        Its job ends so too, if it has not ended; a lease of its key is revoked, so that a run under
        way writes nothing more. The image has no variants from then on. False, and nothing changes,
        where the image is gone, and where its original is not of the `version` that is given.
        Raises ImageNotFoundError.
        """
        ...

    def removals(self, limit: int = 100) -> tuple[Removal, ...]:
        """The objects that are to be removed by now; those that were due first come first.

        They are of images that have ended as GONE, by `remove` or `finish`.
        """
        ...

    def removed(self, removal: Removal) -> None:
        """Note that the objects of a removal are removed.

        The first time they are to be removed once more, a while later: a put that was under way may
        have come late. Then the image's claims are given up. Where the image was revived
        meanwhile, it is made again: this may have removed what was new.
        """
        ...

    def dead_letters(
        self, which: Which = Which(), *, cursor: str | None = None, limit: int = 50
    ) -> Page[Job]:
        """Jobs that failed their last attempt and were neither revived nor dropped since.

        Without their steps; the last to fail comes first, and a job's `updated_at` is when it
        failed. Raises ParameterInvalidError for a bad cursor.
        """
        ...

    def redrive(self, which: Which, limit: int = 500) -> int:
        """Revive up to `limit` dead letters, oldest first, in one transaction; returns how many."""
        ...

    def drop(self, which: Which, limit: int = 500) -> int:
        """Take up to `limit` dead letters off the list, oldest first; returns how many.

        Their jobs and images stay as they are, and `revive` still takes them up again.
        """
        ...

    def overdue(self, older_than: float, limit: int = 100) -> tuple[Run, ...]:
        """Runs that a caller was to start, and did not within `older_than` seconds.

        They are of queued jobs; whoever asks starts them.
        Jobs that wait in the engine's queue or for another job of their key are not overdue.
        """
        ...

    def sweep(self, older_than: float, limit: int = 500) -> int:
        """Forget what ended longer ago than so many seconds; returns how much that was.

        These are jobs whose image has had another job since then, and images that have been gone
        since then and whose objects are removed, with their jobs; of each, up to `limit`. Images
        that live keep their present job however old it is.
        """
        ...

    def forget(self, older_than: float, limit: int = 500) -> int:
        """Forget idempotency keys that came longer ago than so many seconds; returns how many."""
        ...

    def image(self, image_id: str) -> Image:
        """One image with its variants; raises ImageNotFoundError."""
        ...

    def image_by_key(self, key: str) -> Image:
        """The live image of an original's key; raises ImageNotFoundError."""
        ...

    def versions(self, keys: Sequence[str]) -> Mapping[str, str]:
        """The versions of the originals at these keys, up to 1,000, as far as images are live."""
        ...

    def original_keys(
        self, prefix: str = "", *, cursor: str | None = None, limit: int = 1000
    ) -> Page[str]:
        """The keys of live images' originals that begin with a prefix, each once, in some order.

        What comes and goes between two pages may be missing.
        """
        ...

    def images(
        self,
        *,
        cursor: str | None = None,
        limit: int = 50,
        state: ImageState | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Page[Image]:
        """Images, newest first; `since` is inclusive, `until` exclusive.

        Raises ParameterInvalidError for a bad cursor.
        """
        ...

    def variant_by_key(self, key: str) -> tuple[Image, Variant]:
        """The variant stored under a key, with its image; raises VariantNotFoundError."""
        ...

    def job(self, job_id: str) -> Job:
        """One job with its steps; raises JobNotFoundError."""
        ...

    def jobs(
        self, *, cursor: str | None = None, limit: int = 50, state: ImageState | None = None
    ) -> Page[Job]:
        """Jobs without their steps, newest first. Raises ParameterInvalidError for a bad cursor."""
        ...

    def counts(self) -> Mapping[ImageState, int]:
        """How many jobs are in each state; no state is left out."""
        ...

    def backlog(self) -> Backlog:
        """What waits and what runs, counted now."""
        ...

    def keep_key(self, key: ApiKey, digest: str) -> None:
        """Keep a new API key; `digest` is what its secret becomes, and the only way to find it."""
        ...

    def key(self, digest: str) -> ApiKey | None:
        """The API key with this digest, be it expired or revoked, or None."""
        ...

    def keys(self) -> tuple[ApiKey, ...]:
        """Every API key, newest first."""
        ...

    def revoke_key(self, key_id: str) -> ApiKey:
        """Let an API key open nothing from now on; raises ApiKeyNotFoundError.

        One that was revoked before stays as it is.
        """
        ...

    def touch_key(self, key_id: str, used_at: datetime) -> None:
        """Note that an API key was used."""
        ...

    def keep_session(self, digest: str, key_id: str, expires_at: datetime) -> None:
        """Keep a session that began with an API key, and forget every one whose time is over.

        `digest` is what its token becomes, and the only way to find it.
        """
        ...

    def session_key(self, digest: str) -> ApiKey | None:
        """The API key with which the session of this digest began, be it expired or revoked.

        None where there is no such session, or its time is over.
        """
        ...

    def end_session(self, digest: str) -> None:
        """Forget a session, where there is one; that is on disk when this returns."""
        ...

    def secrets(self, name: str) -> tuple[str, ...]:
        """The secrets that all processes share under a name, newest first; two at the most.

        The first is made (256 random bits, URL-safe text) where there is none yet.
        """
        ...

    def rotate_secret(self, name: str) -> None:
        """Make a new secret; the newest one until now stays, those before it go."""
        ...

    def store_mark(self, role: str) -> str | None:
        """The mark by which the store of this role is known; None before there is one."""
        ...

    def keep_store_mark(self, role: str, mark: str) -> str:
        """Know the store of this role by a mark, unless it is known by another; returns which.

        The transaction is on disk when this returns.
        """
        ...

    def check(self) -> None:
        """Raise CatalogFailedError unless the catalog can be written to now."""
        ...

"""Whether anything was lost, doubled or left behind: read from the database and the disk."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum, auto
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tests.support.traffic import Picture, Promise
from tintype.adapters.folder import FolderStore
from tintype.adapters.sql.schema import (
    ATTEMPTS,
    CLAIMS,
    IDEMPOTENCY,
    IMAGES,
    JOBS,
    LEASES,
    STEPS,
    VARIANTS,
)
from tintype.errors import DecoderDiedError, ResourceLimitError
from tintype.model import ImageState

Row = sa.Row[Any]

_ORIGINALS = "originals/"
_OPEN_STATES = (ImageState.QUEUED, ImageState.RUNNING)
# What the engine calls a run that it will still do something about, and one that it has given up.
_OPEN_RUNS = ("PENDING", "ENQUEUED", "DELAYED")
_ENDED_RUN = "SUCCESS"
_STEPS = ["validate", "render", "record"]


class Ledger:
    """What catalog and engine have written, read past both of them.

    No connection stays open: with one of a watcher that survives, SQLite would find its log in
    order whenever it is opened after a kill.
    """

    def __init__(self, url: str) -> None:
        address = sa.make_url(url)
        self.sqlite = address.drivername == "sqlite"
        schema = None if self.sqlite else "dbos"
        self.runs = sa.table(
            "workflow_status", sa.column("workflow_uuid"), sa.column("status"), schema=schema
        )
        driver = "sqlite" if self.sqlite else "postgresql+psycopg"
        self._engine = sa.create_engine(address.set(drivername=driver), poolclass=sa.NullPool)

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction."""
        with self._engine.connect() as connection:
            yield connection

    def leases(self) -> frozenset[tuple[str, int]]:
        """The key and token of each job that was begun and has not ended.

        Its process may be dead: whoever goes on with it takes a new token.
        """
        held = sa.select(LEASES.c.key, LEASES.c.token).where(LEASES.c.job_id.is_not(None))
        try:
            with self.reading() as connection:
                return frozenset(connection.execute(held))
        except sa.exc.DatabaseError:  # it has no tables yet
            return frozenset()

    def waiting(self) -> int:
        """How many jobs have not been begun."""
        queued = sa.select(sa.func.count()).where(JOBS.c.state == ImageState.QUEUED)
        try:
            with self.reading() as connection:
                return connection.execute(queued).scalar_one()
        except sa.exc.DatabaseError:  # it has no tables yet
            return 0

    def unfinished(self) -> tuple[int, int]:
        """How many jobs, and how many of the engine's runs, have not ended."""
        jobs = sa.select(sa.func.count()).where(JOBS.c.state.in_(_OPEN_STATES))
        status = self.runs.c.status
        runs = sa.select(sa.func.count()).select_from(self.runs).where(status.in_(_OPEN_RUNS))
        with self.reading() as connection:
            return connection.execute(jobs).scalar_one(), connection.execute(runs).scalar_one()

    def cut_connections(self) -> None:
        """End all connections to the database, on a server."""
        others = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        with self.reading() as connection:
            connection.execute(sa.text(others))

    def wait_until_drained(self, seconds: float) -> bool:
        """Wait until nothing is left to do, at most so long; whether that came."""
        deadline = time.monotonic() + seconds
        while any(self.unfinished()):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        return True


class Kind(Enum):
    """What a fault is."""

    LOST = auto()  # something that was promised is not there, or not done
    DUPLICATE = auto()  # an output, or an image, that is there once too often
    TWICE = auto()  # a job that has done its work, or a step of it, more than once
    OTHER = auto()


class Proof:
    """Looks for what must not be, after all is drained and every process has ended.

    `faults` are what it found, and `kinds` how many of each kind these are. Photographs that were
    rejected because two of their decoders were killed are none: they are counted as `rejected`,
    and those that were made again as `remade`. Nor are originals that no image knows, `orphans`: a
    kill between the put and the promise leaves one.
    """

    def __init__(self, ledger: Ledger, data: Path, promises: Sequence[Promise]) -> None:
        self.faults: list[str] = []
        self.kinds = Counter[Kind]()
        self.rejected = 0
        self.remade = 0
        self.orphans = 0
        self._data = data
        self._promises = promises
        self._pictures = {promise.name: promise.picture for promise in promises}
        with ledger.reading() as connection:
            self._images = connection.execute(sa.select(IMAGES)).all()
            self._jobs = connection.execute(sa.select(JOBS)).all()
            self._attempts = connection.execute(sa.select(ATTEMPTS)).all()
            self._steps = connection.execute(sa.select(STEPS).order_by(STEPS.c.position)).all()
            self._variants = connection.execute(sa.select(VARIANTS)).all()
            self._claims = connection.execute(sa.select(CLAIMS.c.key)).scalars().all()
            self._uploads = connection.execute(sa.select(IDEMPOTENCY)).all()
            held = connection.execute(sa.select(LEASES).where(LEASES.c.job_id.is_not(None)))
            self._note(f"{lease.key} is still leased to {lease.job_id}" for lease in held)
            status = ledger.runs.c.status
            runs = sa.select(ledger.runs).where(status != _ENDED_RUN)
            self._note(
                f"the engine's run {run.workflow_uuid} is {run.status}"
                for run in connection.execute(runs)
            )
            if ledger.sqlite:
                for pragma in ("integrity_check", "foreign_key_check"):
                    rows = connection.exec_driver_sql(f"PRAGMA {pragma}").all()
                    self._note(f"{pragma}: {row}" for row in rows if row != ("ok",))
        self._check_promises()
        self._check_jobs()
        self._check_steps()
        self._check_objects()
        self._check_rest()

    @property
    def images(self) -> int:
        """How many images there are."""
        return len(self._images)

    @property
    def jobs(self) -> int:
        """How many jobs there are."""
        return len(self._jobs)

    @property
    def deaths(self) -> Counter[int]:
        """How many jobs were begun so many times more than once, as their process had died."""
        return Counter(job.deaths for job in self._jobs if job.deaths)

    @property
    def retried(self) -> Counter[str]:
        """Why attempts failed."""
        return Counter(each.error_code for each in self._attempts if each.error_code)

    def _note(self, faults: Iterable[str], kind: Kind = Kind.OTHER) -> None:
        found = list(faults)
        self.faults += found
        self.kinds[kind] += len(found)

    def _check_promises(self) -> None:
        """Every promised image is there, and once for an idempotency key."""
        known = {image.id for image in self._images}
        self._note(
            (
                f"{promise.name} was promised as {promise.image_id}, which is lost"
                for promise in self._promises
                if promise.image_id not in known
            ),
            Kind.LOST,
        )
        names = Counter(image.name for image in self._images)
        kinds = {promise.name: promise.kind for promise in self._promises}
        self._note(
            (
                f"{name} is {count} images"
                for name, count in names.items()
                if count > 1 and kinds.get(name) != "new"
            ),
            Kind.DUPLICATE,
        )
        self._note(f"{name} was never sent" for name in names.keys() - kinds.keys())
        promised = Counter(promise.name for promise in self._promises if promise.kind == "once")
        self._note(
            f"the key {name} was not kept"
            for name in promised.keys() - {upload.key for upload in self._uploads}
        )

    def _check_jobs(self) -> None:
        """Every image's present job has done its work exactly once; older ones have ended."""
        attempts = defaultdict(list)
        for attempt in self._attempts:
            attempts[attempt.job_id].append(attempt)
        present = {image.job_id: image for image in self._images}
        for job in self._jobs:
            ended = attempts[job.id]
            # What somebody asked for again is recorded again.
            well = sum(each.error_code is None and each.number > job.forgiven for each in ended)
            self.remade += job.forgiven > 0
            if image := present.pop(job.id, None):
                if _twice_killed(job, ended):
                    self.rejected += 1
                elif (job.state, image.state, well) != (ImageState.DONE, ImageState.DONE, 1):
                    fault = (
                        f"{job.key}: image {image.state}, job {job.state} ({job.error_code}) and"
                        f" {well} attempts that went well of {len(ended)}"
                    )
                    self._note([fault], Kind.TWICE if well > 1 else Kind.LOST)
            elif job.state not in (ImageState.DONE, ImageState.SUPERSEDED):
                self._note([f"{job.key}: a former job is {job.state} ({job.error_code})"])
            elif job.state is ImageState.DONE and well != 1:
                fault = f"{job.key}: a former job was done {well} times"
                self._note([fault], Kind.TWICE if well > 1 else Kind.OTHER)
            if any(attempt.number > job.attempts for attempt in ended):
                self._note([f"{job.key}: attempts have numbers that were never given out"])
        self._note((f"{image.key} has no job" for image in present.values()), Kind.LOST)

    def _check_steps(self) -> None:
        """The attempt that made an image has each step once."""
        steps = defaultdict(list)
        for step in self._steps:
            if step.error_code is None:
                steps[step.job_id, step.attempt].append(step.name)
        done = {job.id for job in self._jobs if job.state is ImageState.DONE}
        for attempt in self._attempts:
            found = steps[attempt.job_id, attempt.number]
            if attempt.job_id in done and attempt.error_code is None and found != _STEPS:
                fault = f"{attempt.job_id}:{attempt.number} has the steps {found}"
                self._note([fault], Kind.TWICE if len(found) > len(set(found)) else Kind.OTHER)

    def _check_objects(self) -> None:
        """The store holds the recorded variants, each as it must be, and nothing else."""
        objects = self._data / "objects"
        store = FolderStore(objects)
        files = {path.relative_to(objects).as_posix() for path in objects.rglob("*")}
        files = {key for key in files if (objects / key).is_file()}
        made = {key for key in files if not key.startswith((_ORIGINALS, ".tintype"))}
        originals = {key for key in files if key.startswith(_ORIGINALS)}
        self.orphans = len(originals - {image.key for image in self._images})
        recorded = {variant.key: variant for variant in self._variants}
        missing, doubled = recorded.keys() - made, made - recorded.keys()
        self._note((f"{key} is recorded and missing" for key in missing), Kind.LOST)
        self._note((f"{key} is there and not recorded" for key in doubled), Kind.DUPLICATE)
        self._note(f"{key} is claimed in vain" for key in set(self._claims) - recorded.keys())
        of_image: dict[str, dict[str, bytes]] = defaultdict(dict)
        for key in recorded.keys() & made:
            variant = recorded[key]
            of_image[variant.image_id][variant.name] = (objects / key).read_bytes()
            if store.head(key).version != variant.etag:
                self._note([f"{key} is of another version than is recorded"])
        for image in self._images:
            if image.state is ImageState.DONE and image.name in self._pictures:
                self._compare(image, self._pictures[image.name], of_image[image.id])
                if store.head(image.key).version != image.version:
                    self._note([f"{image.key} is of another version than its image"])

    def _compare(self, image: Row, picture: Picture, made: Mapping[str, bytes]) -> None:
        if made.keys() != picture.variants.keys():
            self._note([f"{image.key} has the variants {sorted(made)}"])
        self._note(
            f"{name} of {image.key} is not what its original makes"
            for name, content in made.items()
            if picture.variants.get(name) != content
        )
        if (self._data / "objects" / image.key).read_bytes() != picture.content:
            self._note([f"{image.key} is not what was sent"])

    def _check_rest(self) -> None:
        """No work of a killed process lies around."""
        places = [path for path in (self._data / "processes").iterdir() if path.is_dir()]
        left = [
            *(self._data / "objects" / ".tintype").iterdir(),
            *(path for place in places for path in (place / "uploads").iterdir()),
            *(path for place in places for path in (place / "scratch").iterdir() if path.is_dir()),
        ]
        self._note(f"{path.relative_to(self._data)} was left behind" for path in left)


def _twice_killed(job: Row, attempts: Sequence[Row]) -> bool:
    """Whether an image was taken for one that kills its decoder, as two of its decoders died."""
    died_before = any(attempt.error_code == DecoderDiedError.code for attempt in attempts)
    return died_before and job.error_code == ResourceLimitError.code

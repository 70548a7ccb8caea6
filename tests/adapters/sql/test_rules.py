"""The rules of accepting and running, against a small model, in any order of events.

The model plays the engine as well: a run id that it knows never runs a second time, a run whose
process died is run again, and a run that a caller lost is found by `overdue` only.
"""

import itertools
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.adapters.sql.conftest import truncate
from tintype.adapters.sql import SqlCatalog, open_engine
from tintype.errors import JobActiveError, JobEndedError, LeaseLostError
from tintype.model import ImageState, Job, Priority, Run, Variant
from tintype.ports.catalog import Lease, Which
from tintype.testing.catalog_setting import DIED, Clock, accept, variant

KEYS = st.sampled_from(["a", "b"])
VERSIONS = st.sampled_from(["v1", "v2", "v3"])
ENDS = st.sampled_from([state for state in ImageState if state.final])


@dataclass
class ModelEngine:
    """Runs each id once; what is pending is run again if its process dies."""

    pending: list[Run] = field(default_factory=list)
    known: set[Run] = field(default_factory=set)

    def start(self, run: Run) -> None:
        if run not in self.known:
            self.known.add(run)
            self.pending.append(run)

    def enqueue(
        self, connection: sa.Connection, run: Run, delay: float, priority: Priority
    ) -> None:
        self.start(run)


class Rules(RuleBasedStateMachine):
    etags = itertools.count()
    empty: Callable[[], str]  # makes an empty database, and gives its URL

    def __init__(self) -> None:
        super().__init__()
        self.database = open_engine(type(self).empty())
        self.engine = ModelEngine()
        self.clock = Clock()
        self.catalog = SqlCatalog(self.database, self.engine.enqueue, clock=self.clock)
        self.newest: dict[str, tuple[str, str]] = {}  # by key: the version and recipe to end with
        self.letters: set[str] = set()  # the jobs that are dead letters
        self.leases: dict[Run, Lease] = {}
        self.stale: list[Lease] = []
        self.doubted: set[str] = set()  # images whose variants somebody has written over
        self.made: dict[Lease, Variant] = {}  # what the lease's run has put, not yet recorded
        self.store: dict[str, str] = {}  # the etag of what is under a key
        self.overtaken: list[Lease] = []  # their processes were taken for dead, and may wake up
        self.late: dict[Lease, Variant] = {}  # what they have put since, and not noticed yet

    def teardown(self) -> None:
        self.drain()
        self.database.dispose()

    def drain(self) -> None:
        """Whatever happened, work that goes on ends with the newest version of every key."""
        for lease in list(self.late):
            self.notice(lease)
        for _ in range(100):
            self.reconcile()
            if not self.engine.pending:
                break
            for run in list(self.engine.pending):
                self.begin(run)
                if run in self.leases:
                    self.finish(run, ImageState.DONE, lost=False)
        for key, (version, recipe) in self.newest.items():
            image = self.catalog.image_by_key(key)
            job = self.catalog.job(image.job_id)
            assert (job.original.version, job.recipe_digest) == (version, recipe)
            assert job.state.final
        self.what_is_stored_is_what_was_recorded()

    def put(self, key: str) -> Variant:
        """Put a variant; each put has an etag of its own."""
        made = replace(variant(key=key), etag=f"etag-{next(self.etags)}")
        self.store[made.key] = made.etag
        return made

    def present(self, key: str) -> Job:
        """The job that an image is at."""
        return self.catalog.job(self.catalog.image_by_key(key).job_id)

    @rule(
        key=KEYS,
        version=VERSIONS,
        recipe=st.sampled_from(["r1", "r2"]),
        enqueue=st.booleans(),
        lost=st.booleans(),
    )
    def accept(self, key: str, version: str, recipe: str, enqueue: bool, lost: bool) -> None:
        present = self.present(key) if key in self.newest else None
        accepted = accept(self.catalog, key, version, recipe=recipe, enqueue=enqueue)
        self.newest[key] = version, recipe
        if present and present.id != accepted.job.id:
            self.letters.discard(present.id)
        if accepted.run and not lost:
            self.engine.start(accepted.run)

    @precondition(lambda self: self.engine.pending)
    @rule(data=st.data())
    def begin_or_resume(self, data: st.DataObject) -> None:
        self.begin(data.draw(st.sampled_from(self.engine.pending)))

    def begin(self, run: Run) -> None:
        former = self.leases.pop(run, None)
        lease = self.catalog.claim(run)
        if former:
            self.stale.append(former)
        if former in self.made:
            self.overtaken.append(former)
        if lease is None:
            self.engine.pending.remove(run)
            return
        self.leases[run] = lease
        with suppress(LeaseLostError):
            keys = self.catalog.claim_keys(lease, {"small": f"small/{lease.key}"})
            self.made[lease] = self.put(keys["small"])

    @precondition(lambda self: self.leases)
    @rule(data=st.data(), state=ENDS, lost=st.booleans())
    def end(self, data: st.DataObject, state: ImageState, lost: bool) -> None:
        run = data.draw(st.sampled_from(list(self.leases)))
        self.finish(run, state, lost=lost)

    def finish(self, run: Run, state: ImageState, *, lost: bool) -> None:
        lease = self.leases.pop(run)
        self.engine.pending.remove(run)
        self.stale.append(lease)
        current = self.catalog.current(lease)
        made = [self.made[lease]] if lease in self.made else []
        try:
            following = self.catalog.finish(lease, state, variants=made)
        except LeaseLostError:
            assert not current
            if lease in self.made:
                self.late[lease] = self.made[lease]
            return
        job = self.catalog.job(run.job_id)
        if job.state is ImageState.DONE:
            self.doubted.discard(job.image_id)
        if job.state is ImageState.QUEUED:
            assert state is ImageState.DONE, "made again, as its variants were written over"
            assert job.forgiven == run.attempt
            return
        assert job.state is (state if current else ImageState.SUPERSEDED)
        waiting = current or self.present(lease.key).state is ImageState.QUEUED
        assert (following is not None) == (waiting and not current)
        if current and state is ImageState.GONE:
            del self.newest[lease.key]
        if current and state is ImageState.DEAD:
            self.letters.add(run.job_id)
        if following and not lost:
            self.engine.start(following)

    @precondition(lambda self: self.leases)
    @rule(data=st.data())
    def retry(self, data: st.DataObject) -> None:
        run = data.draw(st.sampled_from(list(self.leases)))
        lease = self.leases.pop(run)
        self.engine.pending.remove(run)
        self.stale.append(lease)
        current = self.catalog.current(lease)
        try:
            made = [self.made[lease]] if lease in self.made else []
            self.catalog.retry(lease, DIED, delay=1.0, variants=made)
        except LeaseLostError:
            assert not current
            if lease in self.made:
                self.late[lease] = self.made[lease]
            return
        assert DIED in self.catalog.failures(run.job_id)

    @precondition(lambda self: self.newest)
    @rule(data=st.data())
    def revive(self, data: st.DataObject) -> None:
        job = self.present(data.draw(st.sampled_from(sorted(self.newest))))
        if not job.state.final:
            with pytest.raises(JobActiveError):
                self.catalog.revive(job.id)
            return
        self.catalog.revive(job.id)
        self.letters.discard(job.id)
        assert self.catalog.failures(job.id) == ()

    @precondition(lambda self: self.newest)
    @rule(data=st.data(), lost=st.booleans())
    def cancel(self, data: st.DataObject, lost: bool) -> None:
        """Call off what an image is at, or what runs of its key."""
        key = data.draw(st.sampled_from(sorted(self.newest)))
        running = [lease.run.job_id for lease in self.leases.values() if lease.key == key]
        wanted = data.draw(st.sampled_from([self.present(key).id, *running]))
        if self.catalog.job(wanted).state.final:
            with pytest.raises(JobEndedError):
                self.catalog.cancel(wanted)
            return
        following = self.catalog.cancel(wanted)
        assert self.catalog.job(wanted).state is ImageState.DEAD
        if following and not lost:
            self.engine.start(following)

    @rule(prefix=st.sampled_from(["", "a", "b"]), limit=st.integers(1, 2), again=st.booleans())
    def redrive_or_drop(self, prefix: str, limit: int, again: bool) -> None:
        which = Which(prefix=prefix)
        oldest = [job.id for job in reversed(self.catalog.dead_letters(which).items)][:limit]
        act = self.catalog.redrive if again else self.catalog.drop
        assert act(which, limit) == len(oldest)
        self.letters -= set(oldest)
        state = ImageState.QUEUED if again else ImageState.DEAD
        assert all(self.catalog.job(job).state is state for job in oldest)

    @precondition(lambda self: self.stale)
    @rule(data=st.data(), state=ENDS)
    def write_late(self, data: st.DataObject, state: ImageState) -> None:
        lease = data.draw(st.sampled_from(self.stale))
        assert not self.catalog.current(lease)
        with pytest.raises(LeaseLostError):
            self.catalog.finish(lease, state)
        with pytest.raises(LeaseLostError):
            self.catalog.retry(lease, DIED, delay=1.0)

    @precondition(lambda self: self.leases)
    @rule(data=st.data())
    def take_over(self, data: st.DataObject) -> None:
        """Go on with what a process that is taken for dead is at."""
        self.begin(data.draw(st.sampled_from(list(self.leases))))

    @precondition(lambda self: self.overtaken)
    @rule(data=st.data())
    def put_late(self, data: st.DataObject) -> None:
        lease = data.draw(st.sampled_from(self.overtaken))
        self.overtaken.remove(lease)
        self.late[lease] = self.put(self.made[lease].key)
        if data.draw(st.booleans(), "noticed at once"):
            self.notice(lease)

    @precondition(lambda self: self.late)
    @rule(data=st.data())
    def notice_late(self, data: st.DataObject) -> None:
        self.notice(data.draw(st.sampled_from(list(self.late))))

    def notice(self, lease: Lease) -> None:
        late, job = self.late.pop(lease), self.catalog.job(lease.run.job_id)
        present = self.catalog.job(self.catalog.image(job.image_id).job_id)
        if present.state is ImageState.RUNNING:  # it may write over that, or has done so
            self.doubted.add(job.image_id)
        if self.store[late.key] == late.etag:
            self.catalog.repair(lease.run, [late])

    @rule()
    def reconcile(self) -> None:
        self.clock.advance(10)
        for run in self.catalog.overdue(5):
            self.engine.start(run)

    @invariant()
    def one_job_of_a_key_runs(self) -> None:
        running = self.catalog.jobs(state=ImageState.RUNNING).items
        keys = [job.original.key for job in running]
        assert len(keys) == len(set(keys))
        held = [lease for lease in self.leases.values() if self.catalog.current(lease)]
        assert len({lease.key for lease in held}) == len(held)

    @invariant()
    def an_image_is_at_its_newest_version(self) -> None:
        for key, (version, recipe) in self.newest.items():
            image = self.catalog.image_by_key(key)
            job = self.catalog.job(image.job_id)
            assert image.original == job.original
            assert (job.original.version, job.recipe_digest) == (version, recipe)
            assert image.state is job.state
            assert image.error == (job.error if job.state.final else None)

    @invariant()
    def what_is_stored_is_what_was_recorded(self) -> None:
        doubted = {made.key for made in self.late.values()}
        doubted |= {self.made[lease].key for lease in self.leases.values() if lease in self.made}
        for image in self.catalog.images(state=ImageState.DONE).items:
            if image.id in self.doubted:
                continue
            for made in image.variants:
                assert made.key in doubted or self.store[made.key] == made.etag

    @invariant()
    def dead_letters_are_what_can_be_revived(self) -> None:
        assert {job.id for job in self.catalog.dead_letters().items} == self.letters
        assert self.catalog.backlog().dead == len(self.letters)
        assert self.letters <= {self.present(key).id for key in self.newest}

    @invariant()
    def no_queued_job_is_out_of_reach(self) -> None:
        running = {job.original.key for job in self.catalog.jobs(state=ImageState.RUNNING).items}
        self.clock.advance(3600)
        overdue = self.catalog.overdue(5)
        for job in self.catalog.jobs(state=ImageState.QUEUED).items:
            run = Run(job.id, job.attempts + 1)
            waits = job.original.key in running
            found = run in overdue and (run not in self.engine.known or run in self.engine.pending)
            assert waits or found or run in self.engine.pending
            assert not (waits and run in overdue)


@pytest.fixture(params=[("sqlite", 40), ("postgres", 10)], ids=["sqlite", "postgres"])
def rules(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[type[Rules], int]:
    """The rules on one of the databases, and how often they are to be tried."""
    kind, examples = request.param

    class RulesHere(Rules):
        pass

    if kind == "sqlite":
        template = request.getfixturevalue("template").read_bytes()
        numbers = itertools.count()

        def empty() -> str:
            path = tmp_path / f"{next(numbers)}.db"
            path.write_bytes(template)
            return f"sqlite:///{path}"
    else:
        url = request.getfixturevalue("used_postgres")

        def empty() -> str:
            truncate(url)
            return str(url)

    RulesHere.empty = staticmethod(empty)
    return RulesHere, examples


def test_any_order_of_events_ends_with_the_newest_version(
    rules: tuple[type[Rules], int],
) -> None:
    machine, examples = rules
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )

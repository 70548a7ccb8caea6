"""Kills processes of a deployment again and again while uploads go on; then looks for damage."""

import os
import random
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.support.crash_points import ACCEPTING
from tests.support.launcher import Crash, Launched, Launcher
from tests.support.proof import Kind, Ledger, Proof
from tests.support.service import all_gone
from tests.support.traffic import Picture, Traffic

RECIPE = Path(__file__).parents[2] / "recipes" / "marketplace.yaml"
DRAIN_SECONDS = 60.0
# How often each is killed: all processes of the deployment at once, one of its servers with its
# children, a server's process only, or one child. Two deaths of a job's decoder reject the image,
# so children are few.
_VICTIMS = {"everything": 20, "family": 40, "server": 35, "child": 5}
# A kill may meet a start; but what is started again and again must get ready now and then.
_PATIENT = 0.85
_PAUSE_SECONDS = 0.5
_JOB_SECONDS = 0.15
_THAWED_SECONDS = 3.0  # in which what was frozen does what it was about to do
_WORK_SECONDS = 0.8  # in which a photograph that was allowed is being worked on
_HEADROOM = 8  # photographs that may wait while a named point is awaited


_DECODERS = 2
_FAMILY = 2 + _DECODERS  # a server, the process that forks its children, and them


@dataclass(frozen=True, eq=False)
class Host:
    """A program of a deployment."""

    name: str
    arguments: tuple[str, ...]
    environ: Mapping[str, str]


def hosts(data: Path, database: str) -> tuple[Host, ...]:
    """Two servers on one SQLite file, or a server and a worker on one Postgres database."""
    shared = ("--recipe", str(RECIPE), "--data", str(data))
    up = ("up", "--no-auth", "--port", "0", *shared)
    environ = {"TINTYPE_DECODERS": str(_DECODERS)}
    environ |= {"TINTYPE_DATABASE": database}
    if _is_sqlite(database):
        return Host("one", up, environ), Host("two", up, environ)
    return Host("up", up, environ), Host("worker", ("worker", *shared), environ)


def _is_sqlite(database: str) -> bool:
    return database.startswith("sqlite:")


@dataclass
class Outcome:
    """What a storm has come to."""

    database: str
    seed: int
    kills: dict[str, int] = field(default_factory=dict)
    met_work: int = 0  # kills while a job ran that was begun since the last one
    met_start: int = 0  # kills of what was not ready yet
    promises: int = 0
    repeated: int = 0  # uploads that a kill left without an answer
    images: int = 0
    jobs: int = 0
    begun_again: dict[int, int] = field(default_factory=dict)  # jobs by the deaths of their process
    retried: dict[str, int] = field(default_factory=dict)  # attempts by why they failed
    rejected: int = 0  # as two of their decoders were killed
    remade: int = 0  # as their variants may have been written over
    orphans: int = 0  # originals that no image knows: of kills between their put and the promise
    read: int = 0  # variants that readers found whole meanwhile
    drain_seconds: float = 0.0  # from the last start until nothing was left to do
    seconds: float = 0.0
    lost: int = 0  # faults of this kind, see tests/support/proof.py; and so with the next two
    duplicates: int = 0
    recorded_twice: int = 0
    faults: list[str] = field(default_factory=list)  # of every kind, in words


Tell = Callable[[Outcome], None]


def _nobody(_outcome: Outcome) -> None:
    pass


class Storm:
    """A deployment under fire. All dice come from `seed`, but the moments are the machine's."""

    def __init__(
        self,
        folder: Path,
        launcher: Launcher,
        pictures: Sequence[Picture],
        *,
        database: str,
        seed: int,
    ) -> None:
        self.data = folder / "data"
        self.sqlite = _is_sqlite(database)
        self.ledger = Ledger(database)
        self.outcome = Outcome("sqlite" if self.sqlite else "postgres", seed)
        self.traffic = Traffic(pictures, seed)
        self._dice = random.Random(seed)
        self._launcher = launcher
        self._hosts = hosts(self.data, database)
        self._running: dict[Host, Launched] = {}
        self._last = self._hosts[0]  # that was started
        self._leases: frozenset[tuple[str, int]] = frozenset()  # at the last kill
        self._dead: list[psutil.Process] = []  # and all below them, who may need a moment

    def rage(self, kills: int, jobs: int, tell: Tell = _nobody) -> Outcome:
        """Kill so often while so many photographs are sent; then drain, stop and look.

        `tell` hears how it goes after each kill.
        """
        began = time.monotonic()
        with self.sending():
            for host in self._hosts:
                self.start(host)
            for number in range(kills):
                self._strike(jobs * (number + 1) // kills)
                tell(self.outcome)
            self._kill_everything()
            self.finish()
        self.outcome.seconds = time.monotonic() - began
        return self.outcome

    def haunt(self, point: str, hits: int, tell: Tell = _nobody) -> Outcome:
        """Have a host die so often at a point of crash_points.py; then drain, stop and look.

        On Postgres that is the worker, where it comes to the point, and the server goes on.
        """
        began = time.monotonic()
        victim = self._hosts[0] if point in ACCEPTING or self.sqlite else self._hosts[-1]
        others = () if self.sqlite else tuple(host for host in self._hosts if host is not victim)
        with self.sending():
            for host in others:
                self.start(host)
            for _ in range(hits):
                running = self.start(victim, (point, self._dice.randint(1, 3)))
                self._feed_until_ended(running)
                if running.status != -signal.SIGKILL:
                    self.outcome.faults.append(f"{victim.name} ended with {running.status}")
                self._count(point)
                tell(self.outcome)
            self.finish()
        self.outcome.seconds = time.monotonic() - began
        return self.outcome

    def freeze(self, point: str) -> Outcome:
        """Freeze a worker at a point, have it taken for dead, and thaw it when all is done.

        It has kept what it was about to write. Only on Postgres: a machine that is cut off from the
        server loses its connections, while on a file the kernel knows who is alive.
        """
        server, worker = self._hosts
        with self.sending():
            self.start(server)
            frozen = self.start(worker, (point, 1, signal.SIGSTOP))
            deadline = time.monotonic() + DRAIN_SECONDS
            while frozen.process.status() != psutil.STATUS_STOPPED:
                assert time.monotonic() < deadline, f"not hit: {frozen.log.read_text()[-3000:]}"
                self._feed()
            self.ledger.cut_connections()
            while not self.traffic.done():
                self._wait(0.05)
            if not self.ledger.wait_until_drained(DRAIN_SECONDS):
                self.outcome.faults.append(f"not taken over: {self.ledger.unfinished()}")
            os.kill(frozen.pid, signal.SIGCONT)
            self._wait(_THAWED_SECONDS)
            if not self.ledger.wait_until_drained(DRAIN_SECONDS):
                self.outcome.faults.append(f"not made again: {self.ledger.unfinished()}")
            self.finish()
        return self.outcome

    def _feed(self) -> None:
        """Have work arrive, and never much of it."""
        self._publish()
        if self.ledger.waiting() < _HEADROOM:
            self.traffic.allowed = len(self.traffic.promises) + _HEADROOM
        time.sleep(0.05)

    def _feed_until_ended(self, running: Launched) -> None:
        """Have work arrive, and never much of it, until a host has come to its point."""
        deadline = time.monotonic() + DRAIN_SECONDS
        family = running.family()
        while not running.ended():
            assert time.monotonic() < deadline, f"not hit: {running.log.read_text()[-3000:]}"
            self._feed()
            family = running.family() if len(family) < _FAMILY else family
        self._dead += family

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Let uploads go on meanwhile; at the end everything is stopped, whatever happened."""
        self.traffic.start()
        try:
            yield
        finally:
            self.traffic.stop()
            for running in self._running.values():
                if not running.ended():
                    running.kill_family()

    def start(self, host: Host, crash: Crash | None = None) -> Launched:
        """Start a host; with `crash` to die at a point of crash_points.py."""
        running = self._launcher.launch(
            host.arguments, name=host.name, environ=host.environ, crash=crash
        )
        self._running[host] = running
        self._last = host
        return running

    def finish(self) -> None:
        """Start all that is not running, wait until all is done, stop politely, and look."""
        for host in self._hosts:
            if host not in self._running or self._running[host].ended():
                self.start(host)
        started = time.monotonic()
        for running in self._running.values():
            assert running.wait_until_ready(), running.log.read_text()[-3000:]
        self._publish()
        while not self.traffic.done():
            assert time.monotonic() - started < DRAIN_SECONDS, "uploads are not promised"
            time.sleep(0.05)
        drained = self.ledger.wait_until_drained(started + DRAIN_SECONDS - time.monotonic())
        self.outcome.drain_seconds = round(time.monotonic() - started, 1)
        if not drained:
            jobs, runs = self.ledger.unfinished()
            self.outcome.faults.append(f"not drained: {jobs} jobs, {runs} runs of the engine")
        self.traffic.stop()
        for host, running in self._running.items():
            self._dead += running.family()
            if status := running.stop():
                self.outcome.faults.append(f"{host.name} ended with {status} when it was stopped")
        self._look()

    def _look(self) -> None:
        outcome, traffic = self.outcome, self.traffic
        if not all_gone(self._dead):
            alive = [each for each in self._dead if each.is_running()]
            outcome.faults.append(f"processes outlived their servers: {alive}")
        proof = Proof(self.ledger, self.data, traffic.promises)
        outcome.promises, outcome.repeated = len(traffic.promises), traffic.unanswered
        outcome.images, outcome.jobs = proof.images, proof.jobs
        outcome.rejected, outcome.remade = proof.rejected, proof.remade
        outcome.orphans = proof.orphans
        outcome.begun_again, outcome.retried = dict(proof.deaths), dict(proof.retried)
        outcome.read = traffic.read
        outcome.lost, outcome.duplicates = proof.kinds[Kind.LOST], proof.kinds[Kind.DUPLICATE]
        outcome.recorded_twice = proof.kinds[Kind.TWICE]
        outcome.faults += traffic.faults + proof.faults

    def _publish(self) -> None:
        """Tell the senders where the service is."""
        living = [each for each in self._running.values() if not each.ended() and each.ready()]
        self.traffic.urls = [each.url for each in living if each.url]

    def _strike(self, allowed: int) -> None:
        """Kill something at a random moment, and start it again; so many photographs may be sent.

        Most kills wait for a job to run, and then for some moment of it; the others hit a start.
        """
        dice = self._dice
        [what] = dice.choices(list(_VICTIMS), list(_VICTIMS.values()))
        patient = what == "child" or dice.random() < _PATIENT
        victim = dice.choice(self._hosts) if patient else self._last
        running = self._running[victim]
        if patient and not running.wait_until_ready():
            self.outcome.faults.append(f"{victim.name} ended by itself: {running.status}")
            what = "server"
        self._wait(dice.uniform(0.0, _PAUSE_SECONDS))
        self.traffic.allowed = allowed
        if patient:
            self._wait_for_work()
            self._wait(dice.uniform(0.0, _JOB_SECONDS))
        self._count(what)
        self.outcome.met_start += not running.ready()
        leases = self.ledger.leases()
        self.outcome.met_work += bool(leases - self._leases)
        self._leases = leases
        if what == "everything":
            self._kill_everything()
            for host in self._hosts:
                self.start(host)
        elif what == "child":
            self._kill_child(running)
        else:
            self._dead += running.kill() if what == "server" else running.kill_family()
            self.start(victim)
        self._publish()
        self._dead = [each for each in self._dead if each.is_running()]

    def _count(self, what: str) -> None:
        self.outcome.kills[what] = self.outcome.kills.get(what, 0) + 1

    def _wait(self, seconds: float) -> None:
        """Wait, and tell the senders meanwhile of whatever gets ready."""
        deadline = time.monotonic() + seconds
        self._publish()
        while (left := deadline - time.monotonic()) > 0:
            time.sleep(min(left, 0.05))
            self._publish()

    def _wait_for_work(self) -> None:
        deadline = time.monotonic() + _WORK_SECONDS
        while not self.ledger.leases() - self._leases and time.monotonic() < deadline:
            self._wait(0.02)

    def _kill_everything(self) -> None:
        self.traffic.urls = []
        for running in self._running.values():
            self._dead += running.kill_family()

    def _kill_child(self, running: Launched) -> None:
        """Kill one child, a decoder or the process that forks them."""
        children = running.family()[1:]
        if children:
            self._dice.choice(children).kill()

"""What every engine must do: subclass EngineContract in the tests of an adapter."""

# ruff: noqa: D102 - the name of a test is its sentence

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from tintype.model import Priority, Run
from tintype.ports.engine import Engine

# How long a test waits before it takes something for lost; nothing is ever expected to take long.
PATIENCE_SECONDS = 60.0


class RecordingHandler:
    """A handler that remembers its runs, in order, and can hold some of them up."""

    def __init__(self, holding: Sequence[Run] = ()) -> None:
        self._changed = threading.Condition()
        self._begun: list[Run] = []
        self._ended: list[Run] = []
        self._holding = set(holding)

    def __call__(self, run: Run) -> None:
        """Handle a run: note its begin, wait while it is held up, note its end."""
        with self._changed:
            self._begun.append(run)
            self._changed.notify_all()
            if not self._changed.wait_for(lambda: run not in self._holding, PATIENCE_SECONDS):
                raise TimeoutError(f"nobody released {run.id}")
            self._ended.append(run)
            self._changed.notify_all()

    @property
    def order(self) -> tuple[Run, ...]:
        """The runs as they have begun, first to last."""
        with self._changed:
            return tuple(self._begun)

    @property
    def begun(self) -> Counter[Run]:
        """How often each run has begun."""
        with self._changed:
            return Counter(self._begun)

    @property
    def ended(self) -> Counter[Run]:
        """How often each run has come to its end."""
        with self._changed:
            return Counter(self._ended)

    def release(self) -> None:
        """Hold nothing up any more."""
        with self._changed:
            self._holding.clear()
            self._changed.notify_all()

    def wait_until_begun(self, *runs: Run) -> None:
        """Return when all of these have begun."""
        self._wait(lambda: set(runs) <= set(self._begun), "begin")

    def wait_until_ended(self, *runs: Run) -> None:
        """Return when all of these have come to their end."""
        self._wait(lambda: set(runs) <= set(self._ended), "end")

    def _wait(self, reached: Callable[[], bool], what: str) -> None:
        with self._changed:
            assert self._changed.wait_for(reached, PATIENCE_SECONDS), f"some runs did not {what}"


class EngineContract:
    """The tests. A subclass provides `make_engine`."""

    @pytest.fixture
    def make_engine(self) -> Callable[[], Engine]:
        """Make a new engine, as a new process would: all of one test share what is durable.

        Tests drain an engine before they launch the next. The fixture ends what is left.
        """
        raise NotImplementedError

    @pytest.fixture
    def engine(self, make_engine: Callable[[], Engine]) -> Engine:
        """One engine, not launched."""
        return make_engine()

    def test_a_started_run_is_handled_with_its_job_and_attempt(self, engine: Engine) -> None:
        handler = RecordingHandler()
        engine.launch(handler)
        engine.start(Run("job_a", 3))
        handler.wait_until_ended(Run("job_a", 3))

    def test_an_enqueued_run_is_handled_with_its_job_and_attempt(self, engine: Engine) -> None:
        handler = RecordingHandler()
        engine.launch(handler)
        engine.enqueue(Run("job_a", 3))
        handler.wait_until_ended(Run("job_a", 3))

    def test_many_runs_are_each_handled_once(self, engine: Engine) -> None:
        handler = RecordingHandler()
        engine.launch(handler)
        runs = [Run(f"job_{number}", 1) for number in range(60)]
        for started, enqueued in zip(runs[::2], runs[1::2], strict=True):
            engine.start(started)
            engine.enqueue(enqueued)
        handler.wait_until_ended(*runs)
        assert handler.begun == Counter(runs)

    def test_attempts_of_a_job_are_runs_of_their_own(self, engine: Engine) -> None:
        handler = RecordingHandler()
        engine.launch(handler)
        attempts = [Run("job_a", 1), Run("job_a", 2), Run("job_a", 10)]
        for run in attempts:
            engine.start(run)
        handler.wait_until_ended(*attempts)

    def test_runs_do_not_wait_for_each_other(self, engine: Engine) -> None:
        slow, quick = Run("job_slow", 1), Run("job_quick", 1)
        handler = RecordingHandler(holding=[slow])
        engine.launch(handler)
        engine.start(slow)
        handler.wait_until_begun(slow)
        engine.start(quick)
        handler.wait_until_ended(quick)
        handler.release()
        handler.wait_until_ended(slow)

    def test_a_delay_is_kept(self, engine: Engine) -> None:
        handler = RecordingHandler()
        engine.launch(handler)
        begin = time.monotonic()
        engine.enqueue(Run("job_a", 2), delay=1.5)
        handler.wait_until_begun(Run("job_a", 2))
        assert time.monotonic() - begin >= 1.49  # clocks count in milliseconds

    @pytest.mark.parametrize("how", ["start", "enqueue"])
    def test_of_the_runs_that_wait_the_higher_priority_goes_first(
        self, engine: Engine, how: str
    ) -> None:
        """As several begin at once, a single one may be overtaken; most are not."""
        waiting = {
            priority: [Run(f"job_{priority}_{number}", 1) for number in range(16)]
            for priority in (Priority.LOW, Priority.NORMAL, Priority.HIGH)
        }
        handler = RecordingHandler()
        engine.launch(handler)
        engine.pause()
        for priority, runs in waiting.items():
            for run in runs:
                getattr(engine, how)(run, priority=priority)
        engine.resume()
        handler.wait_until_ended(*(run for runs in waiting.values() for run in runs))
        places = {
            priority: sum(handler.order.index(run) for run in runs)
            for priority, runs in waiting.items()
        }
        assert places[Priority.HIGH] < places[Priority.NORMAL] < places[Priority.LOW]

    def test_nothing_begins_while_the_engine_is_paused(self, engine: Engine) -> None:
        started, enqueued, delayed = Run("job_a", 1), Run("job_b", 1), Run("job_c", 2)
        handler = RecordingHandler()
        engine.launch(handler)
        seen = [engine.paused]
        engine.pause()
        seen.append(engine.paused)
        engine.start(started)
        engine.enqueue(enqueued)
        engine.enqueue(delayed, delay=0.1)
        time.sleep(3.0)
        assert not handler.begun
        engine.resume()
        seen.append(engine.paused)
        assert seen == [False, True, False]
        handler.wait_until_ended(started, enqueued, delayed)
        assert handler.begun == Counter([started, enqueued, delayed])

    def test_what_runs_goes_on_while_the_engine_is_paused(self, engine: Engine) -> None:
        run = Run("job_a", 1)
        handler = RecordingHandler(holding=[run])
        engine.launch(handler)
        engine.start(run)
        handler.wait_until_begun(run)
        engine.pause()
        handler.release()
        handler.wait_until_ended(run)

    def test_a_pause_outlives_the_process(self, make_engine: Callable[[], Engine]) -> None:
        run = Run("job_a", 1)
        engine = make_engine()
        engine.launch(RecordingHandler())
        engine.pause()
        engine.pause()
        assert engine.drain(PATIENCE_SECONDS)
        following, handler = make_engine(), RecordingHandler()
        following.launch(handler)
        assert following.paused
        following.start(run)
        time.sleep(1.5)
        assert not handler.begun
        following.resume()
        handler.wait_until_ended(run)

    @pytest.mark.parametrize("first", ["start", "enqueue"])
    @pytest.mark.parametrize("second", ["start", "enqueue"])
    def test_a_run_that_has_ended_is_not_run_again(
        self, engine: Engine, first: str, second: str
    ) -> None:
        run, later = Run("job_a", 1), Run("job_b", 1)
        handler = RecordingHandler()
        engine.launch(handler)
        getattr(engine, first)(run)
        handler.wait_until_ended(run)
        getattr(engine, second)(run)
        getattr(engine, second)(later)
        handler.wait_until_ended(later)
        assert handler.begun == Counter([run, later])

    def test_a_run_that_is_running_is_not_run_twice(self, engine: Engine) -> None:
        run, later = Run("job_a", 1), Run("job_b", 1)
        handler = RecordingHandler(holding=[run])
        engine.launch(handler)
        engine.start(run)
        handler.wait_until_begun(run)
        engine.start(run)
        engine.enqueue(run)
        engine.enqueue(later)
        handler.wait_until_ended(later)
        handler.release()
        handler.wait_until_ended(run)
        assert handler.begun == Counter([run, later])

    def test_starting_a_run_that_waits_for_its_delay_does_nothing(self, engine: Engine) -> None:
        run, later = Run("job_a", 2), Run("job_b", 1)
        handler = RecordingHandler()
        engine.launch(handler)
        engine.enqueue(run, delay=3600)
        engine.start(run)
        engine.start(later)
        handler.wait_until_ended(later)
        assert handler.begun == Counter([later])

    def test_an_error_of_the_handler_ends_its_own_run_only(self, engine: Engine) -> None:
        failing, sound = Run("job_bad", 1), Run("job_good", 1)
        recording = RecordingHandler()

        def handler(run: Run) -> None:
            recording(run)
            if run == failing:
                raise ValueError("the handler's own mistake")

        engine.launch(handler)
        engine.start(failing)
        recording.wait_until_ended(failing)
        engine.start(failing)
        engine.enqueue(sound)
        recording.wait_until_ended(sound)
        assert engine.drain(PATIENCE_SECONDS)
        assert recording.begun == Counter([failing, sound])

    def test_a_handler_may_start_and_enqueue_other_runs(self, engine: Engine) -> None:
        first, second, third = Run("job_a", 1), Run("job_b", 1), Run("job_a", 2)
        recording = RecordingHandler()

        def handler(run: Run) -> None:
            if run == first:
                engine.start(second)
                engine.enqueue(third)
            recording(run)

        engine.launch(handler)
        engine.start(first)
        recording.wait_until_ended(first, second, third)

    def test_a_retired_engine_begins_nothing_and_leaves_it_to_the_next_process(
        self, make_engine: Callable[[], Engine]
    ) -> None:
        running, started, enqueued = Run("job_a", 1), Run("job_b", 1), Run("job_c", 1)
        engine = make_engine()
        handler = RecordingHandler(holding=[running])
        engine.launch(handler)
        engine.start(running)
        handler.wait_until_begun(running)
        engine.retire()
        engine.start(started)
        engine.enqueue(enqueued)
        time.sleep(1.0)
        handler.release()
        assert engine.drain(PATIENCE_SECONDS)
        assert handler.ended == Counter([running])
        following = make_engine()
        next_handler = RecordingHandler()
        following.launch(next_handler)
        next_handler.wait_until_ended(started, enqueued)

    def test_drain_waits_for_what_is_running(self, engine: Engine) -> None:
        run = Run("job_a", 1)
        handler = RecordingHandler(holding=[run])
        engine.launch(handler)
        engine.start(run)
        handler.wait_until_begun(run)
        with ThreadPoolExecutor(1) as pool:
            drained = pool.submit(engine.drain, PATIENCE_SECONDS)
            time.sleep(0.5)
            assert not drained.done()
            handler.release()
            assert drained.result(PATIENCE_SECONDS)
        assert handler.ended == Counter([run])

    def test_drain_gives_up_after_its_timeout(self, engine: Engine) -> None:
        run = Run("job_a", 1)
        handler = RecordingHandler(holding=[run])
        engine.launch(handler)
        engine.start(run)
        handler.wait_until_begun(run)
        assert not engine.drain(0.1)
        handler.release()

    def test_what_arrives_during_a_drain_is_run_by_the_next_process(
        self, make_engine: Callable[[], Engine]
    ) -> None:
        running, started, enqueued = Run("job_a", 1), Run("job_b", 1), Run("job_c", 1)
        engine = make_engine()
        handler = RecordingHandler(holding=[running])
        engine.launch(handler)
        engine.start(running)
        handler.wait_until_begun(running)
        with ThreadPoolExecutor(1) as pool:
            drained = pool.submit(engine.drain, PATIENCE_SECONDS)
            time.sleep(0.5)
            engine.start(started)
            engine.enqueue(enqueued)
            time.sleep(1.0)
            handler.release()
            assert drained.result(PATIENCE_SECONDS)
        assert handler.begun == Counter([running])
        following = make_engine()
        next_handler = RecordingHandler()
        following.launch(next_handler)
        next_handler.wait_until_ended(started, enqueued)
        assert next_handler.begun == Counter([started, enqueued])

    def test_what_ended_before_a_drain_stays_ended(self, make_engine: Callable[[], Engine]) -> None:
        run, later = Run("job_a", 1), Run("job_b", 1)
        engine = make_engine()
        handler = RecordingHandler()
        engine.launch(handler)
        engine.start(run)
        handler.wait_until_ended(run)
        assert engine.drain(PATIENCE_SECONDS)
        following = make_engine()
        following.launch(handler)
        following.start(run)
        following.start(later)
        handler.wait_until_ended(later)
        assert handler.begun == Counter([run, later])

"""Who gets how much memory, and when: as arithmetic, and with real children."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.imaging.sandbox.play import OBEY, eventually, play, told
from tintype.errors import DecoderDiedError, ShuttingDownError
from tintype.imaging.messages import Refused, Rendered
from tintype.imaging.sandbox import Budget, Sandbox
from tintype.imaging.sandbox.admission import OVERTAKERS, Memory

MIB = 1 << 20


@pytest.fixture
def cramped(tmp_path: Path) -> Iterator[Sandbox]:
    """A sandbox of two children with a hundred bytes together."""
    with Sandbox(2, tmp_path, decoder=OBEY, memory=100) as opened:
        yield opened


def begin(sandbox: Sandbox, command: str, answers: list[object]) -> threading.Thread:
    """Have a thread run a command, and keep what it answers or raises."""

    def run() -> None:
        try:
            answers.append(play(sandbox, command))
        except Exception as error:  # noqa: BLE001 - it is what is asked for
            answers.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_what_fits_is_let_in_at_once_and_leaves_when_it_is_done() -> None:
    memory = Memory(100)
    with memory.share() as one, memory.share() as other:
        assert one.covers(60)
        assert not other.covers(41)
        assert other.covers(40)
        assert memory.admitted == 100
    assert memory.admitted == 0


def test_a_share_that_was_waited_for_covers_that_much_and_no_more() -> None:
    memory = Memory(100)
    with memory.share() as share:
        share.become(70)
        assert share.covers(70)
        assert not share.covers(71)
        share.become(1000)
        assert memory.admitted == 100


def test_a_large_one_is_overtaken_by_small_ones_but_not_for_ever() -> None:
    memory = Memory(100)
    entered = threading.Event()
    with memory.share() as first:
        assert first.covers(50)

        def enter() -> None:
            memory.wait(100)
            entered.set()

        large = threading.Thread(target=enter)
        large.start()
        assert eventually(lambda: memory.waiting)
        for _ in range(OVERTAKERS):
            assert memory.take(50)
            memory.give_back(50)
        assert not memory.take(50), "it waits behind the large one now"
    assert entered.wait(30)
    large.join()
    assert memory.admitted == 100


def test_closing_ends_all_waiting() -> None:
    memory = Memory(100)
    assert memory.take(100)
    raised: list[BaseException] = []

    def wait() -> None:
        try:
            memory.wait(1)
        except ShuttingDownError as error:
            raised.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    assert eventually(lambda: memory.waiting)
    memory.close()
    thread.join()
    assert len(raised) == 1
    with pytest.raises(ShuttingDownError):
        memory.take(1)


def test_what_never_fits_is_refused_before_any_work(cramped: Sandbox) -> None:
    before = told(cramped, "process")
    reply = play(cramped, f"want {300 * 10**6} copy never")
    assert isinstance(reply, Refused)
    assert reply.code == "too_much_memory"
    assert "up to 300 MB" in reply.detail
    assert told(cramped, "process") == before


def test_what_does_not_fit_beside_others_waits_and_keeps_no_child(cramped: Sandbox) -> None:
    answers: list[object] = []
    busy = begin(cramped, "want 60 nap 2", answers)
    assert eventually(lambda: cramped.admitted == 60)
    waits = begin(cramped, "want 60 copy later", answers)
    assert eventually(lambda: cramped.waiting == 1)
    assert cramped.crowded
    assert eventually(lambda: cramped.idle == 1)
    assert isinstance(play(cramped, "want 40 copy meanwhile"), Rendered)
    assert not answers
    busy.join()
    waits.join()
    assert isinstance(answers[1], Rendered)
    assert (cramped.admitted, cramped.waiting, cramped.idle) == (0, 0, 2)


def test_a_failed_task_gives_its_memory_back(cramped: Sandbox) -> None:
    with pytest.raises(DecoderDiedError):
        play(cramped, "want 100 crash")
    assert cramped.admitted == 0
    assert isinstance(play(cramped, "want 100 copy after"), Rendered)


def test_a_child_may_ask_only_once(cramped: Sandbox) -> None:
    with pytest.raises(DecoderDiedError, match="twice"):
        play(cramped, "want 10 want 10 copy never")


def test_a_task_that_lacked_memory_waits_for_twice_as_much(tmp_path: Path) -> None:
    limit = 128 * MIB
    with Sandbox(
        1, tmp_path, decoder=OBEY, budget=Budget(memory=limit), memory=10 * limit
    ) as sandbox:
        assert isinstance(play(sandbox, f"want 10 eat {180 * MIB}"), Rendered)
        assert sandbox.admitted == 0


def test_closing_the_sandbox_ends_those_that_wait_for_memory(tmp_path: Path) -> None:
    sandbox = Sandbox(2, tmp_path, decoder=OBEY, memory=100)
    answers: list[object] = []
    busy = begin(sandbox, "want 100 nap 60", answers)
    assert eventually(lambda: sandbox.admitted == 100)
    waits = begin(sandbox, "want 50 copy never", answers)
    assert eventually(lambda: sandbox.waiting == 1)
    sandbox.close()
    busy.join()
    waits.join()
    assert [type(each) for each in answers] == [ShuttingDownError] * 2


def test_many_threads_of_all_sizes_end_and_never_have_too_much(cramped: Sandbox) -> None:
    answers: list[object] = []
    threads = [
        begin(cramped, f"want {wanted} copy x", answers) for wanted in (100, 1, 70, 30, 51, 99) * 4
    ]
    assert cramped.admitted <= 100
    for thread in threads:
        thread.join()
    assert all(isinstance(each, Rendered) for each in answers)
    assert len(answers) == 24
    assert cramped.admitted == 0

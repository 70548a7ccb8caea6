"""What a sandbox answers: verdicts are values, faults of the decoder are errors."""

import os
import threading
from pathlib import Path

import psutil
import pytest

from tests.imaging.sandbox.play import TASK, eventually, family, gone, open_sandbox, play, told
from tintype.errors import (
    DecoderDiedError,
    DecoderOutOfMemoryError,
    DecoderOutOfTimeError,
    DecoderStalledError,
    ShuttingDownError,
    SystemFailure,
    TintypeError,
)
from tintype.imaging.messages import Refused, Rendered
from tintype.imaging.sandbox import Budget, Sandbox, pool

MIB = 1 << 20


def test_an_image_is_rendered_in_a_child(sandbox: Sandbox) -> None:
    with sandbox.folder() as folder:
        (folder / "in").write_text("copy hello")
        reply = sandbox.render(TASK, folder)
        assert isinstance(reply, Rendered)
        assert (folder / reply.files[0].file).read_text() == "hello"
    assert int(told(sandbox, "process")) != os.getpid()


def test_a_child_serves_many_tasks(sandbox: Sandbox) -> None:
    assert told(sandbox, "process") == told(sandbox, "process")


def test_a_rejection_becomes_a_value_and_costs_no_child(sandbox: Sandbox) -> None:
    before = told(sandbox, "process")
    assert play(sandbox, "reject why") == Refused(code="corrupt", detail="why")
    assert told(sandbox, "process") == before


def test_a_refusal_that_the_decoder_returns_keeps_its_facts(sandbox: Sandbox) -> None:
    reply = play(sandbox, "process")
    assert isinstance(reply, Refused)
    assert reply.facts is not None
    assert reply.facts.width == 3


@pytest.mark.parametrize(
    ("command", "error", "words"),
    [
        ("leave 3", DecoderDiedError, "status 3"),
        ("leave 0", DecoderDiedError, "status 0"),
        ("crash", DecoderDiedError, "SIGSEGV"),
        ("burn", DecoderOutOfTimeError, "CPU limit"),
        ("eat 600000000", DecoderOutOfMemoryError, "memory limit"),
        ("lack_memory", DecoderOutOfMemoryError, "memory limit"),
        ("fail oops", DecoderDiedError, "LookupError in decoders.py"),
        ("name_file ../x", DecoderDiedError, "outside"),
        ("name_file /x", DecoderDiedError, "outside"),
        ("name_file ..", DecoderDiedError, "outside"),
        ("name_file nothing", DecoderDiedError, "not there"),
        ("name_file in", DecoderDiedError, "not what it says"),
        ("make_nothing", DecoderDiedError, "other variants"),
        ("make_twice", DecoderDiedError, "other variants"),
        ("refuse because", DecoderDiedError, "does not exist"),
        ("say 0000000568656c6c6f", DecoderDiedError, "no sense"),
        ("say 00000000", DecoderDiedError, "no sense"),
        ("say ffffffff", DecoderDiedError, "too long"),
    ],
)
def test_a_fault_of_the_decoder_has_a_name_and_costs_its_own_task_only(
    sandbox: Sandbox, command: str, error: type[TintypeError], words: str
) -> None:
    before = told(sandbox, "process")
    with pytest.raises(error, match=words) as caught:
        play(sandbox, command)
    assert type(caught.value) is error
    assert isinstance(play(sandbox, "copy again"), Rendered)
    assert told(sandbox, "process") != before, "a child that failed is replaced"


def test_what_a_decoder_raised_is_told_in_a_note_and_not_in_the_message(sandbox: Sandbox) -> None:
    with pytest.raises(DecoderDiedError) as caught:
        play(sandbox, "fail words\nof the image")
    assert "words" not in str(caught.value)
    assert "of the image" in caught.value.__notes__[0]


def test_what_a_child_says_of_an_image_is_one_short_line(sandbox: Sandbox) -> None:
    detail = told(sandbox, "refuse corrupt\r\n\x1b[2J\u202e" + "x" * 1000)
    assert detail.startswith("corrupt  [2J x")
    assert len(detail) == 500


@pytest.mark.parametrize("command", ["nap 60", "say 00"])
def test_a_wall_clock_kill_below_the_cpu_limit_is_a_stall(hasty: Sandbox, command: str) -> None:
    with pytest.raises(DecoderStalledError):
        play(hasty, command)
    assert isinstance(play(hasty, "copy again"), Rendered)


def test_a_decoder_that_is_deaf_to_its_cpu_limit_is_out_of_time(tmp_path: Path) -> None:
    # Long enough to use one second of processor time on a machine with much else to do.
    budget = Budget(cpu_seconds=1, wall_seconds=8)
    with open_sandbox(tmp_path, budget=budget) as sandbox, pytest.raises(DecoderOutOfTimeError):
        play(sandbox, "burn_deaf")


def test_the_cpu_limit_counts_from_the_beginning_of_each_task(sandbox: Sandbox) -> None:
    first = told(sandbox, "work 0.8")
    assert {told(sandbox, "work 0.8") for _ in range(2)} == {first}


def test_a_task_that_lacks_memory_gets_twice_as_much_once(sandbox: Sandbox) -> None:
    assert isinstance(play(sandbox, f"eat {180 * MIB}"), Rendered)
    assert isinstance(play(sandbox, "copy again"), Rendered)


def test_a_verdict_near_the_memory_limit_is_asked_for_again_in_a_fresh_child(
    sandbox: Sandbox,
) -> None:
    before = told(sandbox, "process")
    assert told(sandbox, f"eat_and_reject {100 * MIB}") == f"after {100 * MIB}"
    assert told(sandbox, "process") != before


def test_a_child_retires_after_its_tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "TASKS_OF_A_CHILD", 3)
    with open_sandbox(tmp_path) as sandbox:
        pids = [told(sandbox, "process") for _ in range(7)]
    assert pids[0] == pids[2] != pids[3] == pids[5] != pids[6]


def test_a_child_that_has_grown_retires(sandbox: Sandbox) -> None:
    before = told(sandbox, "process")
    play(sandbox, f"hoard {70 * MIB}")
    assert told(sandbox, "process") != before


def test_idle_counts_the_children_that_are_not_busy(hasty: Sandbox) -> None:
    assert hasty.idle == 2
    thread = threading.Thread(target=play, args=(hasty, "nap 1"))
    thread.start()
    assert eventually(lambda: hasty.idle == 1)
    assert isinstance(play(hasty, "copy meanwhile"), Rendered)
    thread.join()
    assert hasty.idle == 2


def test_more_threads_than_children_all_get_their_turn(hasty: Sandbox) -> None:
    replies: list[str] = []
    threads = [
        threading.Thread(target=lambda: replies.append(told(hasty, "process"))) for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(replies) == 12
    assert len(set(replies)) <= 2


def test_a_folder_of_nobody_is_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not a job's folder"):
        sandbox.render(TASK, tmp_path)


def test_a_decoder_that_cannot_be_loaded_is_the_systems_fault(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with (
        Sandbox(1, tmp_path, decoder="nowhere:nothing") as sandbox,
        pytest.raises(SystemFailure, match="could not be started"),
    ):
        _ = sandbox.confinement
    assert "No module named 'nowhere'" in capfd.readouterr().err


def test_closing_ends_every_process_and_all_waiting(tmp_path: Path) -> None:
    sandbox = open_sandbox(tmp_path, size=1)
    errors: list[BaseException] = []

    def nap() -> None:
        try:
            play(sandbox, "nap 60")
        except TintypeError as error:
            errors.append(error)

    threads = [threading.Thread(target=nap) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert eventually(lambda: any(tmp_path.glob("*/begun")))
    processes = family(sandbox)
    assert len(processes) == 2
    sandbox.close()
    sandbox.close()
    for thread in threads:
        thread.join()
    assert [type(error) for error in errors] == [ShuttingDownError, ShuttingDownError]
    assert gone(processes)
    with pytest.raises(ShuttingDownError):
        _ = sandbox.confinement
    assert [entry.name for entry in tmp_path.iterdir()] == ["lock"]


def test_two_hundred_mixed_tasks_leave_nothing_behind(tmp_path: Path) -> None:
    ordinary = ["copy x", "reject y", "vips jpg", "vips png", "process", "eat 20000000"]
    faults = ["leave 1", "crash", "fail z", "say ffffffff"]
    with open_sandbox(tmp_path, size=2) as sandbox:
        for command in ordinary:
            play(sandbox, command)
        here = psutil.Process()
        memory, descriptors = here.memory_info().rss, here.num_fds()
        for turn in range(200):
            if turn % 10 == 0:
                with pytest.raises(DecoderDiedError):
                    play(sandbox, faults[turn // 10 % len(faults)])
            else:
                play(sandbox, ordinary[turn % len(ordinary)])
        children = family(sandbox)[1:]
        assert here.memory_info().rss - memory < 20 * MIB
        assert here.num_fds() <= descriptors + 2  # children that are on their way
        assert all(process.memory_info().rss < 120 * MIB for process in children)
        assert [entry.name for entry in tmp_path.iterdir()] == ["lock"]

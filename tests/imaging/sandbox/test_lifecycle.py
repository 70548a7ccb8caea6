"""Whatever dies, no process is left over and the rest goes on."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import pytest

from tests.imaging.sandbox.play import eventually, family, gone, open_sandbox, play, told
from tintype.errors import DecoderDiedError, SettingsInvalidError, TintypeError
from tintype.imaging.messages import Rendered
from tintype.imaging.sandbox import Sandbox


@contextmanager
def server(scratch: Path, *commands: str) -> Iterator[list[psutil.Process]]:
    """A server whose children are busy with the commands: itself, its zygote, its children."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.imaging.sandbox.server", str(scratch), *commands],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout
        with process.stdout:
            zygote = psutil.Process(int(process.stdout.readline()))
        assert eventually(lambda: len(list(scratch.glob("*/begun"))) == len(commands))
        yield [psutil.Process(process.pid), zygote, *zygote.children()]
    finally:
        process.kill()
        process.wait()


@pytest.mark.crash
def test_killing_the_server_ends_all_and_the_next_one_sweeps_its_folders(tmp_path: Path) -> None:
    with server(tmp_path, "burn", "nap 600") as processes:
        assert len(processes) == 4
        processes[0].kill()
        assert eventually(lambda: gone(processes))
    assert len(list(tmp_path.glob("*/begun"))) == 2
    (tmp_path / "notes").mkdir()
    with open_sandbox(tmp_path):
        assert sorted(entry.name for entry in tmp_path.iterdir()) == ["lock", "notes"]


@pytest.mark.crash
def test_children_end_with_the_server_even_if_the_zygote_hangs(tmp_path: Path) -> None:
    with server(tmp_path, "burn", "nap 600") as (parent, zygote, *children):
        zygote.suspend()
        parent.kill()
        assert eventually(lambda: gone([parent, *children]))
        zygote.resume()
        assert eventually(lambda: gone([zygote]))


@pytest.mark.crash
def test_killing_the_zygote_of_a_dead_server_leaves_no_child(tmp_path: Path) -> None:
    with server(tmp_path, "burn", "nap 600") as (parent, zygote, *children):
        parent.suspend()
        zygote.kill()
        assert eventually(lambda: gone(children))


@contextmanager
def busy(sandbox: Sandbox, scratch: Path, errors: list[TintypeError]) -> Iterator[None]:
    """While a child of the sandbox is busy; what that task raises is kept."""

    def render() -> None:
        try:
            play(sandbox, "burn")
        except TintypeError as error:
            errors.append(error)

    thread = threading.Thread(target=render)
    thread.start()
    assert eventually(lambda: any(scratch.glob("*/begun")))
    yield
    thread.join()


@pytest.mark.crash
def test_a_killed_zygote_costs_the_running_tasks_and_is_replaced(tmp_path: Path) -> None:
    errors: list[TintypeError] = []
    with open_sandbox(tmp_path, size=2) as sandbox:
        play(sandbox, "copy x")
        processes = family(sandbox)
        with busy(sandbox, tmp_path, errors):
            os.kill(processes[0].pid, signal.SIGKILL)
        assert [type(error) for error in errors] == [DecoderDiedError]
        assert eventually(lambda: gone(processes))
        assert [type(play(sandbox, "copy x")) for _ in range(3)] == [Rendered] * 3
        assert sandbox.idle == 2


@pytest.mark.crash
def test_a_killed_child_costs_its_own_task(tmp_path: Path) -> None:
    errors: list[TintypeError] = []
    with open_sandbox(tmp_path) as sandbox:
        child = int(told(sandbox, "process"))
        with busy(sandbox, tmp_path, errors):
            os.kill(child, signal.SIGKILL)
        assert "SIGKILL" in str(errors[0])
        assert eventually(lambda: len(family(sandbox)) == 2)
        assert not psutil.pid_exists(child), "the zygote buries its dead"


@pytest.mark.crash
def test_children_that_died_while_idle_cost_no_task(tmp_path: Path) -> None:
    with open_sandbox(tmp_path, size=2) as sandbox:
        for _ in range(2):
            play(sandbox, "copy x")
        children = family(sandbox)[1:]
        for child in children:
            child.kill()
        assert eventually(lambda: gone(children))
        assert [type(play(sandbox, "copy x")) for _ in range(3)] == [Rendered] * 3
        everybody = family(sandbox)
        everybody[0].kill()
        assert eventually(lambda: gone(everybody))  # the children follow their zygote
        assert [type(play(sandbox, "copy x")) for _ in range(3)] == [Rendered] * 3


@pytest.mark.crash
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_what_ends_a_server_does_not_end_its_children(
    tmp_path: Path, number: signal.Signals
) -> None:
    with open_sandbox(tmp_path) as sandbox:
        before = told(sandbox, "process")
        for process in family(sandbox):
            process.send_signal(number)
            assert os.getsid(process.pid) != os.getsid(0), "a terminal's signals do not reach it"
        assert told(sandbox, "nap 0.1") == "rested"
        assert told(sandbox, "process") == before


def test_two_servers_cannot_share_a_scratch_root(tmp_path: Path) -> None:
    with (
        open_sandbox(tmp_path),
        pytest.raises(SettingsInvalidError, match="in use by another server"),
    ):
        open_sandbox(tmp_path)
    with open_sandbox(tmp_path) as sandbox:
        assert isinstance(play(sandbox, "copy x"), Rendered)


def test_a_folder_is_its_owners_only_and_is_removed_whatever_happens(sandbox: Sandbox) -> None:
    made = ExitStack()
    folder = made.enter_context(sandbox.folder())
    assert folder.stat().st_mode & 0o777 == 0o700
    (folder / "file").touch()
    with pytest.raises(KeyError), made:
        raise KeyError
    assert not folder.exists()

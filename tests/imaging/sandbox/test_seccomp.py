"""The filter's decisions on both kinds of processor, by a small model of the kernel's machine."""

import errno
import os
import subprocess
import sys

import pytest

from tintype.imaging.sandbox import seccomp

DENIED = seccomp.ERRNO | errno.EPERM
PROCESS = 4711


def decide(machine: seccomp.Machine, number: int, argument: int = 0, audit: int = 0) -> int:
    """What the kernel would answer to a system call under the filter."""
    data = {
        seccomp.NUMBER: number,
        seccomp.ARCHITECTURE: audit or machine.audit,
        seccomp.FIRST_ARGUMENT: argument,
    }
    lines = list(seccomp.program(machine, PROCESS))
    position = loaded = 0
    while True:
        code, if_true, if_false, operand = lines[position]
        position += 1
        if code == seccomp.RETURN:
            return operand
        if code == seccomp.LOAD:
            loaded = data[operand]
            continue
        holds = {
            seccomp.EQUAL: loaded == operand,
            seccomp.AT_LEAST: loaded >= operand,
            seccomp.ANY_BIT: bool(loaded & operand),
        }[code]
        position += if_true if holds else if_false


machines = pytest.mark.parametrize(
    "machine", seccomp.MACHINES.values(), ids=seccomp.MACHINES.keys()
)


@machines
def test_what_is_listed_is_denied(machine: seccomp.Machine) -> None:
    numbers = [numbers[machine.column] for numbers in seccomp.DENIED.values()]
    assert {decide(machine, number) for number in numbers if number is not None} == {DENIED}


@machines
def test_no_number_is_listed_twice(machine: seccomp.Machine) -> None:
    numbers = [numbers[machine.column] for numbers in seccomp.DENIED.values()]
    present = [number for number in numbers if number is not None]
    assert len(present) == len(set(present))
    assert not {machine.clone, machine.clone3, machine.prlimit64, machine.tgkill} & set(present)


@machines
def test_ordinary_calls_pass(machine: seccomp.Machine) -> None:
    read, write, exit_group = {"x86_64": (0, 1, 231), "aarch64": (63, 64, 94)}[
        "aarch64" if machine.column else "x86_64"
    ]
    for number in (read, write, exit_group):
        assert decide(machine, number) == seccomp.ALLOW


@machines
def test_threads_may_be_made_and_processes_not(machine: seccomp.Machine) -> None:
    assert decide(machine, machine.clone, seccomp.CLONE_THREAD | 0x100) == seccomp.ALLOW
    assert decide(machine, machine.clone, 0x11) == DENIED
    assert decide(machine, machine.clone3) == seccomp.ERRNO | errno.ENOSYS


@machines
def test_limits_and_signals_are_for_oneself(machine: seccomp.Machine) -> None:
    assert decide(machine, machine.prlimit64, 0) == seccomp.ALLOW
    assert decide(machine, machine.prlimit64, PROCESS) == DENIED
    assert decide(machine, machine.tgkill, PROCESS) == seccomp.ALLOW
    assert decide(machine, machine.tgkill, 1) == DENIED


@machines
def test_other_numberings_of_the_calls_do_not_pass(machine: seccomp.Machine) -> None:
    assert decide(machine, 0, audit=0x40000003) == seccomp.KILL_PROCESS  # 32-bit Intel
    assert decide(machine, seccomp.X32_BIT | 41) == DENIED


def test_a_processor_that_is_not_known_is_said_to_be_unfiltered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    assert seccomp.restrict() is False


WITHOUT_LANDLOCK = """
import struct, sys
from pathlib import Path
from tintype.imaging.sandbox import kernel, landlock, seccomp
seccomp.DENIED["landlock_create_ruleset"] = (444, 444)
kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
assert seccomp.restrict() is True
assert landlock.restrict(Path("/tmp"), ()) is False
assert Path("/etc/passwd").read_text()
"""


def test_a_kernel_without_landlock_is_said_to_leave_files_open() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_LANDLOCK],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == 0

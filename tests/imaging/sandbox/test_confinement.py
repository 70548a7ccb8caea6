"""What a decoder that was taken over can do: nothing but read and write its job's files."""

import errno

import pytest

from tests.imaging.sandbox.play import play, told
from tintype.imaging.messages import Rendered
from tintype.imaging.sandbox import Confinement, Sandbox
from tintype.imaging.sandbox.process import ENVIRONMENT


def test_the_kernel_confines_files_and_calls(sandbox: Sandbox) -> None:
    assert sandbox.confinement == Confinement(files=True, calls=True)
    assert sandbox.confinement.warnings == ()


def test_each_confinement_that_is_missing_is_a_warning() -> None:
    files, calls = Confinement(files=False, calls=False).warnings
    assert "Landlock" in files
    assert "seccomp" in calls


@pytest.mark.parametrize(
    "action",
    [
        "read a file",
        "read its own process",
        "list the root",
        "list its folder",
        "write outside",
        "write to the code",
        "make a folder",
    ],
)
def test_landlock_forbids_to(sandbox: Sandbox, action: str) -> None:
    assert told(sandbox, f"attempt {action}") == errno.errorcode[errno.EACCES]


@pytest.mark.parametrize(
    "action",
    [
        "make a symbolic link",
        "make a hard link",
        "change rights",
        "open a socket",
        "open a local socket",
        "open a pair of sockets",
        "run a program",
        "replace itself",
        "fork",
        "signal its parent",
        "open a process",
        "take another's limits",
        "make a file of memory",
        "become root",
    ],
)
def test_seccomp_forbids_to(sandbox: Sandbox, action: str) -> None:
    assert told(sandbox, f"attempt {action}") == errno.errorcode[errno.EPERM]


def test_a_child_holds_its_channel_and_no_descriptor_of_another(hasty: Sandbox) -> None:
    # standard input, output and error; the watch on the server; its own status; the channel
    assert told(hasty, "descriptors") == "file null null null pidfd socket"


def test_a_child_has_no_variables_of_the_servers_environment(sandbox: Sandbox) -> None:
    names = told(sandbox, "environment").split()
    assert set(names) == set(ENVIRONMENT)


def test_files_have_a_largest_size(sandbox: Sandbox) -> None:
    assert told(sandbox, "write_much 600000000") == errno.errorcode[errno.EFBIG]


def test_threads_are_allowed(sandbox: Sandbox) -> None:
    assert told(sandbox, "use_threads") == "ho ho ho"


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "gif", "tif", "avif"])
def test_libvips_works_confined(sandbox: Sandbox, suffix: str) -> None:
    assert isinstance(play(sandbox, f"vips {suffix}"), Rendered)

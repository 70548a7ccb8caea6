"""What is known of the machine or the container."""

from pathlib import Path

import pytest

from tintype.machine import memory_bytes, memory_for_decoders


def linux(root: Path, cgroup: str, limits: dict[str, str]) -> Path:
    files = {"proc/meminfo": "MemTotal:  8000000 kB\nMemFree: 1 kB\n", "proc/self/cgroup": cgroup}
    for name, content in (files | limits).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    return root


@pytest.mark.parametrize(
    ("cgroup", "limits", "expected"),
    [
        ("0::/\n", {}, 8_192_000_000),
        ("0::/\n", {"sys/fs/cgroup/memory.max": "max\n"}, 8_192_000_000),
        ("0::/\n", {"sys/fs/cgroup/memory.max": "500000000\n"}, 500_000_000),
        ("0::/a/b\n", {"sys/fs/cgroup/a/memory.max": "400000000\n"}, 400_000_000),
        (
            "4:memory:/docker/x\n0::/\n",
            {"sys/fs/cgroup/memory/memory.limit_in_bytes": "300000000\n"},
            300_000_000,
        ),
        (
            "4:memory:/x\n",
            {"sys/fs/cgroup/memory/x/memory.limit_in_bytes": "9223372036854771712\n"},
            8_192_000_000,
        ),
    ],
)
def test_memory_is_what_the_cgroups_leave(
    tmp_path: Path, cgroup: str, limits: dict[str, str], expected: int
) -> None:
    assert memory_bytes(linux(tmp_path, cgroup, limits)) == expected


def test_this_machines_memory_is_known() -> None:
    assert memory_bytes() > 10**8


def test_decoders_have_what_the_server_leaves(tmp_path: Path) -> None:
    assert memory_for_decoders(linux(tmp_path, "0::/\n", {})) == 8_192_000_000 - 300_000_000


def test_decoders_have_a_little_however_small_the_machine(tmp_path: Path) -> None:
    limits = {"sys/fs/cgroup/memory.max": "100000000\n"}
    assert memory_for_decoders(linux(tmp_path, "0::/\n", limits)) == 64 * 1024 * 1024

"""Python, memory, open files, the clock."""

import resource
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tintype.doctor import Verdict, machine

GB = 10**9


@pytest.mark.parametrize(
    ("version", "system", "verdict"),
    [((3, 11, 0), "Linux", "ok"), ((3, 10, 9), "Linux", "bad"), ((3, 12, 1), "Darwin", "bad")],
)
def test_python_must_be_recent_and_on_linux(
    version: tuple[int, ...], system: str, verdict: str
) -> None:
    assert machine.python(version, system).verdict == verdict


def test_this_python_will_do() -> None:
    assert machine.python().verdict is Verdict.OK


def test_memory_for_all_decoders_at_once_is_enough() -> None:
    assert machine.memory(4, GB // 2, total=8 * GB).verdict is Verdict.OK


def test_too_little_memory_names_how_many_decoders_fit() -> None:
    found = machine.memory(8, GB // 2, total=2 * GB)
    assert found.verdict is Verdict.WARN
    assert "TINTYPE_DECODERS to 3," in found.remedy
    assert "4.3 GB" in found.remedy


def test_memory_for_not_even_one_decoder_asks_for_smaller_ones() -> None:
    found = machine.memory(1, GB, total=GB // 2)
    assert "TINTYPE_DECODER_MEMORY" in found.remedy


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
    assert machine.memory_bytes(linux(tmp_path, cgroup, limits)) == expected


def test_this_machines_memory_is_known() -> None:
    assert machine.memory_bytes() > 10**8


@pytest.mark.parametrize(
    ("limit", "verdict"), [(256, "warn"), (1024, "ok"), (resource.RLIM_INFINITY, "ok")]
)
def test_too_few_open_files_are_told(limit: int, verdict: str) -> None:
    assert machine.open_files(limit).verdict == verdict


def test_a_clock_that_was_never_set_is_bad() -> None:
    found = machine.clock({}, lambda: datetime(1970, 1, 2, tzinfo=UTC))
    assert found.verdict is Verdict.BAD
    assert "1970" in found.detail


@pytest.mark.parametrize(
    ("zone", "verdict"),
    [
        ("", "ok"),
        ("Europe/Vienna", "ok"),
        (":UTC", "ok"),
        ("CET-1CEST,M3.5.0,M10.5.0/3", "ok"),
        ("Europe/Viena", "warn"),
        ("../../etc/passwd", "warn"),
    ],
)
def test_a_time_zone_that_is_not_known_is_told(zone: str, verdict: str) -> None:
    assert machine.clock({"TZ": zone}).verdict == verdict

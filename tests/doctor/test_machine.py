"""Python, memory, open files, the clock."""

import resource
from datetime import UTC, datetime

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


def test_memory_for_the_images_and_the_server_is_enough() -> None:
    assert machine.memory(GB, total=2 * GB).verdict is Verdict.OK


def test_too_little_memory_names_how_much_there_is() -> None:
    found = machine.memory(2 * GB, total=2 * GB)
    assert found.verdict is Verdict.WARN
    assert f"TINTYPE_MEMORY to {2 * GB - 300_000_000}, or give" in found.remedy
    assert "2.3 GB" in found.remedy


def test_memory_that_is_not_even_enough_for_the_server_has_to_be_more() -> None:
    assert machine.memory(GB // 10, total=GB // 10).remedy.startswith("Give it")


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

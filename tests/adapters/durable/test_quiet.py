"""Lines of a library that says the same again and again."""

import logging
from collections.abc import Iterator

import pytest

from tintype.adapters.durable.quiet import Quiet


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lines(clock: Clock, caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    quiet = Quiet(clock)
    quiet.install()
    yield caplog
    quiet.remove()


def complain(about: str) -> None:
    logging.getLogger("dbos").warning(f"Cannot reach the database: {about}")


def test_a_line_is_let_through_once_in_a_while_and_the_others_are_counted(
    lines: pytest.LogCaptureFixture, clock: Clock
) -> None:
    for number in range(5):
        complain(str(number))
    clock.now += 31
    complain("5")
    clock.now += 31
    complain("6")
    assert lines.messages == [
        "Cannot reach the database: 0",
        "Cannot reach the database: 5 (and 4 times before)",
        "Cannot reach the database: 6",
    ]


def test_lines_from_different_places_do_not_hide_each_other(
    lines: pytest.LogCaptureFixture,
) -> None:
    complain("0")
    logging.getLogger("dbos").error("Something else")
    assert lines.messages == ["Cannot reach the database: 0", "Something else"]


def test_of_a_failure_its_first_line_is_kept(lines: pytest.LogCaptureFixture) -> None:
    failure = ValueError("no such table\n[SQL: SELECT secret]")
    logging.getLogger("dbos").error("Failed 100 %s:\nTraceback", "of it", exc_info=failure)
    logging.getLogger("dbos").error("Failed: Traceback (most recent call last):\n  File ...")
    assert lines.messages == ["Failed 100 of it: ValueError: no such table", "Failed:"]
    assert lines.records[0].exc_info is None


def test_what_comes_from_outside_is_made_safe(lines: pytest.LogCaptureFixture) -> None:
    complain("\x1b[31mred")
    assert lines.messages == ["Cannot reach the database: \\x1b[31mred"]


def test_other_loggers_and_later_lines_are_left_alone(
    caplog: pytest.LogCaptureFixture, clock: Clock
) -> None:
    quiet = Quiet(clock)
    quiet.install()
    for number in range(2):
        logging.getLogger("another").warning(f"line {number}")
    quiet.remove()
    for number in range(2):
        complain(str(number))
    assert len(caplog.messages) == 4

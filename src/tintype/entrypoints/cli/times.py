"""Times for people, and times that people give."""

import re
import sys
from datetime import UTC, datetime, timedelta

import typer

_AGO = re.compile(r"(\d{1,6}) ?(s|min|m|h|d)", re.ASCII)
_UNITS = {"s": 1, "min": 60, "m": 60, "h": 3600, "d": 86400}

# What is meant to last for longer than ten years is meant to last for ever, or a typing error.
_LONGEST_DAYS = 3650


def universal(moment: datetime) -> str:
    """A moment for programs, as the service writes it: ISO 8601 in UTC, with a Z."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def local(moment: str) -> str:
    """A moment of the service, in this machine's time, with its zone."""
    return f"{datetime.fromisoformat(moment).astimezone():%Y-%m-%d %H:%M:%S %Z}"


def cell(moment: str) -> str:
    """A moment in a list: its age on a terminal, as it is in a pipe."""
    return age(moment) if sys.stdout.isatty() else moment


def age(moment: str) -> str:
    """How long ago a moment of the service was."""
    return duration((datetime.now(UTC) - datetime.fromisoformat(moment)).total_seconds())


def duration(seconds: float) -> str:
    """A duration in the unit that says most of it: 3 min."""
    whole = max(int(seconds), 0)  # clocks differ
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min"
    if whole < 2 * 86400:
        return f"{whole // 3600} h"
    return f"{whole // 86400} d"


def between(began: str, ended: str) -> str:
    """How long something took, to the millisecond where that says something."""
    took = datetime.fromisoformat(ended) - datetime.fromisoformat(began)
    seconds = max(took.total_seconds(), 0.0)
    return f"{seconds:.3f} s" if seconds < 10 else duration(seconds)


def moment(text: str) -> str:
    """A moment as the service wants it, from a date, a date with time, or an age such as 2h.

    What has no zone is meant in this machine's time. Raises typer.BadParameter.
    """
    if found := _AGO.fullmatch(text):
        then = datetime.now(UTC) - timedelta(seconds=int(found[1]) * _UNITS[found[2]])
        return then.isoformat()
    try:
        return datetime.fromisoformat(text).astimezone().isoformat()
    except (ValueError, OverflowError):
        raise typer.BadParameter(
            f"{text!r} is no time; give a date such as 2026-01-31, a time such as"
            " 2026-01-31T12:00, or how long ago it was: 90s, 30min, 2h, 7d"
        ) from None


def just_after(moment: str) -> str:
    """The first moment after another."""
    return (datetime.fromisoformat(moment) + timedelta(microseconds=1)).isoformat()


def span(text: str) -> timedelta:
    """A time as long as a text says: 90s, 30min, 2h, 7d; at least a second, at most ten years.

    Raises typer.BadParameter.
    """
    found = _AGO.fullmatch(text)
    if not found:
        raise typer.BadParameter(f"{text!r} is no length of time; give it as 90s, 30min, 2h or 7d")
    length = timedelta(seconds=int(found[1]) * _UNITS[found[2]])
    if not timedelta(0) < length <= timedelta(days=_LONGEST_DAYS):
        raise typer.BadParameter(
            f"{text!r} is not between 1s and {_LONGEST_DAYS}d, which are ten years"
        )
    return length

"""When a service that refused something wants to be asked again."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def retry_after(headers: Mapping[str, str]) -> float | None:
    """After how many seconds the Retry-After of an answer says to ask again (RFC 9110).

    It is a number of seconds or a date, which is meant by the clock of whoever answered. None where
    there is none that can be read.
    """
    told = headers.get("retry-after", "").strip()
    if told.isascii() and told.isdigit():
        return float(told)
    then = _moment(told)
    if then is None:
        return None
    now = _moment(headers.get("date", "")) or datetime.now(UTC)
    return max((then - now).total_seconds(), 0.0)


def _moment(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)  # "-0000" names no zone

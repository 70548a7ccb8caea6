"""Moments in queries and bodies."""

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import PlainValidator, WithJsonSchema

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_RULE = (
    "must be a date such as 2026-01-31, which means its midnight in UTC, or a date-time with its"
    " zone such as 2026-01-31T12:00:00Z or 2026-01-31T12:00:00%2B02:00"
)


def parse_moment(text: object) -> datetime:
    """A date or date-time with zone (ISO 8601) as a moment in UTC; raises ValueError."""
    if not isinstance(text, str):
        raise ValueError(_RULE)  # noqa: TRY004 - the one error that pydantic reports
    try:
        moment = datetime.fromisoformat(f"{text}T00:00Z" if _DATE.fullmatch(text) else text)
        universal = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(_RULE) from None
    if moment.tzinfo is None:
        raise ValueError(_RULE)
    return universal


Moment = Annotated[
    datetime | None,
    PlainValidator(parse_moment),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]}
    ),
]
"""A parameter that names a moment; None only where it was left out."""

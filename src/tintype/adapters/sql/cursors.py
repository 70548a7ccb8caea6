"""Cursors: where in a list, newest first, the next page begins."""

import base64
import binascii
import re
from datetime import UTC, datetime, timedelta

from tintype.errors import ParameterInvalidError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FORM = re.compile(r"(\d{1,17}) ([a-z]{3}_[a-z2-7]{26})", re.ASCII)


def encode(created_at: datetime, item_id: str) -> str:
    """The cursor of what follows an item."""
    microseconds = (created_at - _EPOCH) // timedelta(microseconds=1)
    return base64.urlsafe_b64encode(f"{microseconds} {item_id}".encode()).decode().rstrip("=")


def decode(cursor: str) -> tuple[datetime, str]:
    """The last item before a cursor; raises ParameterInvalidError for what is no cursor of ours."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        content = base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii")
    except (UnicodeError, binascii.Error):
        raise ParameterInvalidError("The cursor is not valid") from None
    match = _FORM.fullmatch(content)
    if not match:
        raise ParameterInvalidError("The cursor is not valid")
    return _EPOCH + timedelta(microseconds=int(match[1])), match[2]

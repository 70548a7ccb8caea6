"""Which of two notifications of one object tells of what happened later."""

import re
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from tintype.pipeline.notifications.values import Kind, Note

_HEX = re.compile(r"[0-9A-Fa-f]{1,64}", re.ASCII)

# Some senders cut times to whole seconds.
_APART = timedelta(seconds=1)

# Of one version, in the order in which it can come: what is deleted for good does not come back.
_STAGES = {Kind.CREATED: 0, Kind.HIDDEN: 0, Kind.RESTORED: 1, Kind.DELETED: 2}

_T = TypeVar("_T", int, str, datetime)


class Order(StrEnum):
    """How one notification stands to another."""

    SAME = "same"
    """Both tell the same: to act on one of them is enough."""

    EARLIER = "earlier"
    LATER = "later"

    UNKNOWN = "unknown"
    """They tell of different objects, or nothing says which was first: the store must be asked."""


def order(first: Note, second: Note) -> Order:
    """How `first` stands to `second`.

    A version id decides where both name the same; of different ones, it says nothing. Then the
    sequencers are compared, which order what happened to one key, and at last times that are at
    least a second apart. All but SAME is a hint: what is under a key now, only its store knows.
    """
    if (first.bucket, first.key) != (second.bucket, second.key):
        return Order.UNKNOWN
    if first.version is not None and first.version == second.version:
        found = _compared(_STAGES[first.kind], _STAGES[second.kind])
    else:
        found = _by_sequencer(first, second)
        if found is Order.UNKNOWN:
            found = _by_time(first, second)
        if found is Order.UNKNOWN and first.etag and first.etag == second.etag:
            found = Order.SAME
    return Order.UNKNOWN if found is Order.SAME and _contradict(first, second) else found


def _contradict(first: Note, second: Note) -> bool:
    """Whether two notifications cannot tell the same, as where two puts fell into one moment."""
    return (
        first.kind is not second.kind
        or _differ(first.version, second.version)
        or _differ(first.etag, second.etag)
    )


def _differ(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and one != other


def _by_sequencer(first: Note, second: Note) -> Order:
    """Compared as hexadecimal fractions and as integers, which must agree.

    AWS has documented both: to fill the shorter one up with zeros on its right, and on its left.
    """
    one, other = first.sequencer, second.sequencer
    if not (one and other and _HEX.fullmatch(one) and _HEX.fullmatch(other)):
        return Order.UNKNOWN
    width = max(len(one), len(other))
    one, other = one.upper(), other.upper()
    on_left = _compared(one.rjust(width, "0"), other.rjust(width, "0"))
    on_right = _compared(one.ljust(width, "0"), other.ljust(width, "0"))
    return on_left if on_left is on_right else Order.UNKNOWN


def _by_time(first: Note, second: Note) -> Order:
    if first.time and second.time and abs(first.time - second.time) >= _APART:
        return _compared(first.time, second.time)
    return Order.UNKNOWN


def _compared(one: _T, other: _T) -> Order:
    if one == other:
        return Order.SAME
    return Order.EARLIER if one < other else Order.LATER

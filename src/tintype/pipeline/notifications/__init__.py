"""Notifications: what object stores tell of their objects, and how queues and topics wrap it.

Bytes or JSON in, frozen values out: nothing here has a clock, a network or an environment. A
notification is a hint that something happened, never the proof: they come twice, late, out of
order and, where a queue is open, from anybody. What holds is what the store says when it is asked.
"""

from tintype.pipeline.notifications.envelopes import parse
from tintype.pipeline.notifications.ordering import Order, order
from tintype.pipeline.notifications.values import (
    Confirmation,
    Flavor,
    Ignored,
    Kind,
    Note,
    Notice,
    Reason,
)

__all__ = [
    "Confirmation",
    "Flavor",
    "Ignored",
    "Kind",
    "Note",
    "Notice",
    "Order",
    "Reason",
    "order",
    "parse",
]

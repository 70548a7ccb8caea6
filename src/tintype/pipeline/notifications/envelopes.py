"""What notifications come wrapped in, taken off layer by layer.

A layer is known by the fields that only it has: the batches and messages of SQS (as Lambda, Pipes
and ReceiveMessage hand them out, from FIFO and dead-letter queues alike), the notifications of SNS
(as Lambda hands them out, as HTTP endpoints and queues get them; delivered raw, there is no layer),
the record of a failed Lambda call, and the list that a bucket notification is itself. After AWS's
"Using Lambda with Amazon SQS", "Amazon SNS message and JSON formats" and "Event message structure".
Nothing is searched for events beyond these: a stranger's JSON may hold anything.
"""

import json
from dataclasses import dataclass, field
from itertools import islice

from tintype.pipeline.notifications.records import (
    IgnoredError,
    Object,
    bridged_note,
    bucket_note,
    ignored,
    plain,
    shown,
)
from tintype.pipeline.notifications.values import Confirmation, Ignored, Note, Notice, Reason

MAX_BYTES = 2**20
"""How long a text may be: SQS, SNS and EventBridge carry no longer ones."""

MAX_LAYERS = 16
"""How many lists, objects and texts may lie in each other. SNS in SQS in SNS in SQS needs 14."""

MAX_PARTS = 20_000
"""How many events one notification may hold; a batch for Lambda has at most 10,000 messages."""

_LONGEST_ADDRESS = 2048  # characters

# The fields of an SQS message, as Lambda and Pipes name them, and as ReceiveMessage does.
_MESSAGES = (("body", "messageId", "receiptHandle"), ("Body", "MessageId", "ReceiptHandle"))

_SHOWN_NAMES = 10
_NOTHING = "nothing is in it"
_NO_PLACE = "wrapped in too many layers"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in a notification something was found."""

    layers: int = 0
    message: str | None = None  # the outermost SQS message: the one that can be answered

    def inside(self, message: object = None) -> "_Place":
        return _Place(self.layers + 1, self.message or plain(message))


@dataclass(slots=True)
class _Reader:
    """Collects what is found."""

    notes: list[Note] = field(default_factory=list)
    ignored: list[Ignored] = field(default_factory=list)
    confirmations: list[Confirmation] = field(default_factory=list)

    def read(self, value: object, place: _Place) -> None:
        parts = len(self.notes) + len(self.ignored) + len(self.confirmations)
        if parts > MAX_PARTS:
            return
        if parts == MAX_PARTS:
            self._ignore(Reason.TOO_LARGE, f"more than {MAX_PARTS:,} parts", place)
        elif place.layers > MAX_LAYERS:
            self._ignore(Reason.TOO_DEEP, _NO_PLACE, place)
        elif value is None or (isinstance(value, str | bytes | list | dict) and not value):
            self._ignore(Reason.EMPTY, _NOTHING, place)
        elif isinstance(value, str | bytes):
            self._read_text(value, place)
        elif isinstance(value, list):
            for each in value:
                self.read(each, place.inside())
        elif isinstance(value, dict):
            self._read_object(value, place)
        else:
            self._ignore(Reason.FOREIGN, shown(value), place)

    def _read_text(self, text: str | bytes, place: _Place) -> None:
        if len(text) > MAX_BYTES:
            self._ignore(Reason.TOO_LARGE, f"longer than {MAX_BYTES:,} bytes", place)
            return
        if not text.strip():
            self._ignore(Reason.EMPTY, _NOTHING, place)
            return
        try:
            value = json.loads(text)
        except RecursionError:
            self._ignore(Reason.TOO_DEEP, "nested too deep", place)
        except ValueError:
            beginning = text[:1000]
            if isinstance(beginning, bytes):
                beginning = beginning.decode(errors="replace")
            self._ignore(Reason.NOT_JSON, beginning, place)
        else:
            self.read(value, place.inside())

    def _read_object(self, value: Object, place: _Place) -> None:
        inner = _unwrapped(value)
        if inner is not None:
            content, message = inner
            self.read(content, place.inside(message))
        elif value.get("Type") in ("SubscriptionConfirmation", "UnsubscribeConfirmation"):
            self._read_confirmation(value, place)
        elif value.get("Event") == "s3:TestEvent":
            self._ignore(Reason.TEST, f"of the bucket {shown(value.get('Bucket'))}", place)
        else:
            self._read_event(value, place)

    def _read_event(self, value: Object, place: _Place) -> None:
        try:
            if "s3" in value and "eventName" in value:
                self.notes.append(bucket_note(value, place.message))
            elif "detail-type" in value and "source" in value:
                self.notes.append(bridged_note(value, place.message))
            else:
                names = " ".join(map(shown, islice(value, _SHOWN_NAMES)))
                self._ignore(Reason.FOREIGN, f"fields {names}", place)
        except IgnoredError as error:
            self._ignore(error.reason, error.detail, place)

    def _read_confirmation(self, value: Object, place: _Place) -> None:
        topic = plain(value.get("TopicArn"))
        url = plain(value.get("SubscribeURL"), _LONGEST_ADDRESS)
        if topic and url:
            ended = value["Type"] == "UnsubscribeConfirmation"
            self.confirmations.append(Confirmation(topic, url, ended, place.message))
        else:
            detail = "a confirmation without TopicArn and SubscribeURL"
            self._ignore(Reason.MALFORMED, detail, place)

    def _ignore(self, reason: Reason, detail: str, place: _Place) -> None:
        self.ignored.append(ignored(reason, detail, place.message))


def parse(body: object) -> Notice:
    """All that a notification says, whatever it is: bytes, text, or JSON that is parsed already.

    Never raises. What cannot be read is among `ignored`, and keeps nothing else of the same batch
    from being read; every part of a batch is in exactly one of the three lists. Of parsed JSON,
    as Lambda hands it out, only the texts within are held to MAX_BYTES.
    """
    reader = _Reader()
    reader.read(body, _Place())
    return Notice(tuple(reader.notes), tuple(reader.ignored), tuple(reader.confirmations))


def _unwrapped(value: Object) -> tuple[object, object] | None:
    """What a layer wraps, and the id of the SQS message that it is; None where it is no layer."""
    for batch in ("Records", "Messages"):
        if batch in value:
            return value[batch], None
    if "requestPayload" in value and "requestContext" in value:
        return value["requestPayload"], None
    if "Sns" in value:
        return value["Sns"], None
    if value.get("Type") == "Notification" and "Message" in value:
        return value["Message"], None
    for text, name, handle in _MESSAGES:
        if text in value and (name in value or handle in value):
            return value[text], value.get(name)
    return None

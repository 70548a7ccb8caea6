"""What is understood of a notification: values that say it, and reasons where there is nothing."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """What happened to an object."""

    CREATED = "created"
    """There is new content under the key."""

    DELETED = "deleted"
    """A version was removed for good, or the object where the store keeps no versions. An older
    version may be left under the key, and one that was hidden may be seen again."""

    HIDDEN = "hidden"
    """A delete marker was put over the object's versions: nothing is found under the key."""

    RESTORED = "restored"
    """An archived object can be read again, for a while."""


class Flavor(StrEnum):
    """Who wrote a notification: each has its own way with keys."""

    S3 = "aws:s3"
    EVENTBRIDGE = "aws.s3"
    MINIO = "minio:s3"
    CEPH = "ceph:s3"


class Reason(StrEnum):
    """Why there is nothing to do for a notification, or for a part of one."""

    TEST = "test_event"
    """The store tried whether its notifications arrive."""

    EMPTY = "empty"
    """Nothing is in it."""

    NOT_JSON = "not_json"
    """It is text or bytes that are not JSON."""

    TOO_LARGE = "too_large"
    """It is longer than what queues and topics carry."""

    TOO_DEEP = "too_deep"
    """It is wrapped or nested deeper than any notification."""

    FOREIGN = "foreign"
    """It is JSON, but comes from no store that is understood."""

    UNSUPPORTED_VERSION = "unsupported_version"
    """Its structure has another major version than those that are understood."""

    UNKNOWN_EVENT = "unknown_event"
    """It tells of an event that nothing is known of."""

    NO_CHANGE = "no_change"
    """It tells of something that leaves the object's content as it is, like a new tag."""

    FOLDER = "folder"
    """It tells of a placeholder for a folder: a key that ends with a slash."""

    ELSEWHERE = "elsewhere"
    """It tells of an object that is no original: in another bucket, or outside their folder."""

    KEY_INVALID = "key_invalid"
    """It tells of a key that no original can have."""

    MALFORMED = "malformed"
    """A field that must be there is missing, or does not hold what it should."""


@dataclass(frozen=True, slots=True)
class Note:
    """That something happened to an object.

    Text fields but the key are printable and at most 1,024 characters long. The key is valid
    Unicode and not empty; whether it can be kept is for `tintype.recipe.keys.check_key` to say.
    """

    kind: Kind
    bucket: str
    key: str  # decoded: the object's own name
    flavor: Flavor
    name: str  # the event's, as its sender calls it
    version: str | None  # the store's version id; None where it keeps no versions or says none
    etag: str | None  # without quotes
    size: int | None  # bytes
    sequencer: str | None  # see `order`
    time: datetime | None  # UTC
    message: str | None  # the SQS message that carried it: `itemIdentifier` where that is to fail


@dataclass(frozen=True, slots=True)
class Ignored:
    """A notification, or a part of one, that asks for nothing: to be acknowledged and counted."""

    reason: Reason
    detail: str  # for people; printable and short
    message: str | None  # as in Note


@dataclass(frozen=True, slots=True)
class Confirmation:
    """That a topic asks whether its notifications are wanted, or says that they have ended.

    Opening `url` subscribes, also after an unsubscription. Nothing proves that the topic wrote it:
    the caller decides whether the topic is one of its own and the address one of SNS.
    """

    topic: str  # its ARN
    url: str
    ended: bool  # somebody unsubscribed
    message: str | None  # as in Note


@dataclass(frozen=True, slots=True)
class Notice:
    """All that a notification says, in the order in which it says it."""

    notes: tuple[Note, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    confirmations: tuple[Confirmation, ...] = ()

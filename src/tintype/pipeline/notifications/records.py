"""One event of an object, as its store writes it, read into a Note.

Bucket notifications follow AWS's "Event message structure", of which MinIO and Ceph have variants;
EventBridge has a structure of its own ("Amazon S3 event message structure for EventBridge").
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import unquote_to_bytes

from tintype.pipeline.notifications.names import bridged_meaning, meaning
from tintype.pipeline.notifications.values import Flavor, Ignored, Kind, Note, Reason
from tintype.text import printable

Object = Mapping[str, object]
"""An object of JSON."""

_MAJOR = re.compile(r"([0-9]{1,9})(?:\.[0-9]{1,9})*", re.ASCII)
_SIZE = re.compile(r"[0-9]{1,18}", re.ASCII)
_LONGEST = 1024  # characters, as of a version id of S3
_SHOWN = 200  # characters
_TOO_MANY_BYTES = 10**18
_OF_BUCKETS = (Flavor.S3, Flavor.MINIO, Flavor.CEPH)

# What a store says where it keeps no versions: content under it may change.
_NO_VERSION = "null"
_NO_VERSION_OF_MINIO = "1"  # of every object, in older releases


class IgnoredError(Exception):
    """There is nothing to do for an event: no failure, and caught before anybody is told."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def ignored(reason: Reason, detail: str, message: str | None) -> Ignored:
    """What is said of something that asks for nothing; the detail may be any text."""
    return Ignored(reason, printable(detail[:_SHOWN])[:_SHOWN], message)


def shown(value: object) -> str:
    """A value of JSON for people: text as it is, of anything else only what it is."""
    return value if isinstance(value, str) else f"({type(value).__name__})"


def plain(value: object, longest: int = _LONGEST) -> str | None:
    """A text that may be shown and kept anywhere; None for anything else."""
    if isinstance(value, str) and value.isprintable() and 0 < len(value) <= longest:
        return value
    return None


def bucket_note(record: Object, message: str | None) -> Note:
    """Read a record of a bucket notification; raises IgnoredError."""
    source = record.get("eventSource")
    flavor = next((each for each in _OF_BUCKETS if each == source), None)
    if flavor is None:
        raise IgnoredError(Reason.FOREIGN, f"eventSource {shown(source)}")
    _require_major(record.get("eventVersion"), "eventVersion", "2")
    name = _required(record.get("eventName"), "eventName")
    kind = _kind(meaning(name), name)
    of_s3 = _object(record.get("s3"), "s3")
    about = _object(of_s3.get("object"), "s3.object")
    return Note(
        kind=kind,
        bucket=_required(_object(of_s3.get("bucket"), "s3.bucket").get("name"), "bucket.name"),
        key=_checked_key(_bucket_key(about, flavor)),
        flavor=flavor,
        name=name,
        version=_version(about.get("versionId"), flavor),
        # Older releases of Ceph write it small.
        etag=_etag(about.get("eTag", about.get("etag"))),
        size=_size(about.get("size")),
        sequencer=_optional(about.get("sequencer"), "sequencer"),
        time=_time(record.get("eventTime")),
        message=message,
    )


def bridged_note(event: Object, message: str | None) -> Note:
    """Read an event of EventBridge; raises IgnoredError."""
    source, name = event.get("source"), event.get("detail-type")
    if source != Flavor.EVENTBRIDGE:
        raise IgnoredError(Reason.FOREIGN, f"source {shown(source)}")
    name = _required(name, "detail-type")
    if not name.startswith("Object "):
        raise IgnoredError(Reason.FOREIGN, f"detail-type {name}")
    detail = _object(event.get("detail"), "detail")
    _require_major(detail.get("version"), "detail.version", "0")
    kind = _kind(bridged_meaning(name, detail.get("deletion-type")), name)
    about = _object(detail.get("object"), "detail.object")
    return Note(
        kind=kind,
        bucket=_required(_object(detail.get("bucket"), "detail.bucket").get("name"), "bucket.name"),
        key=_checked_key(about.get("key")),  # never encoded
        flavor=Flavor.EVENTBRIDGE,
        name=name,
        version=_version(about.get("version-id"), Flavor.EVENTBRIDGE),
        etag=_etag(about.get("etag")),
        size=_size(about.get("size")),
        sequencer=_optional(about.get("sequencer"), "sequencer"),
        time=_time(event.get("time")),
        message=message,
    )


def _kind(found: Kind | Reason, name: str) -> Kind:
    if isinstance(found, Reason):
        raise IgnoredError(found, name)
    return found


def _bucket_key(about: Object, flavor: Flavor) -> object:
    """The key, decoded once, as its store encodes it.

    AWS encodes keys as forms are, but for slashes, and MinIO does with them: a plus stands for a
    space in both. Ceph writes keys as they are. The libraries of Lambda's runtimes add the decoded
    key, which is only needed where somebody took the other away.
    """
    key = about.get("key")
    if key is None:
        return about.get("urlDecodedKey")
    if flavor is Flavor.CEPH or not isinstance(key, str):
        return key
    try:
        return unquote_to_bytes(key.replace("+", " ")).decode()
    except UnicodeError:
        raise IgnoredError(Reason.MALFORMED, f"the key {key} is no UTF-8") from None


def _checked_key(key: object) -> str:
    if not isinstance(key, str) or not key:
        raise IgnoredError(Reason.MALFORMED, "object.key is missing")
    try:
        key.encode()
    except UnicodeEncodeError:
        raise IgnoredError(Reason.MALFORMED, f"the key {key} is no Unicode") from None
    if key.endswith("/"):
        raise IgnoredError(Reason.FOLDER, key)
    return key


def _require_major(version: object, field: str, major: str) -> None:
    match = _MAJOR.fullmatch(version) if isinstance(version, str) else None
    if match is None or match[1] != major:
        raise IgnoredError(Reason.UNSUPPORTED_VERSION, f"{field} {shown(version)}, not {major}.x")


def _object(value: object, field: str) -> Object:
    if isinstance(value, dict):
        return value
    raise IgnoredError(Reason.MALFORMED, f"{field} is no object")


def _required(value: object, field: str) -> str:
    text = _optional(value, field)
    if text is None:
        raise IgnoredError(Reason.MALFORMED, f"{field} is missing")
    return text


def _optional(value: object, field: str) -> str | None:
    if value is None or value == "":
        return None
    text = plain(value)
    if text is None:
        raise IgnoredError(Reason.MALFORMED, f"{field} is no printable text")
    return text


def _version(value: object, flavor: Flavor) -> str | None:
    version = _optional(value, "version id")
    if version == _NO_VERSION or (flavor is Flavor.MINIO and version == _NO_VERSION_OF_MINIO):
        return None
    return version


def _etag(value: object) -> str | None:
    etag = _optional(value, "etag")
    return etag.strip('"') or None if etag else None


def _size(value: object) -> int | None:
    # Ceph's documentation has it as text. What cannot be read is asked of the store.
    if isinstance(value, str) and _SIZE.fullmatch(value):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _TOO_MANY_BYTES:
        return value
    return None


def _time(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        time = datetime.fromisoformat(value)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        return None

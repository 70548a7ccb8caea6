"""Acting on what object stores tell of their objects."""

import json
from dataclasses import asdict, dataclass

import structlog

from tintype.errors import KeyInvalidError
from tintype.model import Event
from tintype.pipeline.intake import Intake, Sight
from tintype.pipeline.notifications import Confirmation, Ignored, Note, Reason, parse
from tintype.ports.monitor import Monitor

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Place:
    """Where the originals' store lies, as notifications call it."""

    bucket: str | None = None  # None: a folder, which others may call what they like
    prefix: str = ""  # of all its keys within the bucket; ends with `/` unless it is empty

    def key(self, note: Note) -> str | None:
        """The key of a note's object in the store; None where it is not in there."""
        if self.bucket not in (None, note.bucket) or not note.key.startswith(self.prefix):
            return None
        return note.key.removeprefix(self.prefix)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a notification."""

    sights: tuple[tuple[str, Sight], ...]  # by the store's keys, each once
    ignored: tuple[Ignored, ...]
    confirmations: tuple[Confirmation, ...]


class Noticing:
    """Has the intake look at every original that a notification tells of.

    Neither what happened nor when is believed, only that something did: that makes duplicates,
    delays and any order harmless, and what others send in the store's name as well.
    """

    def __init__(self, intake: Intake, monitor: Monitor, place: Place, prefix: str) -> None:
        self._intake = intake
        self._monitor = monitor
        self._place = place
        self._prefix = prefix  # of originals

    def take(self, body: bytes) -> Outcome:
        """Act on a notification, however wrapped.

        What asks for nothing is ignored, and told. Raises QueueFullError, StoreFailedError,
        CatalogFailedError and ShuttingDownError where it is to be sent again: what was done until
        then does no harm twice.
        """
        notice = parse(body)
        ignored = list(notice.ignored)
        sights: dict[str, Sight] = {}
        for note in notice.notes:
            key = self._place.key(note)
            if key is None or not key.startswith(self._prefix):
                ignored.append(Ignored(Reason.ELSEWHERE, "", note.message))
            elif key not in sights:
                try:
                    sights[key] = self._intake.look(key, _event(note))
                except KeyInvalidError as error:
                    ignored.append(Ignored(Reason.KEY_INVALID, error.detail, note.message))
        for sight in sights.values():
            self._monitor.noticed(sight.seen)
        for part in ignored:
            self._monitor.noticed(part.reason)
            log.info("notification.ignored", code=part.reason)
        for each in notice.confirmations:
            log.warning("notification.confirmation", topic=each.topic, url=each.url)
        return Outcome(tuple(sights.items()), tuple(ignored), notice.confirmations)


def _event(note: Note) -> Event:
    """What is worth knowing of a notification when its job has failed."""
    told = asdict(note) | {"time": note.time and note.time.isoformat()}
    return Event(note.flavor, json.dumps({name: told[name] for name in told if told[name]}))

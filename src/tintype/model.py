"""The values that Tintype's parts hand to each other: frozen, and plain enough to become JSON."""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from tintype.errors import TintypeError


class ImageState(StrEnum):
    """Where an image (and the job that works on it) stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    REJECTED = "rejected"
    DEAD = "dead"
    SUPERSEDED = "superseded"
    GONE = "gone"

    @property
    def final(self) -> bool:
        """True where nothing more will happen by itself."""
        return self not in (ImageState.QUEUED, ImageState.RUNNING)


class StepStatus(StrEnum):
    """How a step of an attempt ended."""

    DONE = "done"
    FAILED = "failed"


class Priority(StrEnum):
    """Which jobs go first where several wait; equals go in the order of their arrival."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


class Scope(StrEnum):
    """What an API key allows; `admin` allows the others too."""

    UPLOAD = "upload"
    READ = "read"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why something failed: a stable code for programs, a detail for people."""

    code: str
    detail: str

    @classmethod
    def of(cls, error: TintypeError) -> "Failure":
        """The failure that an error stands for."""
        return cls(error.code, error.detail)


@dataclass(frozen=True, slots=True)
class Original:
    """An uploaded object: where it is and which version of it is meant."""

    key: str
    name: str  # the file name the sender gave, for people and for Content-Disposition
    version: str  # the store's version id, or its etag where it keeps no versions
    size: int  # bytes


@dataclass(frozen=True, slots=True)
class Facts:
    """What an image's header says, before anything is made of it."""

    format: str  # jpeg, png, webp, avif, heic, gif or tiff
    width: int  # pixels as stored, before the orientation is applied
    height: int
    bytes: int
    orientation: int  # the EXIF value: 1 is upright
    frames: int


@dataclass(frozen=True, slots=True)
class Variant:
    """A variant that was made and stored."""

    name: str
    key: str
    format: str
    width: int
    height: int
    bytes: int
    etag: str  # the store's version of the object
    original_version: str


@dataclass(frozen=True, slots=True)
class Step:
    """A named part of a job, as it went."""

    name: str
    status: StepStatus
    attempts: int
    seconds: float  # of wall time, in the last attempt
    error: Failure | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """A run of a job that has ended."""

    number: int  # counts from 1
    started_at: datetime
    finished_at: datetime
    error: Failure | None  # None where it did what it was to do


@dataclass(frozen=True, slots=True)
class Event:
    """What brought an original, kept with its job."""

    source: str  # upload, or the kind of notification
    content: str  # JSON: what is worth knowing of it


@dataclass(frozen=True, slots=True)
class Job:
    """One run of one resolved recipe on one version of one image."""

    id: str
    image_id: str
    original: Original
    recipe_digest: str
    state: ImageState
    attempts: int
    created_at: datetime
    updated_at: datetime
    error: Failure | None = None
    steps: tuple[Step, ...] = ()  # of the last attempt
    priority: Priority = Priority.NORMAL
    forgiven: int = 0  # attempts that count no longer, as somebody asked for the job again since
    tries: int = 0  # attempts that have ended, where the job is read to be shown
    event: Event | None = None
    trace: str | None = None  # the W3C traceparent of what brought it


@dataclass(frozen=True, slots=True)
class Image:
    """What users see: an original and what was made of it."""

    id: str
    original: Original
    state: ImageState
    created_at: datetime
    updated_at: datetime
    job_id: str
    facts: Facts | None = None
    variants: tuple[Variant, ...] = ()
    error: Failure | None = None


@dataclass(frozen=True, slots=True)
class ApiKey:
    """Who may come in, without the secret that proves it."""

    id: str  # `key_` and 26 base32 characters
    name: str  # for people
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None  # to the minute
    revoked_at: datetime | None = None


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a list, and the cursor of what follows (None at the end)."""

    items: tuple[T, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Run:
    """One attempt at a job, as the engine knows it."""

    job_id: str
    attempt: int  # counts from 1

    @property
    def id(self) -> str:
        """The engine's name of this attempt; a name never runs twice."""
        return f"{self.job_id}:{self.attempt}"


def new_image_id() -> str:
    """A new image id: `img_` and 26 base32 characters that carry 128 random bits."""
    return "img_" + _base32(secrets.token_bytes(16))


def new_key_id() -> str:
    """A new id of an API key: `key_` and 26 base32 characters that carry 128 random bits."""
    return "key_" + _base32(secrets.token_bytes(16))


def job_id(image_id: str, version: str, recipe_digest: str) -> str:
    """The id of the job that runs this recipe on this version of this image."""
    content = f"{image_id}\0{version}\0{recipe_digest}".encode()
    return "job_" + _base32(hashlib.sha256(content).digest()[:16])


def _base32(content: bytes) -> str:
    return base64.b32encode(content).decode().rstrip("=").lower()

"""Clients that keep on sending and reading, whatever happens to the service."""

import hashlib
import itertools
import random
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.support.command import tintype
from tests.support.photographs import encoded, photograph

_PAUSE_SECONDS = 0.01
_READING_SECONDS = 0.5
_TIMEOUT_SECONDS = 30.0
_ALBUM = 4  # photographs that each sender replaces again and again
# How often a new photograph is sent with an Idempotency-Key, without one, or in another's place.
_KINDS = {"once": 6, "new": 3, "replace": 2}


@dataclass(frozen=True)
class Picture:
    """A photograph to send, and what must become of it."""

    suffix: str
    content: bytes
    variants: Mapping[str, bytes]  # what `tintype develop` makes of it, by variant


def pictures(recipe: Path, folder: Path) -> list[Picture]:
    """A few photographs of several formats and sizes, with their variants."""
    contents = {
        "small.jpg": encoded(photograph(1400, 1000, seed=1)),
        "large.jpg": encoded(photograph(4000, 3000, seed=2)),
        "progressive.jpg": encoded(photograph(2400, 1800, seed=3), progressive=True),
        "middle.png": encoded(photograph(1000, 700, seed=4), "PNG", compress_level=1),
        "large.webp": encoded(photograph(2000, 1500, seed=5), "WEBP", method=0),
    }
    sources, made = folder / "sources", folder / "made"
    sources.mkdir(parents=True)
    for name, content in contents.items():
        (sources / name).write_bytes(content)
    developed = tintype("develop", sources, "-r", recipe, "-o", made)
    assert developed.returncode == 0, developed.stderr
    return [
        Picture(
            Path(name).suffix,
            content,
            {path.parent.name: path.read_bytes() for path in made.glob(f"*/{name}")},
        )
        for name, content in contents.items()
    ]


@dataclass
class Promise:
    """An upload that was answered with 202."""

    name: str
    kind: str
    picture: Picture
    image_id: str


@dataclass
class Traffic:
    """Senders that send each photograph until it is promised, and readers of what was made.

    Senders stop before `allowed` photographs in all. Replaced photographs are those of which a
    promise comes after another one of the same name.
    """

    pictures: Sequence[Picture]
    seed: int
    senders: int = 2
    readers: int = 2
    allowed: int = 0
    urls: list[str] = field(default_factory=list)  # where the service is just now
    promises: list[Promise] = field(default_factory=list)
    refused: int = 0  # uploads that were answered with: try again
    unanswered: int = 0  # uploads that a kill left without an answer
    read: int = 0
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._known = {
            (name, hashlib.sha256(variant).digest())
            for picture in self.pictures
            for name, variant in picture.variants.items()
        }
        self._lock = threading.Lock()
        self._sent = 0
        self._sending = 0
        self._stopping = threading.Event()
        self._threads = [
            *(threading.Thread(target=self._send, args=(n,)) for n in range(self.senders)),
            *(threading.Thread(target=self._read, args=(n,)) for n in range(self.readers)),
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def done(self) -> bool:
        """Whether everything that was allowed is promised."""
        with self._lock:
            return len(self.promises) == self._sent >= self.allowed

    def stop(self) -> None:
        """End; an upload without a promise is given up."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _send(self, number: int) -> None:
        dice = random.Random(f"sender {self.seed} {number}")
        with httpx.Client(timeout=_TIMEOUT_SECONDS) as client:
            for count in itertools.count():
                while not self._may_send():
                    if self._stopping.wait(_PAUSE_SECONDS):
                        return
                [kind] = dice.choices(list(_KINDS), list(_KINDS.values()))
                picture = dice.choice(self.pictures)
                name = f"{number}-{count}{picture.suffix}"
                if kind == "replace":
                    name = f"album-{number}-{dice.randrange(_ALBUM)}.jpg"
                self._send_until_promised(client, name, kind, picture)

    def _may_send(self) -> bool:
        with self._lock:
            if self._sent >= self.allowed:
                return False
            self._sent += 1
            return True

    def _send_until_promised(
        self, client: httpx.Client, name: str, kind: str, picture: Picture
    ) -> None:
        params = {"name": name}
        headers = {}
        if kind == "replace":
            params["key"] = f"originals/{name}"
        if kind == "once":
            headers["Idempotency-Key"] = name
        for count in itertools.count():
            if self._stopping.is_set():
                return
            url = _one_of(self.urls, count)
            if url is None:
                time.sleep(_PAUSE_SECONDS)
                continue
            try:
                response = client.post(
                    f"{url}/v1/images", params=params, headers=headers, content=picture.content
                )
            except httpx.HTTPError:
                self.unanswered += 1
                time.sleep(_PAUSE_SECONDS)
                continue
            if response.status_code == httpx.codes.ACCEPTED:
                promise = Promise(name, kind, picture, response.json()["id"])
                with self._lock:
                    self.promises.append(promise)
                return
            self.refused += 1
            if response.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                self.faults.append(f"{name} was answered with {response.text}")
            time.sleep(10 * _PAUSE_SECONDS)

    def _read(self, number: int) -> None:
        """Ask for variants of the last uploads: each is there in full, or not there."""
        dice = random.Random(f"reader {self.seed} {number}")
        with httpx.Client(timeout=_TIMEOUT_SECONDS) as client:
            while not self._stopping.wait(_READING_SECONDS * dice.random()):
                last = self.promises[-20:]
                url = _one_of(self.urls, number)
                if url is None or not last:
                    continue
                promise = dice.choice(last)
                variant = dice.choice(list(promise.picture.variants))
                try:
                    response = client.get(f"{url}/{variant}/{promise.name}")
                except httpx.HTTPError:
                    continue  # killed while it answered, and the client knows
                if response.status_code == httpx.codes.OK:
                    self.read += 1
                    if (variant, hashlib.sha256(response.content).digest()) not in self._known:
                        self.faults.append(f"a reader found a strange {variant}/{promise.name}")


def _one_of(urls: list[str], number: int) -> str | None:
    urls = list(urls)
    return urls[number % len(urls)] if urls else None

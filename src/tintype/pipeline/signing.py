"""Signatures: how the service knows again what it has given out."""

import base64
import hmac
import json
import re
import time
from collections.abc import Callable, Sequence
from urllib.parse import urlencode

from tintype.errors import SignatureExpiredError, SignatureInvalidError

# How long a process goes on with the secrets it has read. A secret that was rotated out is no
# longer believed after that time.
_FRESH_SECONDS = 5.0

# A signed address says until when it is good, in Unix seconds, and carries a signature.
_EXPIRY = "exp"
_SIGNATURE = "sig"

# One spelling of each moment, so that no other text is taken for the one that was signed.
_UNIX_SECONDS = re.compile(r"[1-9][0-9]{0,11}", re.ASCII)

Options = Sequence[tuple[str, str]]
"""The parameters of a query, by name and value."""


class Seal:
    """Marks texts and knows them again: HMAC-SHA256 with secrets that all processes share.

    `secrets` gives the secrets that count, newest first: the newest marks, every one is believed.
    It is asked again every few seconds, and whenever a mark is unknown, which may come from a
    process that has seen a newer secret. It may block; so may every method.
    """

    def __init__(
        self, secrets: Callable[[], Sequence[str]], ticks: Callable[[], float] = time.monotonic
    ) -> None:
        self._read = secrets
        self._ticks = ticks
        self._known: tuple[float, Sequence[str]] | None = None  # when they were read, and they

    def mark(self, text: str) -> str:
        """The mark of a text: 43 characters of URL-safe Base64."""
        return _mark(self._secrets()[0], text)

    def is_known(self, text: str, mark: str) -> bool:
        """Whether a mark is that of the text; takes the same time wherever the two differ."""
        return _is_among(mark, text, self._secrets()) or _is_among(mark, text, self._read_anew())

    def _secrets(self) -> Sequence[str]:
        known = self._known
        if known and 0 <= self._ticks() - known[0] < _FRESH_SECONDS:
            return known[1]
        return self._read_anew()

    def _read_anew(self) -> Sequence[str]:
        began = self._ticks()
        secrets = self._read()
        self._known = began, secrets
        return secrets


class Signer:
    """Signs addresses that let anybody fetch what they name, until they expire.

    A signature binds the reading of one path (GET, and HEAD as its shorter form) with all options
    of the query and the moment of expiry; addresses are good for `lifetime` seconds at the least.
    `clock` tells Unix seconds. May block, as its seal may.
    """

    def __init__(
        self, seal: Seal, *, lifetime: int, clock: Callable[[], float] = time.time
    ) -> None:
        self._seal = seal
        self._lifetime = lifetime
        self._clock = clock

    def sign(self, path: str, options: Options = (), *, expires_at: int | None = None) -> str:
        """The query of a signed address: the options, the expiry in Unix seconds, the signature.

        `path` is the decoded path as the service's routes see it. Without `expires_at` the same
        address is given out for a while, so that caches know it again.
        """
        expiry = str(self.expiry() if expires_at is None else expires_at)
        signature = self._seal.mark(_message(path, options, expiry))
        return urlencode([*options, (_EXPIRY, expiry), (_SIGNATURE, signature)])

    def expiry(self) -> int:
        """The first whole quarter of a lifetime that is at least a lifetime away."""
        step = max(self._lifetime // 4, 1)
        return -(-int(self._clock() + self._lifetime + 1) // step) * step

    def verify(self, path: str, query: Options) -> int:
        """Check the query of a signed address; returns the seconds that it is still good.

        Raises SignatureInvalidError, and SignatureExpiredError where only time is over.
        """
        options = [(name, value) for name, value in query if name not in (_EXPIRY, _SIGNATURE)]
        expiry = _only(_EXPIRY, query)
        message = _message(path, options, expiry)
        if not self._seal.is_known(message, _only(_SIGNATURE, query)):
            raise SignatureInvalidError
        if not _UNIX_SECONDS.fullmatch(expiry) or int(expiry) <= self._clock():
            raise SignatureExpiredError
        return int(int(expiry) - self._clock())


def is_signed(query: Options) -> bool:
    """Whether the query of an address claims to be signed."""
    return any(name in (_EXPIRY, _SIGNATURE) for name, _ in query)


def _only(name: str, query: Options) -> str:
    values = [value for each, value in query if each == name]
    return values[0] if len(values) == 1 else ""


def _message(path: str, options: Options, expiry: str) -> str:
    # JSON, because it keeps the parts apart whatever they hold.
    return json.dumps(["GET", path, sorted(options), expiry])


def _mark(secret: str, text: str) -> str:
    digest = hmac.digest(secret.encode(), text.encode(), "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _is_among(mark: str, text: str, secrets: Sequence[str]) -> bool:
    # Compared as text, not as bytes: of the last character, Base64 leaves two bits unread.
    given = mark.encode(errors="replace")
    matches = [hmac.compare_digest(given, _mark(secret, text).encode()) for secret in secrets]
    return any(matches)

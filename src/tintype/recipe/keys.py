"""Keys: where a variant is stored, from the recipe's template."""

import hashlib
import posixpath
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime

from tintype.errors import KeyInvalidError
from tintype.recipe.problems import meant, shortened

DEFAULT_KEY = "{variant}/{name}.{ext}"

RESERVED = frozenset(
    {
        *("v1", "i", "images", "static", "docs", "openapi.json", "login", "logout"),
        *("healthz", "readyz", "metrics"),
    }
)
"""The first parts of addresses that the service uses: no variant is found by its key there."""

PLACEHOLDERS: Mapping[str, str] = {
    "name": "the original's key below the prefix, folders included, without its last extension",
    "key": "the original's whole key",
    "filename": "the last part of the original's key, with its extension",
    "dir": "the folders between prefix and file name; without any, the / after it goes too",
    "stem": "the file name without its last extension",
    "ext": "the variant's own extension: jpg, png, webp or avif",
    "variant": "the variant's name",
    "hash": "16 hexadecimal digits that change with the original's content",
    "id": "the image's id",
    "yyyy": "the year of the upload (UTC)",
    "mm": "the month of the upload, two digits",
    "dd": "the day of the upload, two digits",
}
"""What a template may hold in braces, and what becomes of it."""

_LONGEST_NAME = 255  # bytes of UTF-8 that file systems take for a file's name
_LONGEST_KEY = 1024  # bytes of UTF-8: what S3 and most stores take
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}(/?)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def check_key(key: str) -> None:
    r"""Raise KeyInvalidError unless a key can be kept and served as it is, anywhere.

    A key is a relative path of at most 1,024 bytes of UTF-8 without empty, `.` and `..` parts and
    without control characters. A backslash is refused too: browsers and some stores read it as `/`,
    so that the object could not be asked for by its own key.
    """
    try:
        length = len(key.encode())
    except UnicodeEncodeError:
        raise KeyInvalidError("The key is not valid Unicode.", "Write it in UTF-8.") from None
    if length > _LONGEST_KEY:
        raise KeyInvalidError(
            f"The key is {length:,} bytes long; at most {_LONGEST_KEY:,} can be kept.",
            "Use a shorter one: letters outside ASCII take two to four bytes each.",
        )
    if _CONTROL.search(key) or "\\" in key:
        raise KeyInvalidError(
            f"The key {shortened(key)} has a backslash or a control character.",
            "Leave those characters out; between folders there is a `/`.",
        )
    if any(part in ("", ".", "..") for part in key.split("/")):
        raise KeyInvalidError(f"The key {shortened(key)} has an empty, `.` or `..` part.")


def check_template(template: str) -> None:
    """Raise KeyInvalidError unless a key template can be expanded."""
    for name, _ in _PLACEHOLDER.findall(template):
        if name not in PLACEHOLDERS:
            allowed = " ".join(f"{{{each}}}" for each in PLACEHOLDERS)
            raise KeyInvalidError(
                f"there is no {shortened('{' + name + '}')}{meant(name, PLACEHOLDERS)};"
                f" there are: {allowed}"
            )
    if re.search(r"[{}]", _PLACEHOLDER.sub("", template)):
        raise KeyInvalidError(
            "a brace is not closed or not opened; a placeholder looks like {name}"
        )
    if re.search(r"\{dir\}(?!/)", template):
        raise KeyInvalidError("{dir} must be followed by /, because it can be empty")
    check_key(_PLACEHOLDER.sub(r"\1\2", template))


def expand(
    template: str,
    *,
    original_key: str,
    prefix: str,
    image_id: str,
    variant: str,
    extension: str,
    content_hash: str,
    uploaded_at: datetime,
) -> str:
    """The key that a template gives a variant of an original.

    `original_key` begins with `prefix`; `extension` is the variant's, without a dot; `content_hash`
    is any text that changes with the original's content, such as its version or etag; `uploaded_at`
    has a time zone. Raises KeyInvalidError where the key cannot be kept (see `check_key`), or lies
    under `prefix`, where it would be taken for an original and be processed without end.
    """
    if not original_key.startswith(prefix):
        raise KeyInvalidError(f"The key {shortened(original_key)} is not below {prefix}.")
    below = original_key.removeprefix(prefix)
    folder, _, filename = below.rpartition("/")
    day = uploaded_at.astimezone(UTC)
    values = {
        "name": posixpath.splitext(below)[0],
        "key": original_key,
        "filename": filename,
        "dir": folder,
        "stem": posixpath.splitext(filename)[0],
        "ext": extension,
        "variant": variant,
        "hash": hashlib.sha256(content_hash.encode(errors="surrogatepass")).hexdigest()[:16],
        "id": image_id,
        "yyyy": f"{day.year:04}",
        "mm": f"{day.month:02}",
        "dd": f"{day.day:02}",
    }
    key = _PLACEHOLDER.sub(
        lambda match: values[match[1]] + match[2] if values[match[1]] else "", template
    )
    check_key(key)
    if key.startswith(prefix):
        raise KeyInvalidError(f"The key {shortened(key)} would be an original again.")
    return key


def partition(day: date, image_id: str) -> str:
    """The folders below the originals' prefix for an upload of a day (UTC); they end with `/`."""
    return f"{day.year:04}/{day.month:02}/{day.day:02}/{image_id}/"


def with_suffix(key: str, suffix: str) -> str:
    """A key with `-` and a suffix before its last extension.

    A file name that would grow beyond what file systems take loses the end of its stem.
    """
    path, extension = posixpath.splitext(key)
    folders, slash, stem = path.rpartition("/")
    ending = f"-{suffix}{extension}"
    room = max(1, _LONGEST_NAME - len(ending.encode()))
    stem = stem.encode()[:room].decode(errors="ignore")
    result = f"{folders}{slash}{stem}{ending}"
    check_key(result)
    return result

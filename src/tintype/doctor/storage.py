"""Whether stores and database are there and take what they are given."""

import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tintype.adapters.sql.examining import Condition, examine
from tintype.bootstrap import open_store
from tintype.doctor.findings import Finding, bad, ok, warn
from tintype.doctor.folders import is_there, nearest
from tintype.errors import TintypeError
from tintype.ports.store import Store

_SQLITE = "sqlite:///"

# Attempts and expiries are timed by several hosts; below this, nobody notices.
_MOST_SECONDS_APART = 5.0


def store(check: str, url: str, opened: Callable[[str], Store] = open_store) -> Finding:
    """Whether a store can be reached and written to."""
    folder = local_folder(url)
    if folder and not is_there(folder):
        return _missing(check, folder, "TINTYPE_ORIGINALS or TINTYPE_VARIANTS")
    try:
        opened(url).check()
    except TintypeError as error:
        return bad(check, f"{url}: {error.detail}", error.hint or "Correct its address.")
    return ok(check, f"{url} can be written to")


def local_folder(url: str) -> Path | None:
    """The folder of a `file://` store; None for any other."""
    address = urlsplit(url)
    local = address.scheme == "file" and not address.netloc
    return Path(unquote(address.path)) if local else None


def local_file(url: str) -> Path | None:
    """The file of a `sqlite:///` database; None for any other."""
    return Path(url.removeprefix(_SQLITE)) if url.startswith(_SQLITE) else None


def database(
    url: str, examined: Callable[[str], Condition | None] = examine
) -> tuple[Finding, ...]:
    """Whether the database can be reached, read and written, and by which release it was made."""
    shown = _without_password(url)
    try:
        condition = examined(url)
    except TintypeError as error:
        remedy = error.hint or "Correct TINTYPE_DATABASE."
        return (bad("database", f"{shown}: {error.detail}", remedy),)
    if condition is None:
        return (_missing("database", Path(shown), "TINTYPE_DATABASE"),)
    found = [_revision(f"{shown}: {condition.server}", condition)]
    if condition.journal not in (None, "wal") and condition.revision:
        found.append(
            warn(
                "database",
                f"its journal mode is {condition.journal}: readers wait for every write",
                "Put it on a local disk; the next start sets its journal mode to WAL.",
            )
        )
    if abs(condition.ahead) > _MOST_SECONDS_APART:
        side = "ahead of" if condition.ahead > 0 else "behind"
        found.append(
            warn(
                "clock",
                f"the database's is {abs(condition.ahead):.0f} s {side} this machine's",
                "Let NTP keep both: `timedatectl set-ntp true`.",
            )
        )
    return tuple(found)


def _without_password(url: str) -> str:
    if file := local_file(url):
        return str(file)
    scheme, _, rest = url.partition("://")
    address, _, options = rest.partition("?")
    if "@" in options or "#" in rest:  # where the password ends is not sure: it may hold anything
        return f"{scheme}://..."
    login, at, place = address.rpartition("@")
    return f"{scheme}://{login.partition(':')[0]}{at}{place}"


def _revision(told: str, condition: Condition) -> Finding:
    if not condition.known:
        return bad(
            "database",
            f"{told}, tables of a newer release (revision {condition.revision})",
            "Start the newer release, or restore a backup.",
        )
    if condition.revision is None:
        return ok("database", f"{told}, no tables yet: `tintype up` makes them")
    if condition.revision != condition.newest:
        return warn(
            "database",
            f"{told}, tables of an older release (revision {condition.revision}, this one's is"
            f" {condition.newest})",
            "Back it up: the next start upgrades it, and the older release cannot use it then.",
        )
    return ok("database", f"{told}, revision {condition.revision}")


def _missing(check: str, path: Path, setting: str) -> Finding:
    above = nearest(path.parent)
    if above.is_dir() and os.access(above, os.W_OK | os.X_OK, effective_ids=True):
        return ok(check, f"{path} is not there yet: `tintype up` makes it")
    return bad(
        check,
        f"{path} is not there, and {above} cannot be written to",
        f"Make it for the user that runs Tintype, or correct {setting}.",
    )

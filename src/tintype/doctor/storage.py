"""Whether stores and database are there and take what they are given."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import unquote, urlsplit

from tintype.adapters.sql.examining import Condition, examine
from tintype.bootstrap import open_store
from tintype.doctor.findings import Finding, bad, ok, warn
from tintype.doctor.folders import is_there
from tintype.errors import TintypeError
from tintype.pipeline.known_store import ORIGINALS, VARIANTS
from tintype.settings import Settings

_SQLITE = "sqlite:///"

# Attempts and expiries are timed by several hosts; below this, nobody notices.
_MOST_SECONDS_APART = 5.0


def stores(settings: Settings) -> Iterator[Finding]:
    """Whether the stores of a deployment are there, and those that its database knows."""
    marks = _marks(settings.database_url)
    if settings.variants_url == settings.originals_url:
        yield store("stores", settings.originals_url, tuple(marks.values()))
        return
    for role, url in ((ORIGINALS, settings.originals_url), (VARIANTS, settings.variants_url)):
        yield store(role, url, tuple(mark for of, mark in marks.items() if of == role))


def store(check: str, url: str, marks: Collection[str] = ()) -> Finding:
    """Whether a store can be reached and written to, and bears its marks."""
    folder = local_folder(url)
    if folder and not is_there(folder) and not marks:
        return _missing(check, folder, folder, "TINTYPE_ORIGINALS or TINTYPE_VARIANTS")
    try:
        opened = [open_store(url, mark=mark) for mark in marks or (None,)]
        opened[0].check()
    except TintypeError as error:
        return bad(check, f"{url}: {error.detail}", error.hint or "Correct its address.")
    return ok(check, f"{url} can be written to")


def _marks(database_url: str) -> Mapping[str, str]:
    """By which marks the database knows the stores; none where it does not answer.

    What is wrong with it is another check's.
    """
    try:
        condition = examine(database_url)
    except TintypeError:
        return {}
    return condition.marks if condition else {}


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
        file = Path(shown)
        return (_missing("database", file, file.parent, "TINTYPE_DATABASE"),)
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


def _missing(check: str, path: Path, folder: Path, setting: str) -> Finding:
    """Whether what is not there yet can be made; `folder` is the one that it takes."""
    try:
        _try_folder(folder)
    except OSError as error:
        return bad(
            check,
            f"{path} is not there, and cannot be made: {error.strerror}",
            f"Make it for the user that runs Tintype, or correct {setting}.",
        )
    return ok(check, f"{path} is not there yet: `tintype up` makes it")


def _try_folder(folder: Path) -> None:
    """Make a folder, those above it and one in it, and remove what was made.

    Nothing else tells for sure: some file systems give rights that they do not keep.
    """
    missing = [each for each in (folder, *folder.parents) if not is_there(each)]
    with ExitStack() as made:
        for each in reversed(missing):
            each.mkdir()
            made.callback(_remove, each)
        TemporaryDirectory(prefix=".tintype-", dir=folder).cleanup()


def _remove(folder: Path) -> None:
    with suppress(OSError):  # somebody uses it by now
        folder.rmdir()

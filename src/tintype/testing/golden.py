"""Golden images: pictures that must stay as they once were approved to be.

In the folder with them is a ledger, `LEDGER.md`: a table in Markdown with a row for each. It says
what the picture must show, how far another may be from it, when it was looked at, and which file
that was.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from tintype.imaging.compare import difference


def assert_golden(
    picture: bytes,
    golden: Path,
    *,
    largest: float,
    mean: float,
    save_to: Path | None = None,
) -> None:
    """Assert that a PNG picture looks like the golden one.

    `largest` and `mean` say how far apart pixels may be, as distances in 8-bit red, green, blue and
    alpha (0-510): codecs and processors differ in the last bit. Where the assertion fails and
    `save_to` names a folder, the picture is saved there under the golden one's name.
    """
    problem = _problem(picture, golden, largest, mean)
    if problem is None:
        return
    if save_to is not None:
        save_to.mkdir(parents=True, exist_ok=True)
        (save_to / golden.name).write_bytes(picture)
    raise AssertionError(f"{golden.name}: {problem}")


def _problem(picture: bytes, golden: Path, largest: float, mean: float) -> str | None:
    if not golden.is_file():
        return "there is no golden image of this name"
    try:
        found = difference(picture, golden.read_bytes())
    except ValueError as error:
        return str(error)
    if found.largest <= largest and found.mean <= mean:
        return None
    return (
        f"pixels differ by up to {found.largest:.1f} and by {found.mean:.2f} on average,"
        f" where {largest} and {mean} are allowed"
    )


LEDGER = "LEDGER.md"

_ROW = re.compile(
    r"\| !\[\]\((?P<file>[\w-]+)\.png\) `(?P<name>[\w-]+)` \| (?P<shows>[^|]{12,}) \|"
    r" (?P<largest>[\d.]+), (?P<mean>[\d.]+) \| (?P<day>\d{4}-\d\d-\d\d) \|"
    r" `(?P<digest>[0-9a-f]{64})` \|"
)


@dataclass(frozen=True, slots=True)
class Approval:
    """What the ledger says of a golden image."""

    shows: str
    """What somebody who looks at it must find."""

    largest: float
    """How far a pixel may be away, as for `assert_golden`."""

    mean: float
    """How far all pixels may be away on average."""

    day: date
    """When it was looked at."""

    digest: str
    """SHA-256 of the file that was looked at, in hexadecimal digits."""


def approvals(folder: Path) -> dict[str, Approval]:
    """The ledger of a folder, by the images' names; ValueError for a row that is not one."""
    found: dict[str, Approval] = {}
    rows = [line for line in (folder / LEDGER).read_text().splitlines() if line.startswith("|")]
    for row in rows[2:]:  # after the heading
        match = _ROW.fullmatch(row)
        if not match or match["file"] != match["name"] or match["name"] in found:
            raise ValueError(f"{LEDGER}: not a row of the ledger, or one too many: {row}")
        found[match["name"]] = Approval(
            match["shows"],
            float(match["largest"]),
            float(match["mean"]),
            date.fromisoformat(match["day"]),
            match["digest"],
        )
    return found


def unreviewed(folder: Path) -> list[str]:
    """What keeps the golden images of a folder from being those that were looked at."""
    ledger = approvals(folder)
    files = {
        path.stem: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.png")
    }
    lost = sorted(ledger.keys() - files.keys())
    problems = [f"{name}: in {LEDGER}, but there is no such image" for name in lost]
    for name, digest in sorted(files.items()):
        if name not in ledger:
            problems.append(f"{name}: not in {LEDGER}; look at it, say what it must show; {digest}")
        elif ledger[name].digest != digest:
            problems.append(
                f"{name}: another file than on {ledger[name].day}; look whether it shows"
                f" '{ledger[name].shows}', then write the day and {digest}"
            )
    return problems

"""Golden images: pictures that must stay as they once were approved to be."""

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

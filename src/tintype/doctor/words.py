"""Numbers for people."""


def amount(size: int) -> str:
    """A number of bytes, in powers of ten: 1.5 GB."""
    number = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return (
                f"{number:.0f} {unit}" if unit == "B" or number >= 100 else f"{number:.1f} {unit}"
            )
        number /= 1000
    return f"{number:.1f} TB"


def share(part: float) -> str:
    """A part of a whole in percent; never nothing where there is something."""
    percent = part * 100
    return f"{percent:.1f} %" if 0 < percent < 10 else f"{percent:.0f} %"

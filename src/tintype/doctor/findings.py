"""What a check finds."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How bad a finding is: `warn` may become a problem, `bad` is one."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; all text may hold outside words."""

    check: str  # what was looked at, in a word or two
    verdict: Verdict
    detail: str
    remedy: str = ""  # what to do about it


def ok(check: str, detail: str) -> Finding:
    """All is well."""
    return Finding(check, Verdict.OK, detail)


def warn(check: str, detail: str, remedy: str) -> Finding:
    """It may become a problem."""
    return Finding(check, Verdict.WARN, detail, remedy)


def bad(check: str, detail: str, remedy: str) -> Finding:
    """It is a problem."""
    return Finding(check, Verdict.BAD, detail, remedy)

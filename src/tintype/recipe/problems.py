"""What is wrong with a recipe: every problem, each with its place."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from tintype.errors import RecipeInvalidError
from tintype.text import printable

Path = tuple[str | int, ...]
"""The way to a value from the top of a recipe: the names of fields and the indexes of items."""

_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
_LONGEST_MESSAGE = 1000  # characters; a value of the recipe may be of any length


class Position(NamedTuple):
    """A place in a text; lines and columns (in characters) count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a recipe."""

    file: str
    line: int
    column: int
    path: str  # such as `variants[1].operations[0].resize.width`; empty for the whole file
    message: str

    def __str__(self) -> str:
        """The problem in one line, its place first, as compilers write it."""
        path = f"{self.path}: " if self.path else ""
        return f"{self.file}:{self.line}:{self.column}: {path}{self.message}"


class RecipeProblemsError(RecipeInvalidError):
    """The recipe is not valid; `problems` says why, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass(slots=True)
class Problems:
    """Collects the problems of one file."""

    file: str
    _found: dict[tuple[Position, str], Problem] = field(default_factory=dict)

    def add(self, at: Position, path: Path, message: str) -> None:
        """Note a problem. Of several with one place and one path only the first is kept."""
        where = written(path)
        text = printable(message)[:_LONGEST_MESSAGE]
        self._found.setdefault((at, where), Problem(self.file, at.line, at.column, where, text))

    def places(self) -> frozenset[Position]:
        """Where problems have been found."""
        return frozenset(at for at, _ in self._found)

    def sorted(self) -> tuple[Problem, ...]:
        """All problems, in the order of the file."""
        return tuple(sorted(self._found.values(), key=lambda each: (each.line, each.column)))


def written(path: Path) -> str:
    """A path as people write it: `variants[1].output.quality`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            name = part if _PLAIN_NAME.fullmatch(part) else shortened(part)
            text += f".{name}" if text else name
    return text


def shortened(text: str, limit: int = 60) -> str:
    """Text in quotes, cut to `limit` characters, with everything unprintable escaped."""
    return repr(text if len(text) <= limit else text[: limit - 1] + "…")


def meant(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'width'?` where a known word is near, else nothing."""
    near = difflib.get_close_matches(word.lower(), list(known), n=1)
    return f"; did you mean '{near[0]}'?" if near else ""

"""A recipe's YAML as a tree in which every value knows its place.

The tree is built from the parser's events, because a recipe needs less than YAML offers and more
than a YAML loader tells: each value's line and column, every duplicate key at once, and scalars
before they are typed.
"""

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from tintype.recipe.keys import PLACEHOLDERS
from tintype.recipe.problems import Path, Position, Problems, shortened
from tintype.recipe.scalars import MASKS, masked, unmasked

MAX_BYTES = 65_536  # several hundred variants; the parser takes at most seconds for it
_MAX_DEPTH = 16  # the deepest value of a recipe is at 7
_START = Position(1, 1)

# What YAML allows in a text (https://yaml.org/spec/1.2.2/#51-character-set), without the masks.
_FORBIDDEN = re.compile(
    f"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[{MASKS}]"
)
_UNQUOTED_TEMPLATE = re.compile(r":\s+[^\"'\s]*\{(" + "|".join(PLACEHOLDERS) + r")\}")


@dataclass(frozen=True, slots=True)
class Text:
    """A scalar as written; a plain one (not quoted, no block) still has to be typed."""

    at: Position
    text: str
    plain: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """A field of a mapping."""

    at: Position
    value: "Node"


@dataclass(frozen=True, slots=True)
class Fields:
    """A mapping."""

    at: Position
    entries: dict[str, Entry]


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    at: Position
    items: tuple["Node", ...]


Node = Text | Fields | Items


class _RefusedError(Exception):
    """The text cannot be read further; the problem has been noted."""


def read(text: str, problems: Problems) -> Fields | None:
    """The tree of a recipe's text; None where the text is no recipe at all.

    Whatever is wrong is added to `problems`. A value that was found wrong here is in the tree as
    empty text, so that the rest can be checked.
    """
    if not _acceptable(text, problems):
        return None
    hidden_text, hidden = masked(text)
    try:
        return _Reader(_events(hidden_text, problems), hidden, problems).document()
    except _RefusedError:
        return None


def position(text: str, index: int) -> Position:
    """The place of the character number `index` (from 0)."""
    lines = re.split(r"\r\n|\r|\n", text[:index])
    return Position(len(lines), len(lines[-1]) + 1)


def _acceptable(text: str, problems: Problems) -> bool:
    if len(text.encode(errors="surrogatepass")) > MAX_BYTES:
        problems.add(_START, (), f"a recipe can have at most {MAX_BYTES:,} bytes")
        return False
    if found := _FORBIDDEN.search(text):
        character = f"U+{ord(found.group()):04X}"
        at = position(text, found.start())
        problems.add(at, (), f"the character {character} is not allowed in a recipe")
        return False
    return True


def _events(text: str, problems: Problems) -> Iterator[Event]:
    """What the parser sees in the text; raises _RefusedError where it is no YAML."""
    at, opened = _START, [_START]
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            at = _place(event)
            if isinstance(event, CollectionStartEvent):
                opened.append(at)
            elif isinstance(event, CollectionEndEvent):
                opened.pop()
            yield event
    except MarkedYAMLError as error:
        _note(error, opened[-1], text, problems)
        raise _RefusedError from None
    except (YAMLError, ValueError, OverflowError) as error:
        # The scanner lets slip what Python says of an impossible escape such as "\U99999999".
        problems.add(at, (), f"not valid YAML at or after this place: {error}")
        raise _RefusedError from None


def _note(error: MarkedYAMLError, opened: Position, text: str, problems: Problems) -> None:
    """Add what is no YAML, at its place; `opened` is where the innermost open collection begins."""
    problem = str(error.problem or error.context)
    unfinished = "stream end" in problem or "end of stream" in problem
    at, mark = opened, error.problem_mark
    if "end of stream" in problem:  # in quotes, which the context begins with
        mark = error.context_mark
    if mark and "stream end" not in problem:
        at = Position(mark.line + 1, mark.column + 1)
    line = re.split(r"\r\n|\r|\n", text)[at.line - 1 : at.line]
    if "'\\t'" in problem:
        message = "a tab cannot indent YAML: use spaces"
    elif line and _UNQUOTED_TEMPLATE.search(line[0]):
        message = 'text with braces must be in quotes, such as key: "{name}.{ext}"'
    elif unfinished:
        message = f"not valid YAML: this is not finished ({problem})"
    else:
        message = f"not valid YAML: {problem}"
    problems.add(at, (), message)


def _place(event: Event) -> Position:
    return Position(event.start_mark.line + 1, event.start_mark.column + 1)


class _Reader:
    """Builds the tree of one document."""

    def __init__(
        self, events: Iterable[Event], hidden: tuple[str, ...], problems: Problems
    ) -> None:
        self._events = iter(events)
        self._hidden = hidden
        self._problems = problems

    def document(self) -> Fields | None:
        """The one document of the stream."""
        root = None
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                if root is not None:
                    self._problems.add(_place(event), (), "a recipe is one document: remove ---")
                    return None
                root = self._node(next(self._events), ())
        if root is None or (isinstance(root, Text) and root.plain and not root.text):
            self._problems.add(_START, (), "the recipe is empty; `tintype recipe new` writes one")
            return None
        if not isinstance(root, Fields):
            kind = "a list" if isinstance(root, Items) else "text"
            self._problems.add(
                root.at, (), f"a recipe is a mapping of fields such as version: 1, not {kind}"
            )
            return None
        return root

    def _node(self, event: Event, path: Path) -> Node:
        at = _place(event)
        if len(path) > _MAX_DEPTH:
            self._problems.add(at, path, "nested too deep")
            raise _RefusedError
        if isinstance(event, AliasEvent) or (isinstance(event, NodeEvent) and event.anchor):
            self._problems.add(at, path, "anchors and aliases are not allowed: write the value out")
        elif getattr(event, "ctag", None) is not None:
            self._problems.add(at, path, "tags (!…) are not allowed")
        if isinstance(event, MappingStartEvent):
            return Fields(at, self._entries(path))
        if isinstance(event, SequenceStartEvent):
            return Items(at, tuple(self._items(path)))
        if isinstance(event, ScalarEvent):
            return Text(at, unmasked(event.value, self._hidden), plain=event.style is None)
        return Text(at, "", plain=False)

    def _items(self, path: Path) -> Iterator[Node]:
        for index in itertools.count():
            event = next(self._events)
            if isinstance(event, CollectionEndEvent):
                return
            yield self._node(event, (*path, index))

    def _entries(self, path: Path) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        while not isinstance(event := next(self._events), CollectionEndEvent):
            key = self._node(event, path)
            name = key.text if isinstance(key, Text) else ""
            value = self._node(next(self._events), (*path, name))
            if not isinstance(key, Text):
                self._problems.add(key.at, path, "the name of a field must be text")
            elif name in entries:
                first = entries[name].at.line
                self._problems.add(
                    key.at, (*path, name), f"{shortened(name)} is here twice, first in line {first}"
                )
            else:
                entries[name] = Entry(key.at, value)
        return entries

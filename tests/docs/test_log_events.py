"""The page of log lines and the source agree, event by event and field by field."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "tintype"
PAGE = (ROOT / "docs" / "logs.md").read_text()

EVENT_ROW = re.compile(
    r"^\| `(?P<event>\w+\.\w+)` \| (?P<level>[\w, ]+) \| (?P<fields>.*?) ?\| .+ \|$", re.MULTILINE
)
FIELD_ROW = re.compile(r"^\| `(?P<field>\w+)` \| .+ \|$", re.MULTILINE)
LEVELS = {"debug", "info", "warning", "error", "critical", "log"}
# What the logs themselves add, whoever speaks.
GIVEN = {"timestamp", "level", "event", "trace"}


@dataclass
class Event:
    """What is logged under a name: at which levels and with which fields."""

    levels: set[str] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)


def calls() -> Iterator[tuple[Path, ast.Call, str]]:
    """Every call of a method of something that is called `log`."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id == "log"
            ):
                yield path, node, node.func.attr


def in_source() -> dict[str, Event]:
    """Every event of the source; `log.log` decides its level when it is called."""
    found: dict[str, Event] = defaultdict(Event)
    # What libraries say is made an event by the logs themselves.
    found["library.message"] = Event({"varies"}, {"logger", "detail", "exception"})
    for path, call, method in calls():
        where = f"{path.relative_to(ROOT)}:{call.lineno}"
        assert method in LEVELS or method == "exception", f"{where}: log.{method}"
        name = call.args[method == "log"]
        assert isinstance(name, ast.Constant), f"{where}: the event must be a literal"
        event = found[str(name.value)]
        event.levels.add({"log": "varies", "exception": "error"}.get(method, method))
        for keyword in call.keywords:
            assert keyword.arg, f"{where}: fields must be named one by one"
            event.fields.add("exception" if keyword.arg == "exc_info" else keyword.arg)
        if method == "exception":
            event.fields.add("exception")
    return found


def names(text: str) -> set[str]:
    return set(re.findall(r"`(\w+)`", text))


ON_PAGE = {
    row["event"]: Event(set(row["level"].split(", ")), names(row["fields"]))
    for row in EVENT_ROW.finditer(PAGE)
}
IN_SOURCE = in_source()


@pytest.mark.parametrize("event", sorted(IN_SOURCE.keys() | ON_PAGE.keys()))
def test_an_event_is_on_the_page_as_it_is_in_the_source(event: str) -> None:
    assert event in IN_SOURCE, "no line has this event"
    assert event in ON_PAGE, "docs/logs.md does not list this event"
    assert ON_PAGE[event] == IN_SOURCE[event]


def test_every_field_is_explained_and_used() -> None:
    used = {name for event in IN_SOURCE.values() for name in event.fields}
    explained = [row["field"] for row in FIELD_ROW.finditer(PAGE)]
    assert sorted(explained) == sorted(used | GIVEN)


def test_events_are_named_alike() -> None:
    assert not [event for event in IN_SOURCE if not re.fullmatch(r"[a-z_]+\.[a-z_]+", event)]


def test_nothing_is_logged_past_the_events() -> None:
    """A logger that is not called `log`, or a library's, would not be found above."""
    offenders = []
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=made)) if (
                    ast.unparse(made) in ("structlog.get_logger", "logging.getLogger")
                ):
                    if name not in ("log", "root"):
                        offenders.append(f"{path}:{node.lineno}")
                case ast.Call(func=ast.Attribute(value=ast.Name(id="logging"), attr=method)):
                    if method in LEVELS or method == "exception":
                        offenders.append(f"{path}:{node.lineno}")
    assert not offenders

"""What there is to say of each operation, taken from its code and from the examples of the page.

Nothing of it is written down twice: names, types, ranges, defaults and texts are those of the
dataclasses, examples are the lines of the first block under "operations" in `docs/recipe.md`.
"""

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import TypeAdapter

from tintype.imaging.geometry import COMPASS_POINTS
from tintype.imaging.operations import OPERATIONS, Operation, Phase
from tintype.recipe import later

PAGE = Path(__file__).parents[1] / "docs" / "recipe.md"
BEGIN = "<!-- What follows is written by ./do docs from src/tintype/imaging/operations. -->\n"
END = "<!-- What ./do docs writes ends here. -->\n"

_EXAMPLES = re.compile(r"^### operations\n.*?^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PLACE = "variants[].operations[]"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of an operation, in words; `default` is empty where it has none."""

    name: str
    allowed: tuple[str, ...]
    default: str
    text: str
    required: bool


@dataclass(frozen=True, slots=True)
class Described:
    """An operation in words; one that is not available is refused by name in recipes."""

    name: str
    text: str
    parameters: tuple[Parameter, ...]
    available: bool


@dataclass(frozen=True, slots=True)
class Example:
    """An operation as it stands in a recipe, on one line."""

    operation: str
    text: str


def described(operation: type[Operation]) -> Described:
    """An operation in words."""
    schema = TypeAdapter(operation).json_schema()
    properties: dict[str, Any] = schema.get("properties", {})
    return Described(
        operation.name,
        inspect.getdoc(operation) or "",
        tuple(
            _parameter(operation.name, field, properties[field.name], schema)
            for field in fields(operation)  # type: ignore[arg-type]  # a protocol; all are dataclasses
        ),
        f"{_PLACE}.{operation.name}" not in later.FIELDS,
    )


def examples() -> tuple[Example, ...]:
    """The examples of the page, in its order."""
    found = _EXAMPLES.search(PAGE.read_text())
    lines = found[1].splitlines() if found else []
    return tuple(Example(re.split(r"\W", line[2:])[0], line[2:]) for line in lines)


def choices(operation: str, parameter: str) -> tuple[str, ...]:
    """The words that a parameter takes in this release."""
    kind = next(each for each in OPERATIONS if each.name == operation)
    schema = TypeAdapter(kind).json_schema()
    refused = later.VALUES.get(f"{_PLACE}.{operation}.{parameter}", frozenset())
    leaves = _leaves(schema["properties"][parameter], schema)
    return tuple(word for leaf in leaves for word in leaf.get("enum", []) if word not in refused)


def table() -> str:
    """All operations as a table in Markdown."""
    lines = ["| operation | parameter | values | default | |", "|---|---|---|---|---|"]
    for each in map(described, OPERATIONS):
        told = each.text if each.available else f"Not available yet. {each.text}"
        lines.append(f"| `{each.name}` | | | | {_in_a_cell(told)} |")
        for one in each.parameters:
            default = "must be given" if one.required else one.default and f"`{one.default}`"
            allowed = _in_a_cell(", ".join(one.allowed))
            lines.append(f"| | `{one.name}` | {allowed} | {default} | {_in_a_cell(one.text)} |")
    return "".join(f"{re.sub(' +', ' ', line)}\n" for line in lines)


def page_with_table() -> str:
    """The page with its table written anew; ValueError where it has no place for one."""
    before, begin, rest = PAGE.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"{PAGE.name} has lost the comments between which its table stands")
    return f"{before}{begin}\n{order()}\n{table()}\n{end}{after}"


def order() -> str:
    """In which order operations run, as lines of Markdown."""
    phases = "".join(
        f"{number}. {', '.join(f'`{each.name}`' for each in OPERATIONS if each.phase is phase)}\n"
        for number, phase in enumerate(Phase, 1)
    )
    return f"{phases}\nInside each of these groups the order of the recipe holds.\n"


def _parameter(
    operation: str, field: Field[Any], schema: Mapping[str, Any], root: Mapping[str, Any]
) -> Parameter:
    refused = later.VALUES.get(f"{_PLACE}.{operation}.{field.name}", frozenset())
    allowed = [word for leaf in _leaves(schema, root) for word in _allowed(leaf, refused)]
    text = " ".join(schema.get("description", "").split())
    required = field.default is MISSING
    default = "" if required else _written(field.default)
    return Parameter(field.name, tuple(dict.fromkeys(allowed)), default, text, required)


def _leaves(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """What a schema allows, without alternatives within."""
    if "$ref" in schema:
        yield from _leaves(root["$defs"][schema["$ref"].rpartition("/")[2]], root)
    elif alternatives := schema.get("anyOf") or schema.get("oneOf"):
        for each in alternatives:
            yield from _leaves(each, root)
    elif schema.get("type") != "null":
        yield schema


# Texts with a pattern are told by what the pattern lets through.
_SAMPLES = MappingProxyType(
    {
        "max": "`max`",
        "blur": "`blur`",
        "#12abCD": "`#rrggbb`",
        "#12abCDef": "`#rrggbbaa`",
        "12.5%": "0% to 100%",
        "16:9": "a ratio such as `16:9`",
    }
)


def _allowed(leaf: Mapping[str, Any], refused: frozenset[str]) -> list[str]:
    """What a schema without alternatives allows, in words."""
    if "enum" in leaf:
        return _words([word for word in leaf["enum"] if word not in refused])
    if "pattern" in leaf:
        fitting = [word for sample, word in _SAMPLES.items() if re.search(leaf["pattern"], sample)]
        return fitting or [f"a text like `{leaf['pattern']}`"]
    if "properties" in leaf:
        inside = (
            f"{name}: {each['minimum']:g} to {each['maximum']:g}"
            for name, each in leaf["properties"].items()
        )
        return ["`{" + ", ".join(inside) + "}`"]
    bounds = f" {leaf['minimum']:g} to {leaf['maximum']:g}" if "minimum" in leaf else ""
    length = (
        f" of {leaf['minLength']} to {leaf['maxLength']} characters" if "minLength" in leaf else ""
    )
    kinds = {
        "integer": f"whole number{bounds}",
        "number": f"number{bounds}",
        "boolean": "`true` or `false`",
        "string": f"text{length}",
    }
    return [kinds[leaf["type"]]]


def _words(words: list[str]) -> list[str]:
    """The words, the eight points of the compass as one."""
    compass = [word for word in COMPASS_POINTS if word != "center"]
    if not set(compass) <= set(words):
        return [f"`{word}`" for word in words]
    others = [f"`{word}`" for word in words if word not in compass]
    return [*others, "a compass point such as `northeast`"]


def _written(default: object) -> str:
    """A default as recipes write it."""
    if default is None:
        return ""
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, int | float):
        return f"{default:g}"
    return f'"{default}"' if str(default).startswith("#") else str(default)


def _in_a_cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")

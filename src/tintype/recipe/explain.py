"""What a validation error means: which value, where it stands, and what is allowed there."""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

from pydantic_core import ErrorDetails

from tintype.recipe.document import Entry, Fields, Items, Node, Text
from tintype.recipe.problems import Path, Position, meant, shortened

Schema: TypeAlias = dict[str, Any]

_UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")

# What people know from elsewhere, and no spelling leads to.
_ALSO_CALLED: Mapping[Path, str] = MappingProxyType(
    {("watermark", "offset"): "; did you mean 'x' and 'y'?"}
)

# Texts with a pattern are told by what the pattern lets through.
_SAMPLES: Mapping[str, str] = MappingProxyType(
    {
        "max": "max",
        "blur": "blur",
        "#3060a0": 'a color such as "#3060a0"',
        "#3060a080": '"#3060a080" with an opacity',
        "12.5%": "a percentage such as 12.5%, to 100%",
    }
)


def explain(error: ErrorDetails, root: Fields, schema: Schema) -> tuple[Position, Path, str]:
    """Where the problem is that a validation error stands for, and what to say about it.

    `root` is the recipe's tree, `schema` the JSON Schema that its values were checked against.
    """
    path, entry = locate(root, error["loc"])
    if error["type"] == "missing":
        field, within = str(error["loc"][-1]), error["loc"][-2:-1]
        path, leaves = (*path, field), _leaves_at(schema, (*path, field))
        if not leaves:  # of an operation that is there by its bare name
            path = (*path[:-1], *within, field)
            leaves = _leaves_at(schema, path)
        expected = _expected(leaves)
        return entry.value.at, path, f"is missing; it must be {expected}"
    if error["type"] in _UNKNOWN:
        return entry.at, path, _unknown(path, schema)
    return entry.value.at, path, _wrong(error, path, entry.value, schema)


def locate(root: Fields, place: Path) -> tuple[Path, Entry]:
    """The value that a validation error is about, as far as the recipe has it.

    The steps of a validation error also name branches of unions; those are no steps in the recipe
    and are left out.
    """
    path: Path = ()
    entry = Entry(root.at, root)
    for step in place:
        following = _step(entry.value, step)
        if following:
            path, entry = (*path, step), following
    return path, entry


def _step(node: Node, step: str | int) -> Entry | None:
    if isinstance(node, Fields) and isinstance(step, str):
        return node.entries.get(step)
    if isinstance(node, Items) and isinstance(step, int) and step < len(node.items):
        item = node.items[step]
        return Entry(item.at, item)
    return None


def _unknown(path: Path, schema: Schema) -> str:
    leaves = _leaves_at(schema, path[:-1])
    known = sorted({name for leaf in leaves for name in leaf.get("properties", {})})
    if not known:
        return "is not a field: there are none here"
    name = str(path[-1])
    hint = _ALSO_CALLED.get(path[-2:], "") or meant(name, known)
    return f"is not a field{hint}; there are: {', '.join(known)}"


def _wrong(error: ErrorDetails, path: Path, node: Node, schema: Schema) -> str:
    value = error["input"]
    if error["type"] == "value_error":
        found = "" if isinstance(value, dict | list) else f"; found {_shown(value)}"
        return f"{error['ctx']['error']}{found}"
    leaves = _leaves_at(schema, path)
    if not leaves or _is_ours(error):
        return error["msg"]
    hint = ""
    if isinstance(node, Text) and not isinstance(value, str) and _expected(leaves) == "text":
        hint = f'; in quotes it is text: "{node.text}"'
    elif isinstance(value, str):
        hint = meant(value, _choices(leaves))
    return f"must be {_expected(leaves)}, not {_shown(value)}{hint}"


def _is_ours(error: ErrorDetails) -> bool:
    # The library's own errors link to their documentation; ours speak for themselves.
    return "url" not in error


def _shown(value: object) -> str:
    if isinstance(value, str):
        return shortened(value)
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    return "a list" if isinstance(value, list) else "a mapping"


def _leaves_at(schema: Schema, path: Path) -> list[Schema]:
    """What the schema allows at a path: its alternatives there, none of which has alternatives."""
    leaves = list(_leaves(schema, schema))
    for step in path:
        below = [
            leaf["items"] if isinstance(step, int) else leaf["properties"][step]
            for leaf in leaves
            if ("items" in leaf if isinstance(step, int) else step in leaf.get("properties", {}))
        ]
        leaves = [leaf for each in below for leaf in _leaves(each, schema)]
    return leaves


def _leaves(schema: Schema, root: Schema) -> Iterator[Schema]:
    if "$ref" in schema:
        yield from _leaves(root["$defs"][schema["$ref"].rpartition("/")[2]], root)
    elif alternatives := schema.get("anyOf") or schema.get("oneOf"):
        for each in alternatives:
            yield from _leaves(each, root)
    else:
        yield schema


def _choices(leaves: list[Schema]) -> list[str]:
    choices = [each for leaf in leaves for each in leaf.get("enum", [])]
    return [
        str(each) for each in [*choices, *(leaf["const"] for leaf in leaves if "const" in leaf)]
    ]


def _expected(leaves: list[Schema]) -> str:
    """What is allowed, in words: `a whole number from 1 to 100`."""
    choices = _choices(leaves)
    words = [f"one of {', '.join(choices)}" if len(choices) > 1 else "".join(choices)]
    words += [_kind(leaf) for leaf in leaves if not {"enum", "const"} & leaf.keys()]
    return " or ".join(dict.fromkeys(each for each in words if each))


def _kind(leaf: Schema) -> str:
    bounds = f" from {leaf['minimum']} to {leaf['maximum']}" if "minimum" in leaf else ""
    fields = ", ".join(leaf.get("properties", {}))
    kinds = {
        "string": _text(leaf),
        "integer": f"a whole number{bounds}",
        "number": f"a number{bounds}",
        "boolean": "true or false",
        "array": "a list",
        "object": f"a mapping of {fields}" if fields else "an empty mapping",
    }
    return kinds.get(leaf.get("type", ""), "")


def _text(leaf: Schema) -> str:
    """Text, or in words what a pattern lets through."""
    pattern = leaf.get("pattern", "")
    if re.search(pattern, "text"):
        return "text"
    fitting = [words for sample, words in _SAMPLES.items() if re.search(pattern, sample)]
    return " or ".join(fitting) or "text"

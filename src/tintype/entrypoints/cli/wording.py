"""How the commands put parts of a recipe into words."""

import dataclasses
import json

from tintype.imaging.operations import Operation
from tintype.text import printable

_LONGEST_VALUE = 60  # characters of a parameter that are shown


def applied(operation: Operation) -> str:
    """An operation with the parameters that differ from their defaults."""
    given = [
        f"{field.name}={_parameter(value)}"
        for field in dataclasses.fields(operation)  # type: ignore[arg-type]  # all are dataclasses
        if (value := getattr(operation, field.name)) != field.default
    ]
    return " ".join([operation.name, *given])


def _parameter(value: object) -> str:
    """A value in a few words: a text may be strange, and an image in the recipe long."""
    if isinstance(value, bool):
        return json.dumps(value)
    text = printable(str(value))
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"

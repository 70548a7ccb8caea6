"""Single values of a recipe: variables are put in, then the text is typed.

The typing is YAML 1.2's core schema (https://yaml.org/spec/1.2.2/#103-core-schema), except that
infinity and not-a-number stay text: no field of a recipe takes them.
"""

import math
import re
from collections.abc import Mapping

Scalar = str | int | float | bool | None

# The characters that stand for a reference while YAML is parsed: the private-use plane 16.
MASKS = "\U00100000-\U0010fffd"

# A reference without quotes or backslashes; one with them is left to YAML's own quoting.
_MASKABLE = re.compile(r"\$\{[^}\"'\\\r\n]*\}")
_MASKED = re.compile(f"([{MASKS}])\\1*")
_REFERENCE = re.compile(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}")

_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_OCTAL = re.compile(r"0o[0-7]{1,20}")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]{1,15}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: Mapping[str, Scalar] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


def masked(text: str) -> tuple[str, tuple[str, ...]]:
    """Hide the `${...}` of a YAML text behind as many harmless characters each.

    YAML reads braces, commas and colons as its own: `{width: ${WIDTH:-800}}` would be no YAML. The
    lengths stay, so every place in the text stays too. Returns the text and what was hidden.
    """
    hidden = tuple(match.group() for match in _MASKABLE.finditer(text))
    numbers = iter(range(len(hidden)))
    first = ord(MASKS[0])
    masks = _MASKABLE.sub(lambda match: chr(first + next(numbers)) * len(match.group()), text)
    return masks, hidden


def unmasked(text: str, hidden: tuple[str, ...]) -> str:
    """Text that `masked` hid references of, with the references back in."""
    return _MASKED.sub(lambda match: hidden[ord(match.group(1)) - ord(MASKS[0])], text)


def substituted(text: str, environ: Mapping[str, str]) -> str:
    """Text with the variables' values in the places of `${NAME}` and `${NAME:-default}`.

    A default stands in where the variable is unset or empty, as in a shell. Values are taken as
    they are: a reference in a value is text. Raises ValueError with a message for people where a
    variable without default is unset, where a `${` begins no reference, and where a value is not
    valid Unicode.
    """
    pieces, end = [], 0
    for match in _REFERENCE.finditer(text):
        pieces += [_literal(text[end : match.start()]), _value(match, environ)]
        end = match.end()
    result = "".join([*pieces, _literal(text[end:])])
    if not result.isprintable() and re.search(r"[\ud800-\udfff]", result):
        raise ValueError("holds a character that is not valid Unicode")
    return result


def _literal(text: str) -> str:
    if "${" in text:
        raise ValueError("a reference must look like ${NAME} or ${NAME:-default}")
    return text


def _value(match: re.Match[str], environ: Mapping[str, str]) -> str:
    name, default = match["name"], match["default"]
    if default is not None:
        return environ.get(name) or default
    if name not in environ:
        raise ValueError(
            f"the environment variable {name} is not set; set it, or give a default: ${{{name}:-…}}"
        )
    return environ[name]


def typed(text: str) -> Scalar:
    """The value of a plain (unquoted) scalar."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _OCTAL.fullmatch(text) or _HEXADECIMAL.fullmatch(text):
        return int(text, base=0)
    if _FLOAT.fullmatch(text) and math.isfinite(number := float(text)):
        return number
    return text

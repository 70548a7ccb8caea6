"""Variables and the typing of single values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tintype.recipe.scalars import MASKS, Scalar, masked, substituted, typed, unmasked


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("800", 800),
        ("-1", -1),
        ("0o17", 15),
        ("0x1F", 31),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        # YAML 1.1 made these something else.
        ("on", "on"),
        ("yes", "yes"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("2026-01-01", "2026-01-01"),
        ("0b11", "0b11"),
        ("800x600", "800x600"),
        # No field takes these as numbers.
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("1e999", "1e999"),
        ("٣", "٣"),
    ],
)
def test_a_plain_scalar_is_typed_by_the_core_schema_of_yaml_1_2(text: str, value: Scalar) -> None:
    assert typed(text) == value
    assert type(typed(text)) is type(value)


@given(st.text())
def test_typing_never_fails(text: str) -> None:
    assert isinstance(typed(text), str | int | float | bool | None)


@pytest.mark.parametrize(
    ("text", "environ", "result"),
    [
        ("${WIDTH}", {"WIDTH": "800"}, "800"),
        ("${WIDTH:-640}", {"WIDTH": "800"}, "800"),
        ("${WIDTH:-640}", {}, "640"),
        ("${WIDTH:-640}", {"WIDTH": ""}, "640"),
        ("${WIDTH:-}", {}, ""),
        ("${WIDTH}", {"WIDTH": ""}, ""),
        ("${TEXT:-(c) us}", {}, "(c) us"),
        ("a${A}b${B:-:-}c", {"A": "1"}, "a1b:-c"),
        ("$5 and $A", {"A": "1"}, "$5 and $A"),
        ("${A}", {"A": "${B}"}, "${B}"),
    ],
)
def test_a_reference_becomes_the_value_or_the_default(
    text: str, environ: dict[str, str], result: str
) -> None:
    assert substituted(text, environ) == result


@pytest.mark.parametrize("text", ["${}", "${1A}", "${A", "${A-b}", "${A:b}", "x ${ A }"])
def test_what_begins_like_a_reference_must_be_one(text: str) -> None:
    with pytest.raises(ValueError, match="a reference must look like"):
        substituted(text, {"A": "1"})


def test_an_unset_variable_without_default_is_named() -> None:
    with pytest.raises(ValueError, match="IMAGE_WIDTH is not set"):
        substituted("${IMAGE_WIDTH}", {})


def test_a_value_that_is_not_unicode_is_refused() -> None:
    with pytest.raises(ValueError, match="not valid Unicode"):
        substituted("${A}", {"A": "caf\udce9"})


references = st.from_regex(r"\$\{[A-Z]{0,3}(:-[^}\"'\\\r\n]{0,9})?\}", fullmatch=True)
texts = st.text(st.characters(exclude_characters=[chr(n) for n in range(0x100000, 0x100010)]))


@given(st.lists(st.one_of(references, texts)).map("".join))
def test_masking_keeps_every_place_and_is_undone(text: str) -> None:
    if any(character >= MASKS[0] for character in text):
        return
    hidden_text, hidden = masked(text)
    assert len(hidden_text) == len(text)
    assert hidden_text.count("\n") == text.count("\n")
    assert unmasked(hidden_text, hidden) == text

"""The page about recipes says what the grammar does."""

import re
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import BaseModel

from tests.recipe.samples import with_variant
from tintype.imaging.messages import Output
from tintype.imaging.operations import OPERATIONS
from tintype.recipe import later
from tintype.recipe.keys import PLACEHOLDERS, expand
from tintype.recipe.loader import loads
from tintype.recipe.schema import Delivery, Originals, Recipe, Retry, Variant

PAGE = (Path(__file__).parents[2] / "docs" / "recipe.md").read_text()
BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def completed(block: str) -> str:
    """A part of a recipe made a recipe: operations, fields of a variant, or fields of the top."""
    lines = block.splitlines()
    if block.startswith("version:"):
        return block
    if block.startswith("- "):
        return with_variant("operations:", *(f"  {line}" for line in lines))
    if block.partition(":")[0] in Variant.model_fields:
        return with_variant(*lines)
    return with_variant(top=block)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.splitlines()[0])
def test_every_example_is_valid(block: str) -> None:
    assert loads(completed(block), {}).variants


def test_the_page_has_examples_of_every_part() -> None:
    assert {block.split(":")[0] for block in BLOCKS} >= {"version", "originals", "retry", "output"}


@pytest.mark.parametrize("part", [Recipe, Originals, Variant, Delivery, Retry])
def test_every_field_is_described(part: type[BaseModel]) -> None:
    described = re.findall(r"`(\w+)`|^## (\w+)$", PAGE, re.MULTILINE)
    assert part.model_fields.keys() <= {word or heading for word, heading in described}


@pytest.mark.parametrize("part", [Output, *OPERATIONS])
def test_every_parameter_is_described(part: type) -> None:
    assert [each.name for each in fields(part) if f"`{each.name}`" not in PAGE] == []


def test_every_operation_and_placeholder_is_described() -> None:
    assert [each.name for each in OPERATIONS if f"| `{each.name}` |" not in PAGE] == []
    assert [name for name in PLACEHOLDERS if f"`{{{name}}}`" not in PAGE] == []


def test_the_placeholders_become_what_the_page_says() -> None:
    rows = re.findall(r"^\| `(\{\w+\})` \| .* \| `([^`]+)` \|$", PAGE, re.MULTILINE)
    assert len(rows) == 8
    for placeholder, value in rows:
        key = expand(
            f"x/{placeholder}/y",
            original_key="originals/trips/rome.heic",
            prefix="originals/",
            image_id="img_x",
            variant="page",
            extension="jpg",
            content_hash="test",
            uploaded_at=datetime(2026, 3, 9, tzinfo=UTC),
        )
        assert key == f"x/{value}/y"


def test_what_is_not_available_yet_is_listed() -> None:
    listed = PAGE.partition("## Not available yet")[2]
    names = {path.rpartition(".")[2] for path in later.FIELDS}
    assert [name for name in sorted(names) if name not in listed] == []
    assert [word for words in later.VALUES.values() for word in words if word not in listed] == []

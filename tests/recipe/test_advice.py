"""What is worth a word about a valid recipe."""

import pytest

from tintype.recipe.advice import advice
from tintype.recipe.loader import loads

VARIANT = """
version: 1
name: r
variants: [{name: v, key: "%s"}]
delivery: {access: %s}
"""


@pytest.mark.parametrize("access", ["signed", "public", "private"])
def test_a_recipe_without_surprises_needs_no_advice(access: str) -> None:
    assert advice(loads(VARIANT % ("small/{id}.{ext}", access), {})) == ()


@pytest.mark.parametrize("key", ["v1/{id}.{ext}", "i/{id}", "healthz/{id}", "login/{id}"])
def test_a_key_under_an_address_of_the_service_is_pointed_out(key: str) -> None:
    (text,) = advice(loads(VARIANT % (key, "public"), {}))
    assert "/i/VARIANT/ID" in text

"""What is worth a word about a valid recipe."""

import pytest

from tintype.recipe.advice import advice, unenforced
from tintype.recipe.loader import loads

VARIANT = """
version: 1
name: r
variants: [{name: v, key: "%s"}]
delivery: {access: %s}
"""


def test_a_recipe_without_surprises_needs_no_advice() -> None:
    assert advice(loads(VARIANT % ("small/{id}.{ext}", "public"), {})) == ()


@pytest.mark.parametrize("key", ["v1/{id}.{ext}", "i/{id}", "healthz/{id}"])
def test_a_key_under_an_address_of_the_service_is_pointed_out(key: str) -> None:
    (text,) = advice(loads(VARIANT % (key, "public"), {}))
    assert "/i/VARIANT/ID" in text


@pytest.mark.parametrize("access", ["signed", "private"])
def test_access_that_is_not_enforced_yet_is_not_passed_over_in_silence(access: str) -> None:
    recipe = loads(VARIANT % ("small/{id}.{ext}", access), {})
    assert unenforced(recipe) == advice(recipe)
    assert f"access {access} is not enforced yet" in unenforced(recipe)[0]

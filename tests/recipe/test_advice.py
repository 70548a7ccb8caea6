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


@pytest.mark.parametrize(
    ("output", "still"),
    [
        ("{animation: keep}", None),
        ("{formats: [webp, gif], animation: keep}", None),
        ("{format: auto, quality: auto, animation: keep}", None),
        ("{formats: [avif, webp, jpeg]}", None),
        ("{formats: [avif, webp, jpeg], animation: keep}", "AVIF and JPEG"),
        ("{format: png, animation: keep}", "PNG"),
    ],
)
def test_a_format_that_cannot_keep_animations_is_pointed_out(
    output: str, still: str | None
) -> None:
    recipe = VARIANT.replace('"%s"', f'"s/{{id}}.{{ext}}", output: {output}') % "signed"
    found = advice(loads(recipe, {}))
    assert [f"in {still} it has" in text for text in found] == ([True] if still else [])

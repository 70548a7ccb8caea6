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


@pytest.mark.parametrize(
    ("text", "lacking"),
    [
        ("© Wagner, Ελλάδα, Мир, שלום, العربية, नमस्ते, বাংলা, தமிழ், తెలుగు, ไทย, ខ្មែរ", ""),
        ("中文 日本語 한국어 a\u200fb\u00a0c", ""),
        ("© ગુજરાત", "U+0A97 GUJARATI LETTER GA, U+0AC1 GUJARATI VOWEL SIGN U, U+0A9C"),
        ("😀😀", "U+1F600 GRINNING FACE;"),
        ("\ue000", "U+E000;"),
    ],
)
def test_characters_that_no_font_has_are_pointed_out(text: str, lacking: str) -> None:
    mark = VARIANT.replace("name: v,", f'name: v, operations: [watermark: {{text: "{text}"}}],')
    found = advice(loads(mark % ("s/{id}.{ext}", "signed"), {}))
    assert [f"have no {lacking}" in each for each in found] == ([True] if lacking else [])


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (
            "operations: [{resize: {width: 9, height: 9, fit: inside, gravity: north}}]",
            "its gravity",
        ),
        ("operations: [{resize: {width: 9, height: 9, fit: fill, gravity: north}}]", "its gravity"),
        ("operations: [{resize: {width: 9, gravity: attention}}]", "a width and a height"),
        ("operations: [{resize: {width: 9, height: 9, background: blur}}]", "its background"),
        ("operations: [{pad: {all: 0}}]", "no room around"),
        ("operations: [{pad: {width: 1}}]", "no room around"),
        ("output: {format: webp, progressive: true}", "WEBP cannot be progressive"),
        ("output: {formats: [avif, gif], progressive: true}", "AVIF and GIF cannot be"),
        ("output: {format: png, quality: 90}", "no quality in PNG"),
        ("output: {format: gif, color: keep}", "no color profile in GIF"),
        ("operations: [{resize: {width: 9, height: 9, gravity: north}}]", None),
        ("operations: [{resize: {width: 9, aspect: 1, gravity: north}}]", None),
        (
            "operations: [{resize: {width: 9, height: 9, fit: contain,"
            " gravity: north, background: blur}}]",
            None,
        ),
        ("operations: [{pad: {all: 0, top: 1}}]", None),
        ("output: {formats: [webp, jpeg], progressive: true, quality: 90, color: keep}", None),
        ("output: {format: same, progressive: true, quality: 90, color: keep}", None),
    ],
)
def test_what_changes_nothing_is_pointed_out(lines: str, told: str | None) -> None:
    found = advice(
        loads(VARIANT.replace("name: v,", f"name: v, {lines},") % ("s/{id}.{ext}", "signed"), {})
    )
    assert [each.startswith("v: ") and told in each for each in found if told] == (
        [True] if told else []
    )
    assert told or found == ()

"""Variants that are made in several formats, as the grammar has them."""

import jsonschema_rs
import pytest
from ruamel.yaml import YAML

from tests.recipe.samples import problem_of
from tintype.recipe.collisions import warnings
from tintype.recipe.loader import loads
from tintype.recipe.schema import Recipe, json_schema

VALID = "output: {formats: [avif, webp, same]}"


def recipe(output: str, key: str | None = None, more: str = "") -> str:
    where = f"    key: {key}\n" if key else ""
    return f"version: 1\nname: r\nvariants:\n  - name: v\n    {output}\n{where}{more}"


def fits(text: str) -> bool:
    """Whether an editor that knows the JSON Schema finds a recipe valid."""
    return jsonschema_rs.is_valid(json_schema(), YAML(typ="safe", pure=True).load(text))


@pytest.mark.parametrize("key", [None, '"a/{stem}.{ext}"', '"{ext}/{name}"'])
def test_several_formats_are_kept_in_their_order(key: str | None) -> None:
    (variant,) = loads(recipe(VALID, key), {}).variants
    assert variant.output.listed == ("avif", "webp", "same")
    assert fits(recipe(VALID, key))


def test_a_stored_recipe_has_them_again() -> None:
    original = loads(recipe(VALID), {})
    assert Recipe.from_json(original.to_json()) == original
    assert original.digest != loads(recipe("output: {formats: [webp, avif, same]}"), {}).digest


@pytest.mark.parametrize(
    ("output", "place", "told"),
    [
        ("{formats: [webp, jpeg, webp]}", "5:23 formats", "must list each format only once"),
        ("{formats: []}", "5:23 formats", "must list at least one format"),
        ("{format: webp, formats: [avif]}", "5:28 formats", "write one of the two"),
        ("{formats: [avif], format: same}", "5:14 formats", "write one of the two"),
        ("{formats: webp}", "5:23 formats", "must be a list, not 'webp'"),
        ("{formats: [wepb]}", "5:24 formats[0]", "did you mean 'webp'?"),
        ("{formats: [auto]}", "5:24 formats[0]", "must be one of jpeg"),
    ],
)
def test_what_is_no_list_of_formats_is_refused_where_it_stands(
    output: str, place: str, told: str
) -> None:
    text = recipe(f"output: {output}")
    problem = problem_of(text)
    path = problem.path.removeprefix("variants[0].output.")
    assert f"{problem.line}:{problem.column} {path}" == place
    assert told in problem.message
    assert not fits(text)


@pytest.mark.parametrize("key", ['"x/{filename}"', '"x/{name}.webp"'])
@pytest.mark.parametrize("formats", ["[webp]", "[webp, jpeg]"])
def test_a_key_without_the_extension_is_refused_and_the_remedy_told(key: str, formats: str) -> None:
    text = recipe(f"output: {{formats: {formats}}}", key)
    problem = problem_of(text)
    assert (problem.line, problem.column, problem.path) == (6, 10, "variants[0].key")
    assert problem.message.startswith("must have {ext} in it, because each of the formats")
    assert not fits(text)


def test_a_reference_may_bring_the_placeholder() -> None:
    text = recipe(VALID, '"x/{name}${ENDING}"')
    assert loads(text, {"ENDING": ".{ext}"}).variants
    assert fits(text)
    assert "must have {ext} in it" in problem_of(text, {"ENDING": ".jpg"}).message


def test_any_of_its_formats_may_clash_with_another_variant() -> None:
    other = '  - {name: w, output: {format: webp}, key: "v/{name}.webp"}\n'
    problem = problem_of(recipe("output: {formats: [avif, webp, jpeg]}", None, other))
    assert problem.path == "variants[1].key"
    assert "both would write v/photo.webp" in problem.message


def test_any_of_its_formats_may_clash_with_another_original() -> None:
    text = recipe("output: {formats: [same, avif]}", '"v/{name}.{ext}"')
    (warning,) = warnings(loads(text, {}))
    assert (
        "originals/photo.jpeg and originals/photo.png would share the key v/photo.avif" in warning
    )

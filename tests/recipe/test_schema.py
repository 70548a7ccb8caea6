"""The recipe as a value: what decides its digest, how it is stored, and how editors know it."""

import json
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from pydantic import ValidationError
from ruamel.yaml import YAML

from tests.recipe.samples import SAMPLE, problems_of, with_variant
from tintype.errors import RecipeInvalidError
from tintype.imaging.messages import Limits, VariantTask
from tintype.imaging.operations import OPERATIONS
from tintype.recipe.loader import loads
from tintype.recipe.schema import Recipe, Retry, Variant, json_schema

ROOT = Path(__file__).parents[2]
STARTER = resources.files("tintype.recipe").joinpath("starter.yaml").read_text("utf-8")
TEXTS = {
    "sample": SAMPLE,
    "starter": STARTER,
    **{path.stem: path.read_text() for path in sorted((ROOT / "recipes").glob("*.yaml"))},
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_stored_recipe_reads_back_the_same(text: str) -> None:
    recipe = loads(text, {})
    again = Recipe.from_json(recipe.to_json())
    assert again == recipe
    assert again.digest == recipe.digest
    assert again.to_json() == recipe.to_json()


def test_what_is_stored_needs_no_environment() -> None:
    text = with_variant("output: {quality: ${QUALITY}}")
    stored = loads(text, {"QUALITY": "33"}).to_json()
    assert "QUALITY" not in stored
    assert Recipe.from_json(stored).variants[0].output.quality == 33


@pytest.mark.parametrize("content", ["", "{}", "[1", '{"version": 2}', "null"])
def test_what_is_no_stored_recipe_is_refused(content: str) -> None:
    with pytest.raises(RecipeInvalidError):
        Recipe.from_json(content)


@pytest.mark.parametrize(
    "text",
    [
        SAMPLE.replace("name: marketplace", "name: bazaar"),
        SAMPLE.replace("access: public", "access: private"),
        SAMPLE.replace("max_attempts: 5", "max_attempts: 2"),
        SAMPLE.replace("interval: 3s", "interval: 1m"),
        SAMPLE.replace("50MB", "50000000"),
        SAMPLE.replace("width: 800", "width: ${W:-800}"),
        SAMPLE.replace("  max_frames: 1000\n", ""),
        SAMPLE.replace("originals/\n", "originals/\n  partition: date\n"),
        "# a comment\n" + SAMPLE,
    ],
)
def test_the_digest_stays_where_the_same_objects_are_made(text: str) -> None:
    assert text != SAMPLE
    assert loads(text, {}).digest == loads(SAMPLE, {}).digest


@pytest.mark.parametrize(
    "text",
    [
        SAMPLE.replace("quality: 80", "quality: 81"),
        SAMPLE.replace("width: 800", "width: 801"),
        SAMPLE.replace("50MB", "51MB"),
        SAMPLE.replace("- name: 800x600", "- name: large"),
        SAMPLE.replace("800x600/{filename}", "800x600/{name}"),
        SAMPLE.replace("prefix: originals/", "prefix: uploads/"),
        SAMPLE.replace("gravity: center", "gravity: north"),
    ],
)
def test_the_digest_changes_where_other_objects_are_made(text: str) -> None:
    assert loads(text, {}).digest != loads(SAMPLE, {}).digest


def test_svg_is_accepted_only_where_it_is_named() -> None:
    listed = "  accept: [jpeg, png, webp, avif, heic, gif, tiff]\n"
    silent, named = SAMPLE.replace(listed, ""), SAMPLE.replace(listed, "  accept: [svg, png]\n")
    assert loads(silent, {}).limits().accept == loads(SAMPLE, {}).limits().accept
    assert loads(named, {}).limits().accept == ("svg", "png")
    with pytest.raises(RecipeInvalidError, match=r"did you mean 'svg'\?"):
        loads(named.replace("svg", "svgz"), {})


def test_limits_and_tasks_are_what_decoder_children_are_told() -> None:
    recipe = loads(SAMPLE, {})
    assert recipe.limits() == Limits(
        accept=("jpeg", "png", "webp", "avif", "heic", "gif", "tiff"),
        max_bytes=50_000_000,
        max_pixels=100_000_000,
        max_frames=1000,
        min_width=1,
        min_height=1,
    )
    (variant,) = recipe.variants
    assert recipe.tasks() == (
        VariantTask(name="800x600", operations=variant.operations, output=variant.output),
    )


def test_a_recipe_cannot_be_changed() -> None:
    recipe = loads(SAMPLE, {})
    with pytest.raises(ValueError, match="frozen"):
        recipe.retry = Retry()  # type: ignore[misc]  # this is what must fail


# --- the JSON Schema ---


def matches(text: str) -> bool:
    content = YAML(typ="safe", pure=True).load(text)
    return jsonschema_rs.validator_for(json_schema()).is_valid(content)


def test_the_schema_is_one() -> None:
    jsonschema_rs.meta.validate(json_schema())


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_schema_knows_every_recipe_of_the_repository(text: str) -> None:
    assert matches(text)


@pytest.mark.parametrize(
    "line",
    [
        "output: {quality: 0}",
        "output: {quality: high}",
        "output: {format: jpg}",
        "outptu: {}",
        "operations: [{resize: {width: 0}}]",
        "operations: [{resize: {widht: 1}}]",
        "operations: [{resize: {width: 1, fit: covr}}]",
        "operations: [{resize: {width: 1}, blur: {}}]",
        "operations: [{rezise: {}}]",
        "operations: [5]",
        "operations: {}",
    ],
)
def test_the_schema_finds_what_the_loader_finds(line: str) -> None:
    assert problems_of(with_variant(line))
    assert not matches(with_variant(line))


@pytest.mark.parametrize(
    "line",
    [
        "output: {}",
        "output: {format: avif, quality: 1, metadata: strip}",
        "operations: [grayscale, {flip: {}}, {blur: {sigma: 2}}]",
        "operations: [{resize: {width: 1, gravity: {x: 0.5, y: 0}}}]",
        'operations: [{resize: {width: "${WIDTH:-800}"}}]',
        "key: x/{name}".replace("{name}", "photo"),
    ],
)
def test_the_schema_takes_what_the_grammar_takes(line: str) -> None:
    assert matches(with_variant(line))


@pytest.mark.parametrize(
    "line", ["retry: {interval: 3}", "originals: {max_bytes: 50mb}", "retry: {interval: 3 sec}"]
)
def test_the_schema_knows_the_units(line: str) -> None:
    assert problems_of(with_variant(top=f"{line}\n"))
    assert not matches(with_variant(top=f"{line}\n"))


def test_the_schema_describes_every_field_and_operation() -> None:
    schema = json_schema()
    choices = schema["$defs"]["Variant"]["properties"]["operations"]["items"]["oneOf"]
    described = {name for choice in choices for name in choice.get("properties", {})}
    assert described == {operation.name for operation in OPERATIONS}
    assert not list(undescribed(schema, "recipe"))


def undescribed(schema: dict[str, Any], path: str) -> list[str]:
    """The fields without a description."""
    missing = []
    for name, field in schema.get("properties", {}).items():
        if "description" not in field and "$ref" not in field and "oneOf" not in schema:
            missing.append(f"{path}.{name}")
    for name, definition in schema.get("$defs", {}).items():
        missing += undescribed(definition, name)
    return missing


def test_the_schema_is_plain_json() -> None:
    assert json.loads(json.dumps(json_schema())) == json_schema()


def test_no_animation_is_kept_beside_redaction() -> None:
    """Faces are known in the first frame; in the others they would be shown."""
    keep = {"animation": "keep"}
    Variant.model_validate_json(json.dumps({"name": "v", "output": keep}))
    with pytest.raises(ValidationError, match="cannot keep animations beside redact"):
        Variant.model_validate_json(
            json.dumps({"name": "v", "output": keep, "operations": ["redact"]})
        )


def test_the_partition_is_stored_though_the_digest_leaves_it_out() -> None:
    recipe = loads(SAMPLE.replace("originals/\n", "originals/\n  partition: date\n"), {})
    assert Recipe.from_json(recipe.to_json()).originals.partition == "date"
    assert loads(SAMPLE, {}).originals.partition == "none"

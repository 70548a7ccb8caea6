"""From a recipe's text to the recipe, or to every problem it has."""

import json
import re
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from tintype.recipe import later, logos
from tintype.recipe.collisions import Naming, clashes, is_inside
from tintype.recipe.document import MAX_BYTES, Fields, Items, Node, position, read
from tintype.recipe.explain import explain, locate
from tintype.recipe.problems import (
    Path,
    Position,
    Problems,
    RecipeProblemsError,
    shortened,
    written,
)
from tintype.recipe.scalars import substituted, typed
from tintype.recipe.schema import Originals, Recipe, Variant
from tintype.recipe.sizes import too_few_bytes, too_large

_START = Position(1, 1)


def load(path: FilePath, environ: Mapping[str, str]) -> Recipe:
    """The recipe in a file; raises RecipeProblemsError, also where the file cannot be read.

    `environ` has the variables that the recipe may refer to.
    """
    problems = Problems(str(path))
    try:
        with path.open("rb") as file:
            text = file.read(MAX_BYTES + 1).decode("utf-8-sig")
    except OSError as error:
        problems.add(_START, (), f"cannot be read: {error.strerror or error}")
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode(errors="replace")
        problems.add(position(before, len(before)), (), "is not UTF-8 text from here on")
    else:
        return loads(text, environ, source=str(path), folder=path.parent)
    raise RecipeProblemsError(problems.sorted())


def loads(
    text: str,
    environ: Mapping[str, str],
    *,
    source: str = "recipe",
    folder: FilePath | None = None,
) -> Recipe:
    """The recipe in a text; raises RecipeProblemsError with every problem it has.

    `source` is what the problems call the text. Images are named from `folder` on; without it they
    are refused.
    """
    problems = Problems(source)
    recipe = None
    root = read(text.removeprefix("\ufeff"), problems)
    if root is not None:
        content = _plain(root, (), environ, problems)
        _check_available(root, content, (), problems)
        logos.put_in(content, root, folder, problems)
        recipe = _validated(content, root, problems)
        _check_names(content, root, problems)
        _check_formats(content, root, problems)
        _check_qualities(content, root, problems)
        _check_keys(content, root, problems)
        if recipe is not None:
            _check_sizes(recipe, root, problems)
    if recipe is None or problems.sorted():
        raise RecipeProblemsError(problems.sorted())
    return recipe


def _plain(node: Node, path: Path, environ: Mapping[str, str], problems: Problems) -> Any:
    """A tree's values alone: variables put in, plain scalars typed."""
    if isinstance(node, Fields):
        return {
            name: _plain(entry.value, (*path, name), environ, problems)
            for name, entry in node.entries.items()
        }
    if isinstance(node, Items):
        return [
            _plain(item, (*path, index), environ, problems) for index, item in enumerate(node.items)
        ]
    try:
        text = substituted(node.text, environ)
    except ValueError as error:
        problems.add(node.at, path, str(error))
        return ""
    return typed(text) if node.plain else text


def _check_available(node: Node, content: Any, path: Path, problems: Problems) -> None:
    """Refuse what is for a later release, whether or not the schema has it already."""
    if isinstance(node, Fields):
        for name, entry in node.entries.items():
            below = (*path, name)
            if _general(below) in later.FIELDS:
                problems.add(entry.at, below, "is not available yet")
            else:
                _check_available(entry.value, content[name], below, problems)
    elif isinstance(node, Items):
        for index, item in enumerate(node.items):
            _check_available(item, content[index], (*path, index), problems)
    elif isinstance(content, str) and content in later.VALUES.get(_general(path), ()):
        problems.add(node.at, path, f"{shortened(content)} is not available yet")


def _general(path: Path) -> str:
    return re.sub(r"\[\d+\]", "[]", written(path))


def _validated(content: Any, root: Fields, problems: Problems) -> Recipe | None:
    # As JSON, because only there strict validation still takes lists for tuples. Strict, because a
    # number is no text and a text is no number.
    try:
        return Recipe.model_validate_json(json.dumps(content), strict=True)
    except ValidationError as error:
        known = problems.places()
        schema = Recipe.model_json_schema()
        for each in error.errors():
            at, path, message = explain(each, root, schema)
            if at not in known:
                problems.add(at, path, message)
        return None


def _variants(content: Any) -> list[tuple[int, dict[str, Any]]]:
    """The variants that are mappings at least, with their indexes."""
    variants = content.get("variants")
    if not isinstance(variants, list):
        return []
    return [(index, each) for index, each in enumerate(variants) if isinstance(each, dict)]


def _check_names(content: Any, root: Fields, problems: Problems) -> None:
    first: dict[str, int] = {}
    for index, variant in _variants(content):
        name = variant.get("name")
        if isinstance(name, str) and name and first.setdefault(name, index) != index:
            path, entry = locate(root, ("variants", index, "name"))
            other = written(("variants", first[name]))
            problems.add(entry.value.at, path, f"'{name}' is the name of {other} already")


def _check_formats(content: Any, root: Fields, problems: Problems) -> None:
    """Refuse lists of formats that list nothing, and those beside a single format."""
    for index, variant in _variants(content):
        output = variant.get("output")
        if not isinstance(output, dict) or "formats" not in output:
            continue
        path, entry = locate(root, ("variants", index, "output", "formats"))
        if output["formats"] == []:
            problems.add(entry.value.at, path, "must list at least one format")
        if "format" in output:
            problems.add(entry.at, path, "cannot stand beside format: write one of the two")


def _check_qualities(content: Any, root: Fields, problems: Problems) -> None:
    """Refuse formats and qualities that make no sense together."""
    for index, variant in _variants(content):
        output = variant.get("output")
        if not isinstance(output, dict):
            continue
        formats = output["formats"] if "formats" in output else [output.get("format")]
        quality = output.get("quality")
        if output.get("format") == "auto" and quality != "auto":
            path, entry = locate(root, ("variants", index, "output", "format"))
            message = "needs quality: auto, because a quality means something else in each format"
            problems.add(entry.value.at, path, message)
        lossless = isinstance(formats, list) and {"png", "gif"}.issuperset(map(str, formats))
        if quality == "auto" and lossless:
            path, entry = locate(root, ("variants", index, "output", "quality"))
            problems.add(entry.value.at, path, "has nothing to choose: PNG and GIF have no quality")


def _check_sizes(recipe: Recipe, root: Fields, problems: Problems) -> None:
    """Refuse variants that no original could become."""
    for index, variant in enumerate(recipe.variants):
        if refused := too_large(variant, recipe.originals):
            which, message = refused
            place: Path = ("variants", index, "operations", which)
            path, entry = locate(root, (*place, variant.operations[which].name))
            problems.add(entry.value.at, path, message)
        if few := too_few_bytes(variant.output, recipe.originals):
            path, entry = locate(root, ("variants", index, "output", "max_bytes"))
            problems.add(entry.value.at, path, few)


def _check_keys(content: Any, root: Fields, problems: Problems) -> None:
    """Refuse keys that would be originals again, and two variants with the same key.

    Only variants whose name, key and formats are valid can be compared, and of several with one
    name only the first is.
    """
    originals = _originals(content)
    if originals is None:
        return
    found: dict[str, tuple[int, Naming]] = {}
    for index, variant in _variants(content):
        if naming := _naming(variant):
            found.setdefault(naming.name, (index, naming))
    indexes, namings = [index for index, _ in found.values()], [each for _, each in found.values()]

    def refuse(which: int, message: str) -> None:
        path: Path = ("variants", indexes[which], "key")
        problems.add(locate(root, path)[1].value.at, path, message)

    for which, naming in enumerate(namings):
        if is_inside(naming, originals.prefix):
            refuse(
                which,
                f"lies inside the originals' prefix {originals.prefix},"
                " so that each variant would become an original again",
            )
    for one, two, key in clashes(namings, originals):
        other = written(("variants", indexes[one]))
        refuse(two, f"gives the same key as {other}: both would write {key}")


def _originals(content: Any) -> Originals | None:
    try:
        return Originals.model_validate_json(json.dumps(content.get("originals", {})), strict=True)
    except ValidationError:
        return None


def _naming(variant: dict[str, Any]) -> Naming | None:
    needed: dict[str, Any] = {name: variant[name] for name in ("name", "key") if name in variant}
    output = variant.get("output")
    if isinstance(output, dict):
        needed["output"] = {name: output[name] for name in ("format", "formats") if name in output}
    try:
        valid = Variant.model_validate_json(json.dumps(needed), strict=True)
    except ValidationError:
        return None
    return Naming.of(valid)

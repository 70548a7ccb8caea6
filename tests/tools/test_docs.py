"""The reference of the operations: none is missing, and every picture shows what its line does."""

import re
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from tests.recipe.samples import with_variant
from tests.support.browser import SCREENS, complaints_of, launched, too_wide, visiting
from tintype.imaging.geometry import COMPASS_POINTS
from tintype.imaging.operations import OPERATIONS
from tintype.recipe.loader import loads
from tools.docs import Shown, developed, main, write_page
from tools.operations import (
    PAGE,
    Described,
    Example,
    choices,
    described,
    examples,
    page_with_table,
    table,
)

DESCRIBED = [described(each) for each in OPERATIONS]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_page(tmp_path_factory.mktemp("operations"))


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> list[Shown]:
    return developed(examples(), tmp_path_factory.mktemp("examples"), "examples")


def test_every_operation_of_recipes_has_an_example_and_none_has_one_besides() -> None:
    available = {each.name for each in DESCRIBED if each.available}
    assert {each.operation for each in examples()} == available
    assert {each.name for each in DESCRIBED} - available == {"redact"}


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.operation)
def test_every_example_is_one_line_of_a_recipe(example: Example) -> None:
    recipe = loads(with_variant("operations:", f"  - {example.text}"), {})
    assert [each.name for each in recipe.variants[0].operations] == [example.operation]


@pytest.mark.parametrize("operation", DESCRIBED, ids=lambda operation: operation.name)
def test_every_operation_and_parameter_says_what_it_is(operation: Described) -> None:
    assert operation.text.endswith(".")
    for parameter in operation.parameters:
        assert parameter.text.endswith("."), parameter.name
        assert parameter.allowed, parameter.name
        assert "a text like" not in " ".join(parameter.allowed), "tell this pattern in words"


def test_no_example_leaves_the_picture_as_it_is(shown: list[Shown]) -> None:
    idle = [each.example.text for each in shown if not differs(each.before.path, each.after.path)]
    assert idle == []


def differs(before: Path, after: Path) -> bool:
    """Whether pictures differ in size, or somewhere by more than encoding alone would do."""
    with Image.open(before) as one, Image.open(after) as other:
        if one.size != other.size:
            return True
        apart = ImageChops.difference(one.convert("RGBA"), other.convert("RGBA"))
        return max(apart.tobytes()) > 24


def test_the_page_names_every_operation_fit_and_gravity(index: Path) -> None:
    page = index.read_text()
    assert set(re.findall(r'<section id="(\w+)">', page)) == {
        *(each.name for each in DESCRIBED),
        "fits",
        "gravities",
    }
    for each in DESCRIBED:
        section = page.partition(f'<section id="{each.name}">')[2].partition("</section>")[0]
        assert ("<img" in section) == each.available
        assert [
            one.name for one in each.parameters if f"<code>{one.name}</code>" not in section
        ] == []
    assert all(f"fit: {fit}}}" in page for fit in choices("resize", "fit"))
    assert all(f"gravity: {point}}}" in page for point in [*COMPASS_POINTS, "attention", "entropy"])


def test_every_picture_of_the_page_is_there_and_has_its_size(index: Path) -> None:
    found = re.findall(r'<img src="([^"]+)" width="(\d+)" height="(\d+)"', index.read_text())
    assert len(found) == index.read_text().count("<img") > 2 * len(examples())
    for source, width, height in found:
        with Image.open(index.parent / source) as picture:
            picture.load()
            assert picture.size == (int(width), int(height))


def test_the_page_needs_nothing_else_and_fits_every_screen(index: Path) -> None:
    with launched() as browser:
        for screen in SCREENS:
            assert too_wide(browser, screen, [index.as_uri()]) == []
        with visiting(browser) as context:
            page = context.new_page()
            complaints, asked = complaints_of(page), list[str]()
            page.on("request", lambda request: asked.append(request.url))
            page.goto(index.as_uri())
            broken = "[...document.images].filter(each => !each.naturalWidth).map(each => each.src)"
            assert page.evaluate(broken) == complaints == []
            assert all(address.startswith(index.parent.as_uri()) for address in asked)


def test_the_table_of_the_page_about_recipes_is_what_the_operations_say() -> None:
    assert PAGE.read_text() == page_with_table(), "run ./do docs"


def test_the_table_says_ranges_words_and_defaults() -> None:
    rows = table()
    assert "| | `sigma` | number 0.3 to 100 | `3` | " in rows
    assert "| | `angle` | number -360 to 360 | must be given | " in rows
    assert "| | `fit` | `cover`, `contain`, `fill`, `inside`, `outside` | `cover` | " in rows
    assert "| | `radius` | whole number 1 to 65535, `max`, 0% to 100% | `max` | " in rows
    assert '| | `color` | `#rrggbb` | `"#c08040"` | ' in rows
    assert "`attention`, `entropy`, `{x: 0 to 1, y: 0 to 1}` |" in rows  # `faces` is refused
    assert "| `redact` | | | | Not available yet. " in rows


@pytest.mark.parametrize("name", ["missing.jpg", "note.txt"])
def test_what_is_no_photograph_is_told(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "note.txt").write_text("not a picture")
    before = PAGE.read_bytes()
    assert main([str(tmp_path / name)], tmp_path / "page") == 1
    assert name in capsys.readouterr().out.replace("\n", "")
    assert not (tmp_path / "page" / "index.html").exists()
    assert PAGE.read_bytes() == before

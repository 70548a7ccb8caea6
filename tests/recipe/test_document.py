"""What is YAML but no recipe, and what is no YAML."""

import pytest

from tests.recipe.samples import problem_of, problems_of, with_variant
from tintype.recipe.document import MAX_BYTES
from tintype.recipe.loader import loads


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("", (1, 1), "the recipe is empty"),
        ("# nothing\n", (1, 1), "the recipe is empty"),
        ("---\n", (1, 1), "the recipe is empty"),
        ("\n- version: 1\n", (2, 1), "not a list"),
        ("\n\nhello\n", (3, 1), "not text"),
        ("version: 1\n---\nversion: 1\n", (2, 1), "one document"),
        ("version: 1\nname:\n\t- x\n", (3, 1), "a tab cannot indent YAML"),
        ("version: 1\nname: a: b\n", (2, 8), "not valid YAML"),
        ("version: 1\nname: 'x\n\n\n", (2, 7), "not finished"),
        ("version: 1\nvariants: [{name: x\n", (2, 12), "not finished"),
        ('version: 1\nname: "\\q"\n', (2, 9), "not valid YAML"),
        ('version: 1\nname: "\\U99999999"\n', (2, 1), "not valid YAML"),
        ("version: 1\nname: a\x07b\n", (2, 8), "U+0007"),
        ("version: 1\r\nname: a\x85\x07b\r\n", (2, 9), "U+0007"),
        ("version: 1\nname: \U00100000\n", (2, 7), "U+100000"),
        ("version: 1\nname: \ud800\n", (2, 7), "U+D800"),
        (with_variant("key: {name}/{ext}"), (5, 16), "braces must be in quotes"),
        (with_variant("key: x/{name}.{ext}", "output: {"), (6, 13), "not finished"),
        ("version: " + "[" * 5000, (1, 26), "nested too deep"),
        ("a:\n" + "#" * MAX_BYTES, (1, 1), "at most 65,536 bytes"),
        ("%YAML 2.0\n---\nversion: 1\n", (1, 1), "not valid YAML"),
    ],
)
def test_what_is_no_recipe_at_all_gets_one_clear_error(
    text: str, place: tuple[int, int], message: str
) -> None:
    problem = problem_of(text)
    assert message in problem.message
    assert (problem.line, problem.column) == place


def test_a_key_that_is_here_twice_is_refused_where_it_stands_again() -> None:
    problem = problem_of(with_variant("output: {quality: 5}", "output: {quality: 6}"))
    assert str(problem) == (
        "r.yaml:6:5: variants[0].output: 'output' is here twice, first in line 5"
    )


def test_anchors_aliases_and_tags_are_refused_each_at_its_place() -> None:
    text = with_variant(
        "output: &o {quality: 5}",
        "operations: *o",
        "key: !!str x/{name}",
    )
    assert [(each.line, each.column, each.path) for each in problems_of(text)] == [
        (5, 13, "variants[0].output"),
        (6, 17, "variants[0].operations"),
        (7, 10, "variants[0].key"),
    ]


def test_a_bomb_of_aliases_is_refused_without_being_unfolded() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 8)}]" for n in range(1, 30)]
    problems = problems_of("\n".join(lines))
    assert any("anchors and aliases are not allowed" in each.message for each in problems)


def test_the_name_of_a_field_must_be_text() -> None:
    problems = problems_of(with_variant(top="? [a, b]\n: c\n"))
    assert [(each.line, each.message) for each in problems] == [
        (5, "the name of a field must be text")
    ]


def test_a_word_that_yaml_1_1_took_for_true_is_a_plain_word() -> None:
    problem = problem_of(with_variant(top="on: [done]\n"))
    assert problem.path == "on"
    assert "is not a field" in problem.message


def test_a_byte_order_mark_and_windows_line_ends_are_no_problem() -> None:
    text = "\ufeff" + with_variant("output: {quality: 5}").replace("\n", "\r\n")
    assert loads(text, {}).variants[0].output.quality == 5
    problem = problem_of(text.replace("5", "500"))
    assert (problem.line, problem.column) == (5, 23)

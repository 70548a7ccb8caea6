"""From text to recipe: values, variables, and every problem at once."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.recipe.samples import SAMPLE, problem_of, problems_of, with_variant
from tintype.errors import RecipeInvalidError
from tintype.imaging.messages import Output
from tintype.imaging.operations.blur import Blur
from tintype.imaging.operations.grayscale import Grayscale
from tintype.imaging.operations.resize import Resize
from tintype.recipe.keys import DEFAULT_KEY
from tintype.recipe.loader import load, loads
from tintype.recipe.problems import RecipeProblemsError
from tintype.recipe.schema import Delivery, Originals, Recipe, Retry, Variant

ROOT = Path(__file__).parents[2]


def test_the_sample_of_the_grammar_has_its_values() -> None:
    recipe = loads(SAMPLE, {})
    resize = Resize(width=800, height=600, fit="cover", gravity="center", enlarge=True)
    assert recipe == Recipe(
        version=1,
        name="marketplace",
        originals=Originals(max_bytes=50_000_000, max_pixels=100_000_000),
        variants=(
            Variant(
                name="800x600",
                operations=(resize,),
                output=Output(format="same", quality=80, progressive=True),
                key="800x600/{filename}",
            ),
        ),
        delivery=Delivery(access="public"),
        retry=Retry(max_attempts=5, interval=3.0, backoff_rate=1.5),
    )


def test_everything_but_version_name_and_variants_has_a_default() -> None:
    recipe = loads("{version: 1, name: a, variants: [{name: v}]}", {})
    assert recipe.originals == Originals()
    assert recipe.delivery.access == "signed"
    assert recipe.retry == Retry(max_attempts=5, interval=3.0, backoff_rate=1.5)
    assert recipe.variants == (Variant(name="v", operations=(), output=Output(), key=DEFAULT_KEY),)


def test_operations_keep_their_order() -> None:
    recipe = loads(with_variant("operations: [{blur: {sigma: 2}}, grayscale, {blur: }]"), {})
    assert recipe.variants[0].operations == (Blur(sigma=2.0), Grayscale(), Blur())


# --- variables ---


def width_of(scalar: str, environ: dict[str, str]) -> object:
    (resize,) = (
        loads(with_variant(f"operations: [{{resize: {{width: {scalar}}}}}]"), environ)
        .variants[0]
        .operations
    )
    assert isinstance(resize, Resize)
    return resize.width


@pytest.mark.parametrize(
    ("scalar", "environ", "width"),
    [
        ("${IMAGE_WIDTH:-800}", {}, 800),
        ("${IMAGE_WIDTH:-800}", {"IMAGE_WIDTH": "640"}, 640),
        ("${IMAGE_WIDTH}", {"IMAGE_WIDTH": "640"}, 640),
        ("${A}${B:-00}", {"A": "6"}, 600),
    ],
)
def test_a_scalar_is_typed_after_its_variables_are_put_in(
    scalar: str, environ: dict[str, str], width: int
) -> None:
    assert width_of(scalar, environ) == width


def test_a_quoted_scalar_stays_text() -> None:
    problem = problem_of(with_variant('operations: [{resize: {width: "${IMAGE_WIDTH:-800}"}}]'))
    assert problem.path == "variants[0].operations[0].resize.width"
    assert problem.message == "must be a whole number from 1 to 16383, not '800'"


def test_a_default_may_hold_what_yaml_reserves() -> None:
    recipe = loads(with_variant("output: {format: webp}", "key: ${KEY:-a, b [c]/x #1}"), {})
    assert recipe.variants[0].key == "a, b [c]/x #1"


def test_a_quoted_default_may_hold_escapes() -> None:
    recipe = loads(with_variant('key: "${KEY:-a\\x62c}/{name}"'), {})
    assert recipe.variants[0].key == "abc/{name}"


def test_a_value_of_the_environment_is_never_structure() -> None:
    text = with_variant("output: {format: ${FORMAT}}")
    problem = problem_of(text, {"FORMAT": "webp, quality: 1"})
    assert problem.path == "variants[0].output.format"
    assert "not 'webp, quality: 1'" in problem.message


def test_every_unset_variable_is_a_problem_of_its_own_place() -> None:
    text = with_variant(
        "operations:", "  - resize:", "      width: ${W}", "output: {quality: ${Q}}"
    )
    found = [(each.line, each.column, each.message[:38]) for each in problems_of(text)]
    assert found == [
        (7, 18, "the environment variable W is not set;"),
        (8, 23, "the environment variable Q is not set;"),
    ]


# --- problems ---


def test_every_problem_is_told_at_once_with_its_place() -> None:
    text = """\
version: 2
name: Two Words
nmae: x
originals: {prefix: up, accept: [jpg], max_bytes: 50 megs}
variants:
  - name: a
    operations:
      - resize: {width: 0, fit: covr, heigth: 3}
      - resiz: {width: 4}
    output: {format: jpg, quality: 101}
    key: x/{nam}
  - name: a
  - output: 5
delivery: {access: publik}
retry: {interval: 3}
"""
    assert [f"{each.line}:{each.column} {each.path}" for each in problems_of(text)] == [
        "1:10 version",
        "2:7 name",
        "3:1 nmae",
        "4:21 originals.prefix",
        "4:34 originals.accept[0]",
        "4:51 originals.max_bytes",
        "8:25 variants[0].operations[0].resize.width",
        "8:33 variants[0].operations[0].resize.fit",
        "8:39 variants[0].operations[0].resize.heigth",
        "9:9 variants[0].operations[1]",
        "10:22 variants[0].output.format",
        "10:36 variants[0].output.quality",
        "11:10 variants[0].key",
        "12:11 variants[1].name",
        "13:5 variants[2].name",
        "13:13 variants[2].output",
        "14:20 delivery.access",
        "15:19 retry.interval",
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("outptu: {}", "is not a field; did you mean 'output'?; there are: key, name, operations"),
        ("output: {format: jpg}", "same, auto, not 'jpg'; did you mean 'jpeg'?"),
        ("output: {quality: 0}", "must be auto or a whole number from 1 to 100, not 0"),
        ("output: {quality: high}", "must be auto or a whole number from 1 to 100, not 'high'"),
        ("output: {quality: 80.5}", "must be auto or a whole number from 1 to 100, not 80.5"),
        ("output: {quality: }", "must be auto or a whole number from 1 to 100, not nothing"),
        ("output: {quality: [1]}", "must be auto or a whole number from 1 to 100, not a list"),
        ("output: {progressive: yes}", "must be true or false, not 'yes'"),
        ("output: {progressive: 1}", "must be true or false, not 1"),
        ("output: jpeg", "must be a mapping of format, formats, quality"),
        ("operations: {resize: {width: 1}}", "must be a list, not a mapping"),
        ("operations: [{resize: {fit: covr, width: 1}}]", "did you mean 'cover'?"),
        ("operations: [{resize: {height: 9, fit: fill}}]", "needs both a width and a height"),
        ("operations: [{blur: {sigma: 1000}}]", "must be a number from 0.3 to 100, not 1000"),
        ("operations: [{grayscale: {x: 1}}]", "is not a field: there are none here"),
        ("operations: [{rotate: {angle: 9, background: red}}]", 'a color such as "#3060a0" or "#'),
        ('operations: [{tint: {color: "#fff"}}]', "such as \"#3060a0\", not '#fff'"),
        ("operations: [{trim: {background: red}}]", '"#3060a080" with an opacity, not'),
        ("operations: [{pad: {all: 1, background: clear}}]", "must be blur or a color such as"),
        ("operations: [{crop: {width: 101%}}]", "65535 or a percentage such as 12.5%, to 100%,"),
        ("operations: [{crop: {x: -1, y: 0, width: 5}}]", "or a percentage such as 12.5%, to"),
        ("operations: [{round_corners: {radius: 200%}}]", "or max or a percentage such as"),
        ("operations: [rotate]", "is missing; it must be a number from -360 to 360"),
        ("operations: [{rotate: }]", "is missing; it must be a number from -360 to 360"),
        ("operations: [{extend: {all: 1}}]", "(did you mean 'pad'?)"),
        ("operations: [{watermark: {text: a, offset: 1}}]", "did you mean 'x' and 'y'?"),
        ("operations: [resize]", "give a width, a height, or both"),
        ("operations: [{rezise: {}}]", "did you mean 'resize'"),
        (
            "operations: [{resize: {gravity: {x: 2, y: 0}, width: 1}}]",
            "a number from 0 to 1, not 2",
        ),
        ("operations: [{resize: {gravity: {x: 1}, width: 1}}]", "is missing; it must be a number"),
        ("key: 5", 'must be text, not 5; in quotes it is text: "5"'),
        ('key: "{nam}"', "there is no '{nam}'; did you mean 'name'?"),
        ("key: originals/{ name }", "there is no '{ name }'"),
    ],
)
def test_a_problem_says_what_is_allowed(line: str, message: str) -> None:
    assert message in problem_of(with_variant(line)).message


@pytest.mark.parametrize(
    "name", ["", "A", "-a", ".a", "a b", "a/b", "é", "a" * 65, "a\\n", "${X:-A}"]
)
def test_names_must_be_safe_in_addresses_and_paths(name: str) -> None:
    problem = problem_of(f'{{version: 1, name: r, variants: [{{name: "{name}"}}]}}')
    assert problem.message.startswith("must be 1 to 64 of the characters a-z, 0-9, dot")


@pytest.mark.parametrize("prefix", ["", "originals", "/o/", "a//", "../o/", "o\\\\/"])
def test_the_prefix_must_be_a_folder_of_the_store(prefix: str) -> None:
    problem = problem_of(with_variant(top=f'originals: {{prefix: "{prefix}"}}\n'))
    assert problem.path == "originals.prefix"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("accept: [png, png]", "must list at least one format, and each only once"),
        ("accept: []", "must list at least one format, and each only once"),
        ("accept: png", "must be a list, not 'png'"),
        ("max_bytes: 0", "must be from 1 to 1,000,000,000,000,000; found 0"),
        ("max_bytes: 999999999999GB", "must be from 1 to 1,000,000,000,000,000; found"),
        ("max_pixels: 100 megapixels", "a whole number, or with MP for millions; found '100 "),
        ("max_frames: 0", "must be a whole number from 1 to 1000000, not 0"),
    ],
)
def test_limits_of_originals_are_sensible(line: str, message: str) -> None:
    assert message in problem_of(with_variant(top=f"originals: {{{line}}}\n")).message


@pytest.mark.parametrize("version", ["2", "1.5", "true", "'1'", "[1]"])
def test_only_version_1_is_known(version: str) -> None:
    problem = problem_of(f"version: {version}\nname: a\nvariants: [{{name: v}}]\n")
    assert (problem.path, problem.line) == ("version", 1)
    assert problem.message.startswith("must be 1")


@pytest.mark.parametrize("variants", ["variants: []", "variants:", "variants: {}"])
def test_there_must_be_a_variant(variants: str) -> None:
    assert problem_of(f"version: 1\nname: a\n{variants}\n").path == "variants"


def test_what_is_missing_is_told_where_it_belongs() -> None:
    problems = problems_of("\n\n# a comment\nvariants:\n  -\n    output: {}\n")
    assert [(each.line, each.path) for each in problems] == [
        (4, "version"),
        (4, "name"),
        (6, "variants[0].name"),
    ]


NOT_YET = [
    ("analyze", "analyze: [faces]"),
    ("notify", "notify: [{on: [done], email: ops@example.com}]"),
    ("retention", "retention: {originals: {expire_after: 30d}}"),
    ("oversize", "oversize: {max_bytes: 15MB, action: shrink}"),
]


@pytest.mark.parametrize(("path", "line"), NOT_YET)
def test_a_field_of_a_later_release_is_refused_by_name(path: str, line: str) -> None:
    problem = problem_of(with_variant(top=f"{line}\n"))
    assert (problem.path, problem.message) == (path, "is not available yet")


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("optimize", "optimize: later"),
        ("groups", "groups: [a]"),
        ("operations[0].resize.gravity", "operations: [{resize: {width: 1, gravity: faces}}]"),
        ("operations[0].crop.gravity", "operations: [{crop: {width: 1, gravity: faces}}]"),
        ("operations[0].redact", "operations: [{redact: {style: blur}}]"),
        ("operations[0].redact", "operations: [{redact: }]"),
        ("operations[0]", "operations: [redact]"),
    ],
)
def test_a_part_of_a_variant_of_a_later_release_is_refused_by_name(path: str, line: str) -> None:
    problem = problem_of(with_variant(line))
    assert problem.path == f"variants[0].{path}"
    assert "not available yet" in problem.message


@pytest.mark.parametrize(
    ("path", "line", "expected"),
    [
        ("output.format", "output: {format: auto}", "needs quality: auto"),
        ("output.format", "output: {format: auto, quality: 80}", "needs quality: auto"),
        ("output.quality", "output: {format: png, quality: auto}", "have no quality"),
        ("output.quality", "output: {formats: [gif, png], quality: auto}", "have no quality"),
        ("output.quality", "output: {quality: best}", "auto or a whole number from 1 to 100"),
        ("output.formats[0]", "output: {formats: [auto, webp]}", "must be one of jpeg, png"),
        ("output.max_bytes", "output: {max_bytes: 0}", "must be from 1 to"),
        ("output.max_bytes", "output: {max_bytes: 5 miles}", "must be a size"),
    ],
)
def test_formats_and_qualities_that_make_no_sense_are_refused(
    path: str, line: str, expected: str
) -> None:
    problem = problem_of(with_variant(line))
    assert problem.path == f"variants[0].{path}"
    assert expected in problem.message


def test_a_format_that_depends_on_the_picture_needs_its_extension_in_the_key() -> None:
    output = "output: {format: auto, quality: auto}"
    problem = problem_of(with_variant(f'{output}\n    key: "a/{{name}}.jpg"'))
    assert problem.path == "variants[0].key"
    assert "must have {ext} in it" in problem.message
    assert loads(with_variant(output), {}).variants[0].output.quality == "auto"


def test_a_limit_of_a_file_is_a_size_with_its_unit() -> None:
    for line in ("quality: auto, max_bytes: 100kB", "formats: [png, webp], max_bytes: 100 kB"):
        recipe = loads(with_variant(f"output: {{{line}}}"), {})
        assert recipe.variants[0].output.max_bytes == 100_000
        assert Recipe.from_json(recipe.to_json()) == recipe


def test_what_every_variant_does_anyway_may_be_written_out() -> None:
    text = with_variant("output: {metadata: strip, color: srgb, animation: first}")
    assert loads(text, {}).variants[0].output == Output()


def test_unprintable_characters_are_escaped_in_messages() -> None:
    (problem,) = problems_of(with_variant('"\\e[31mred\\u202e": 1'))
    assert str(problem).isprintable()
    assert "\\x1b[31mred" in problem.path


def test_a_long_value_does_not_make_a_long_message() -> None:
    text = with_variant(f"output: {{format: {'x' * 10_000}}}", f"{'y' * 10_000}: 1")
    assert all(len(str(each)) < 1200 for each in problems_of(text))


# --- checks across fields ---


def variants(*lines: str, top: str = "") -> str:
    return (
        "version: 1\nname: a\n" + top + "variants:\n" + "".join(f"  - {each}\n" for each in lines)
    )


def test_names_are_unique_and_the_second_is_refused_where_it_stands() -> None:
    problem = problem_of(variants("{name: a}", "{name: b}", "{name: a, key: 'x/{name}'}"))
    assert (problem.line, problem.path) == (6, "variants[2].name")
    assert problem.message == "'a' is the name of variants[0] already"


@pytest.mark.parametrize(
    "key", ["originals/{name}", "originals/small/{filename}", "{key}", "{key}.jpg", "originals/x"]
)
def test_a_variant_must_not_become_an_original(key: str) -> None:
    problem = problem_of(variants(f"{{name: a, key: '{key}'}}"))
    assert problem.path == "variants[0].key"
    assert "inside the originals' prefix originals/" in problem.message


def test_the_variant_s_name_counts_where_the_key_begins_with_it() -> None:
    text = variants("{name: raw}", top="originals: {prefix: raw/}\n")
    problem = problem_of(text)
    assert (problem.line, problem.path) == (5, "variants[0].key")
    assert "inside the originals' prefix raw/" in problem.message


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("x/{name}", "x/{name}"),
        ("x/{name}.{ext}", "x/{dir}/{stem}.{ext}"),
        ("x/{name}.{ext}", "x/{name}.png"),
        ("x/{filename}", "{dir}/{filename}"),
        ("a/{name}.{ext}", "{variant}/{name}.{ext}"),
    ],
)
def test_two_variants_must_not_share_a_key(one: str, two: str) -> None:
    text = variants(f"{{name: b, key: '{one}'}}", f"{{name: a, key: '{two}'}}")
    problem = problem_of(text)
    assert (problem.line, problem.path) == (5, "variants[1].key")
    assert problem.message.startswith("gives the same key as variants[0]: both would write ")


def test_folders_by_date_may_make_two_keys_the_same() -> None:
    """Which no other original does that begins with something else."""
    keys = (
        "{name: a, key: '{yyyy}/{mm}/{dd}/{id}/{filename}'}",
        "{name: b, key: '{dir}/{filename}'}",
    )
    assert problems_of(variants(*keys)) == ()
    problem = problem_of(variants(*keys, top="originals: {partition: date}\n"))
    assert problem.message == (
        "gives the same key as variants[0]: both would write 2026/01/01/img_1/photo.jpeg"
    )


@pytest.mark.parametrize("value", ["day", "true", "''", "[date]"])
def test_another_partition_is_refused_with_what_there_is(value: str) -> None:
    problem = problem_of(with_variant(top=f"originals: {{partition: {value}}}\n"))
    assert problem.path == "originals.partition"
    assert "none" in problem.message
    assert "date" in problem.message


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("{variant}/{name}.{ext}", "{variant}/{name}.{ext}"),
        ("{name}-small.{ext}", "{name}-large.{ext}"),
        ("{id}/{variant}.{ext}", "{id}/{variant}.{ext}"),
        ("{name}.{ext}", "{name}-small.{ext}"),
    ],
)
def test_variants_that_differ_in_their_keys_are_fine(one: str, two: str) -> None:
    text = variants(f"{{name: b, key: '{one}'}}", f"{{name: a, key: '{two}'}}")
    assert problems_of(text) == ()


def test_formats_keep_keys_apart() -> None:
    text = variants(
        "{name: a, key: 'x/{name}.{ext}', output: {format: webp}}",
        "{name: b, key: 'x/{name}.{ext}', output: {format: avif}}",
    )
    assert problems_of(text) == ()


def test_fields_are_compared_even_where_others_are_wrong() -> None:
    text = variants(
        "{name: a, output: {quality: 0}}", "{name: a, operations: [{nope: {}}]}", "{name: 5}"
    )
    assert [each.path for each in problems_of(text)] == [
        "variants[0].output.quality",
        "variants[1].name",
        "variants[1].operations[0]",
        "variants[2].name",
    ]


# --- files ---


def test_a_file_is_named_in_its_problems(tmp_path: Path) -> None:
    file = tmp_path / "recipe.yaml"
    file.write_text("version: 1\nnme: x\n")
    with pytest.raises(RecipeInvalidError) as caught:
        load(file, {})
    assert caught.value.code == "recipe_invalid"
    assert caught.value.detail.splitlines()[-1].startswith(f"{file}:2:1: nme: is not a field")


@pytest.mark.parametrize(
    ("content", "line", "column"),
    [(b"version: 1\nname: caf\xe9\n", 2, 10), ("version: 1\n".encode("utf-16"), 1, 1)],
)
def test_a_file_that_is_not_utf_8_is_refused_where_it_stops_being_so(
    content: bytes, line: int, column: int, tmp_path: Path
) -> None:
    file = tmp_path / "recipe.yaml"
    file.write_bytes(content)
    with pytest.raises(RecipeProblemsError) as caught:
        load(file, {})
    (problem,) = caught.value.problems
    assert (problem.line, problem.column) == (line, column)
    assert problem.message == "is not UTF-8 text from here on"


def test_a_file_that_cannot_be_read_is_a_problem_too(tmp_path: Path) -> None:
    for path in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(RecipeProblemsError, match="cannot be read"):
            load(path, {})


def test_a_huge_file_is_not_read_to_its_end() -> None:
    with pytest.raises(RecipeProblemsError):
        load(Path("/dev/zero"), {})


def test_reading_a_recipe_loads_no_image_codec_and_no_service() -> None:
    code = (
        "import sys; from tintype.recipe.loader import loads; import tintype.recipe.collisions;"
        "print(*(name for name in ('pyvips', 'pi_heif', 'dbos', 'sqlalchemy', 'fastapi')"
        " if name in sys.modules))"
    )
    command = [sys.executable, "-c", code]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "\n"


# --- anything at all ---


def survives(text: str, environ: dict[str, str]) -> None:
    for problem in problems_of(text, environ):
        assert problem.line >= 1
        assert problem.column >= 1
        assert str(problem).isprintable()


values = st.one_of(
    st.text(max_size=20), st.sampled_from(["800", "true", "webp", "{name}", "\ud800"])
)
environs = st.dictionaries(st.sampled_from("ABC"), values, max_size=3)
INDICATORS = ["- ", ": ", "\n", "  ", "{", "}", "[", "]", ",", "&a ", "*a", "!t ", "|", ">", "'"]
SPECIAL = ['"', "#", "\\", "\t", "---", "...", "%", "?", "${A}", "${B:-x}", "${", "~", "<<"]
WORDS = ["version", "name", "variants", "operations", "resize", "output", "key", "{name}", "1"]
fragments = st.sampled_from([*INDICATORS, *SPECIAL, *WORDS, "\U0010ffff", "\u2028"])


@given(st.one_of(st.text(), st.lists(fragments).map("".join)), environs)
@settings(max_examples=400)
def test_no_text_raises_anything_but_its_problems(text: str, environ: dict[str, str]) -> None:
    survives(text, environ)


@given(
    st.lists(st.tuples(st.integers(0, len(SAMPLE)), st.integers(0, 12), fragments), max_size=4),
    environs,
)
@settings(max_examples=300, deadline=None)
def test_no_changed_recipe_raises_anything_but_its_problems(
    changes: list[tuple[int, int, str]], environ: dict[str, str]
) -> None:
    text = SAMPLE
    for start, length, fragment in changes:
        text = text[:start] + fragment + text[start + length :]
    survives(text, environ)


trees = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from([*WORDS, "x", "y"]),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)


@given(trees, st.sampled_from(["name", "originals", "variants", "delivery", "retry"]))
@settings(max_examples=100, deadline=None)
def test_no_value_in_any_field_raises_anything_but_its_problems(tree: object, field: str) -> None:
    content = {"version": 1, "name": "a", "variants": [{"name": "v"}], field: tree}
    survives(json.dumps(content), {})
    content = {"version": 1, "name": "a", "variants": [{"name": "v", "operations": tree}, tree]}
    survives(json.dumps(content), {})

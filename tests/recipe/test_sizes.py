"""What no original could become is refused with the recipe, and nothing else is."""

import pytest
import pyvips
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from tests.recipe.samples import problem_of, problems_of, with_variant
from tintype.errors import TooManyPixelsError
from tintype.imaging.encode import encode
from tintype.imaging.geometry import Size
from tintype.imaging.messages import LEAST_BYTES, LONGEST_SIDE, Output, OutputFormat
from tintype.imaging.operations import AnyOperation, Operation, Shaping

TALL = "pad: {top: 8191, bottom: 8191}"


def variant(operations: str, output: str, top: str = "") -> str:
    return with_variant(f"operations: [{operations}]", f"output: {output}", top=top)


@pytest.mark.parametrize(
    ("operations", "output", "path", "told"),
    [
        (
            "{resize: {width: 16383, height: 16383, fit: fill, enlarge: true}},"
            " {rotate: {angle: 45}}",
            "{format: webp}",
            "[0].resize",
            "16383 x 16383 of any original, be it only 1 x 1: 268,402,689 pixels",
        ),
        (
            "{resize: {width: 16383, height: 100, fit: fill, enlarge: true}},"
            " blur, {pad: {left: 2}}",
            "{format: avif}",
            "[2].pad",
            "16385 x 100 of any original, be it only 1 x 1, too large for AVIF",
        ),
        ("{pad: {all: 8191}}", "{format: webp}", "[0].pad", "268,402,689 pixels, more than 100,"),
        ("{pad: {all: 8000}}", "{format: jpeg}", "[0].pad", "16001 x 16001"),
        (f"grayscale, {{{TALL}}}, {{pad: {{top: 1}}}}", "{format: webp}", "[2].pad", "1 x 16384"),
        (f"{{{TALL}}}, {{pad: {{top: 9}}}}", "{format: same}", "[1].pad", "the format `same`"),
        (f"{{{TALL}}}, {{pad: {{top: 9}}}}", "{formats: [jpeg, avif]}", "[1].pad", "for AVIF"),
        (
            "{resize: {width: 16000, height: 16000, fit: contain}}, {crop: {width: 9, height: 9}}",
            "{format: png}",
            "[0].resize",
            "256,000,000 pixels",
        ),
    ],
)
def test_what_is_too_large_of_every_original_is_refused(
    operations: str, output: str, path: str, told: str
) -> None:
    problem = problem_of(variant(operations, output))
    assert problem.path == f"variants[0].operations{path}"
    assert problem.line == 5
    assert told in problem.message


@pytest.mark.parametrize(
    ("operations", "output"),
    [
        (f"{{{TALL}}}", "{format: webp}"),
        (f"{{{TALL}}}, {{rotate: {{angle: 270}}}}", "{format: webp}"),
        (f"{{{TALL}}}, {{pad: {{top: 9}}}}", "{format: jpeg}"),
        (f"{{{TALL}}}, {{pad: {{top: 9}}}}", "{format: auto, quality: auto}"),
        (f"{{{TALL}}}, {{pad: {{top: 9}}}}, trim", "{format: webp}"),
        (f"{{{TALL}}}, {{pad: {{top: 9}}}}, {{crop: {{height: 50%}}}}", "{format: webp}"),
        ("{resize: {width: 16383, height: 16383}}", "{format: webp}"),
        ("{resize: {width: 16383, enlarge: true}}", "{format: webp}"),
        ("{resize: {width: 16383, height: 16383, fit: inside, enlarge: true}}", "{format: webp}"),
    ],
)
def test_what_some_original_may_become_is_accepted(operations: str, output: str) -> None:
    assert problems_of(variant(operations, output)) == ()


def test_what_originals_have_at_least_counts() -> None:
    line = "{pad: {left: 8000, right: 8000}}"
    assert problems_of(variant(line, "{format: webp}")) == ()
    text = variant(line, "{format: webp}", top="originals: {min_width: 384}\n")
    assert "16384 x 1 of any original, be it only 384 x 1" in problem_of(text).message


def test_recipes_that_allow_more_pixels_may_make_more() -> None:
    text = variant("{pad: {all: 5500}}", "{format: jpeg}")
    assert "121,022,001 pixels, more than 100,000,000" in problem_of(text).message
    allowing = variant(
        "{pad: {all: 5500}}", "{format: jpeg}", top="originals: {max_pixels: 150MP}\n"
    )
    assert problems_of(allowing) == ()


def test_a_variant_has_a_sensible_number_of_operations() -> None:
    assert problems_of(variant(", ".join(["blur"] * 32), "{}")) == ()
    problem = problem_of(variant(", ".join(["blur"] * 33), "{}"))
    assert (problem.path, problem.line) == ("variants[0].operations", 5)
    assert problem.message == "must list at most 32 operations, not 33"


@pytest.mark.parametrize(
    ("output", "told"),
    [
        ("{max_bytes: 1}", "at least 200 for JPEG, of which no file is smaller; the format `same`"),
        ("{format: avif, max_bytes: 199B}", "must be at least 200 for AVIF"),
        ("{formats: [webp, png], max_bytes: 59}", "must be at least 60 for PNG"),
        ("{format: auto, quality: auto, max_bytes: 29}", "must be at least 30 for WEBP"),
    ],
)
def test_a_file_that_cannot_be_so_small_is_refused(output: str, told: str) -> None:
    problem = problem_of(variant("", output))
    assert problem.path == "variants[0].output.max_bytes"
    assert told in problem.message


@pytest.mark.parametrize(
    "output", ["{format: webp, max_bytes: 30}", "{format: auto, quality: auto, max_bytes: 30}"]
)
def test_a_small_file_may_be_asked_for(output: str) -> None:
    assert problems_of(variant("", output)) == ()


def black(width: int, height: int = 1) -> pyvips.Image:
    return pyvips.Image.black(width, height).copy(interpretation="b-w")


@pytest.mark.parametrize("form", LEAST_BYTES)
def test_no_file_is_smaller_than_the_least(form: OutputFormat) -> None:
    least = LEAST_BYTES[form]
    assert least <= len(encode(black(1), Output(quality=1), form)) < 2.5 * least


@pytest.mark.parametrize("form", [each for each in LONGEST_SIDE if each != "png"])
def test_a_side_may_be_as_long_as_the_format_holds(form: OutputFormat) -> None:
    longest = LONGEST_SIDE[form]
    assert encode(black(longest), Output(), form)
    with pytest.raises(TooManyPixelsError):
        encode(black(longest + 1), Output(), form)


SIDES = st.integers(1, 40)
BOX = st.fixed_dictionaries({"width": SIDES, "height": SIDES})
LENGTH = SIDES | st.integers(1, 100).map("{}%".format)
OPERATIONS = st.one_of(
    st.builds(
        lambda box, fit, enlarge: {"resize": {**box, "fit": fit, "enlarge": enlarge}},
        BOX,
        st.sampled_from(["cover", "contain", "fill", "inside", "outside"]),
        st.booleans(),
    ),
    st.builds(
        lambda side, length, enlarge: {"resize": {side: length, "enlarge": enlarge}},
        st.sampled_from(["width", "height"]),
        SIDES,
        st.booleans(),
    ),
    st.builds(lambda width, height: {"crop": {"width": width, "height": height}}, LENGTH, LENGTH),
    st.builds(lambda width: {"crop": {"width": width, "aspect": 1.5}}, LENGTH),
    st.builds(lambda aspect: {"crop": {"aspect": aspect}}, st.sampled_from([0.3, 1.0, 2.5])),
    st.builds(lambda angle: {"rotate": {"angle": angle}}, st.integers(-360, 360)),
    st.builds(lambda box: {"pad": box}, BOX),
    st.builds(lambda room: {"pad": {"all": room, "top": 0}}, st.integers(0, 9)),
    st.sampled_from(["trim", "flip"]),
)
READ: TypeAdapter[Operation] = TypeAdapter(AnyOperation)


@given(OPERATIONS, SIDES, SIDES, st.integers(0, 30), st.integers(0, 30))
def test_no_picture_becomes_smaller_than_it_is_said_to(
    written: object, width: int, height: int, wider: int, higher: int
) -> None:
    operation = READ.validate_python(written)
    assert isinstance(operation, Shaping)
    least = operation.least(Size(width, height))
    picture = pyvips.Image.black(width + wider, height + higher, bands=3)
    made = operation.apply(picture.copy(interpretation="srgb"))
    assert least.width <= made.width
    assert least.height <= made.height

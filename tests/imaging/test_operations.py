"""Operations are read, written and described in their one-key form, and checked at the edge."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from tests.imaging.cases import CASES, steps
from tests.imaging.pictures import psnr, scene, size_of
from tintype.imaging import operations
from tintype.imaging.geometry import Size
from tintype.imaging.operations import OPERATIONS, AnyOperation, Operation, in_phases
from tintype.imaging.operations.blur import Blur
from tintype.imaging.operations.crop import Crop
from tintype.imaging.operations.flip import Flip
from tintype.imaging.operations.grayscale import Grayscale
from tintype.imaging.operations.resize import Resize
from tintype.imaging.operations.rotate import Rotate
from tintype.imaging.operations.sharpen import Sharpen

adapter: TypeAdapter[tuple[Operation, ...]] = TypeAdapter(tuple[AnyOperation, ...])

EVERY: tuple[Operation, ...] = tuple(each for name in CASES for each in steps(name))


def problem(written: Any) -> tuple[tuple[int | str, ...], str]:
    """Where the one problem of an operation is, and what is said of it."""
    with pytest.raises(ValidationError) as caught:
        adapter.validate_python([written])
    (error,) = caught.value.errors()
    return error["loc"][1:], error["msg"]


def test_every_file_of_an_operation_is_listed() -> None:
    folder = Path(operations.__file__).parent
    files = {path.stem for path in folder.glob("*.py")} - {"__init__", "base", "form"}
    assert files == {each.name for each in OPERATIONS}


def test_every_operation_survives_being_written_and_read() -> None:
    assert {type(operation) for operation in EVERY} == set(OPERATIONS)
    assert adapter.validate_json(adapter.dump_json(EVERY)) == EVERY
    assert adapter.validate_python(adapter.dump_python(EVERY)) == EVERY
    assert adapter.validate_python(EVERY) == EVERY


def test_an_operation_is_a_mapping_with_its_name_as_the_only_key() -> None:
    (operation,) = adapter.validate_python([{"resize": {"width": 800, "height": 600}}])
    assert operation == Resize(width=800, height=600)
    assert adapter.dump_python((Flip(),)) == ({"flip": {"direction": "horizontal"}},)


@pytest.mark.parametrize("written", ["grayscale", {"grayscale": None}, {"grayscale": {}}])
def test_an_operation_that_needs_no_parameter_may_be_its_bare_name(written: Any) -> None:
    assert adapter.validate_python([written]) == (Grayscale(),)


@pytest.mark.parametrize("written", [{}, 3, None, ["blur"], {"blur": {}, "flip": {}}])
def test_anything_but_one_name_is_refused_with_an_example(written: Any) -> None:
    location, message = problem(written)
    assert location == ()
    assert "{resize: {width: 800, height: 600}}" in message


def test_an_unknown_operation_is_refused_with_the_known_ones_and_a_guess() -> None:
    _, message = problem({"grayscal": {}})
    assert message.startswith("there is no operation 'grayscal' (did you mean 'grayscale'?)")
    assert all(operation.name in message for operation in OPERATIONS)
    assert "did you mean" not in problem({"xyz": {}})[1]


def test_a_wrong_parameter_is_located_below_the_operation_that_has_it() -> None:
    assert problem({"resize": {"width": 0}})[0] == ("resize", "width")
    assert problem({"resize": {"widht": 3}})[0] == ("resize", "widht")
    assert problem({"crop": {"width": 0}})[0][:2] == ("crop", "width")
    assert problem({"rotate": {}})[0] == ("rotate", "angle")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"resize": {}}, "give a width, a height, or both"),
        ("resize", "give a width, a height, or both"),
        ({"resize": {"width": 9, "fit": "fill"}}, "fit 'fill' needs both"),
        ({"resize": {"height": 9, "fit": "contain"}}, "fit 'contain' needs both"),
        ({"resize": {"width": 9, "fit": "inside", "gravity": "faces"}}, "needs fit 'cover'"),
        ({"resize": {"width": 9, "fit": "inside", "gravity": "entropy"}}, "needs fit 'cover'"),
        ({"resize": {"width": 16384}}, "less than or equal to 16383"),
        ({"resize": {"width": 9, "background": "red"}}, "pattern"),
        ({"pad": {"width": 9, "gravity": "faces"}}, "'center', 'north'"),
        ({"rotate": {"angle": 361}}, "less than or equal to 360"),
        ({"blur": {"sigma": 0.1}}, "greater than or equal to 0.3"),
        ({"resize": {"width": 9, "gravity": {"x": 2, "y": 0}}}, "less than or equal to 1"),
        ({"sepia": {"amount": 1.1}}, "less than or equal to 1"),
        ({"brightness": {"factor": -1}}, "greater than or equal to 0"),
        ({"contrast": {"factor": 11}}, "less than or equal to 10"),
        ({"saturation": {"factor": "nan"}}, "less than or equal to 10"),
        ({"hue": {"angle": -361}}, "greater than or equal to -360"),
        ({"gamma": {"value": 0}}, "greater than or equal to 0.1"),
        ({"tint": {"color": "#ff000080"}}, "pattern"),
        ({"normalize": {"lower": 60, "upper": 60}}, "'lower' must be less than 'upper'"),
        ({"vignette": {"size": 1}}, "less than or equal to 0.9"),
        ({"pixelate": {"block": 0}}, "greater than or equal to 1"),
        ({"pixelate": {"block": 1001}}, "less than or equal to 1000"),
    ],
)
def test_parameters_out_of_bounds_are_refused_with_the_reason(written: Any, said: str) -> None:
    assert said in problem(written)[1]


def test_the_json_schema_describes_the_one_key_form() -> None:
    schema = adapter.json_schema()
    assert schema == adapter.json_schema(mode="serialization")
    *mappings, bare = schema["items"]["oneOf"]
    assert [mapping["required"] for mapping in mappings] == [[each.name] for each in OPERATIONS]
    assert all(not mapping["additionalProperties"] for mapping in mappings)
    assert bare["enum"] == [each.name for each in OPERATIONS if works_bare(each.name)]
    assert {"grayscale", "trim"} <= set(bare["enum"])
    assert {"resize", "crop", "rotate", "pad", "watermark"}.isdisjoint(bare["enum"])
    resize = mappings[0]["properties"]["resize"]
    assert resize["description"] == "Scale the picture to fit a box."
    assert all(field["description"] for field in resize["properties"].values())


def works_bare(name: str) -> bool:
    try:
        adapter.validate_python([name])
    except ValidationError:
        return False
    return True


def test_operations_run_in_phases_and_inside_a_phase_in_the_order_given() -> None:
    written = (Grayscale(), Flip(), Blur(), Resize(width=9), Sharpen())
    assert in_phases(written) == (Flip(), Resize(width=9), Grayscale(), Blur(), Sharpen())


@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("operation", EVERY, ids=lambda operation: operation.name)
def test_every_operation_takes_and_gives_8_bit_pictures_in_gray_and_color(
    operation: Operation, alpha: bool
) -> None:
    color = scene(alpha=alpha)
    for image in (color, color.colourspace("b-w")):
        made = operation.apply(image)
        assert made.format == "uchar"
        assert made.interpretation in ("srgb", "b-w")
        assert made.bands == (1 if made.interpretation == "b-w" else 3) + made.hasalpha()
        assert made.hasalpha() or not alpha
        assert made.write_to_memory()


@pytest.mark.parametrize("angle", [0, 90, -90, 180, 270, 360, -360])
def test_quarter_turns_move_pixels_and_change_none(angle: float) -> None:
    image = scene()
    there = Rotate(angle=angle).apply(image)
    assert psnr(Rotate(angle=-angle).apply(there), image) == 99.0


def test_a_clear_background_gives_the_picture_transparency() -> None:
    turned = Rotate(angle=45, background="#ff000000").apply(scene())
    assert turned.bands == 4
    assert turned(0, 0)[3] == 0
    assert turned(turned.width // 2, turned.height // 2)[3] == 255


def test_transparent_pixels_lend_no_color_to_their_neighbors() -> None:
    red = scene(8, 8).new_from_image([255, 0, 0, 255]).copy(interpretation="srgb")
    green = red.new_from_image([0, 255, 0, 0]).copy(interpretation="srgb")
    image = red.join(green, "horizontal").cast("uchar")
    for operation in (Resize(width=6), Blur(sigma=1), Rotate(angle=10, background="#ff0000")):
        made = operation.apply(image)
        assert (made[3] > 8).ifthenelse(made[1], 0).max() < 10


def test_a_crop_that_is_larger_than_the_picture_is_the_picture() -> None:
    image = scene(30, 20)
    assert size_of(Crop(width=500, height=10).apply(image)) == Size(30, 10)
    assert psnr(Crop(width=500, height=500).apply(image), image) == 99.0


def test_attention_finds_the_part_that_draws_it() -> None:
    image = scene(200, 40).new_from_image([90, 90, 90]).copy(interpretation="srgb").cast("uchar")
    image = image.draw_circle([250, 160, 120], 170, 20, 12, fill=True)
    for operation in (
        Crop(width=40, height=40, gravity="attention"),
        Resize(width=20, height=20, gravity="attention"),
        Crop(width=40, height=40, gravity="entropy"),
    ):
        assert operation.apply(image).stats()(1, 0)[0] > 200


@given(
    picture=st.builds(Size, st.integers(1, 90), st.integers(1, 90)),
    width=st.integers(1, 120),
    height=st.integers(1, 120),
    how=st.sampled_from(("cover", "contain", "fill", "inside", "outside")),
    enlarge=st.booleans(),
)
def test_the_resized_picture_has_exactly_the_size_that_was_worked_out(
    picture: Size, width: int, height: int, how: Any, enlarge: bool
) -> None:
    resize = Resize(width=width, height=height, fit=how, enlarge=enlarge)
    made = resize.apply(scene(picture.width, picture.height))
    assert size_of(made) == resize.fitted(picture).frame
    assert made.write_to_memory()

"""Trim, pad, crop and resize with aspect, offset, density and a blurred background."""

import io
from typing import Any

import pytest
import pyvips
from PIL import Image, ImageChops

from tests.imaging.pictures import psnr, scene, size_of
from tintype.imaging.boxes import Box
from tintype.imaging.geometry import Size
from tintype.imaging.operations.crop import Crop
from tintype.imaging.operations.flip import Flip
from tintype.imaging.operations.pad import Pad
from tintype.imaging.operations.resize import Resize
from tintype.imaging.operations.rotate import Rotate
from tintype.imaging.operations.trim import Trim
from tintype.imaging.raster import Raster


def plain(width: int, height: int, *levels: int) -> pyvips.Image:
    """A picture of one color, gray for one or two levels."""
    kind = "b-w" if len(levels) < 3 else "srgb"
    image = pyvips.Image.black(width, height).new_from_image(list(levels)).cast("uchar")
    return image.copy(interpretation=kind)


# --- trim ---


def test_trim_finds_what_pillow_finds() -> None:
    image = scene(30, 20).embed(7, 3, 50, 40, extend="background", background=[200, 200, 200])
    pillow = Image.open(io.BytesIO(image.pngsave_buffer()))
    border = Image.new("RGB", pillow.size, (200, 200, 200))
    found = ImageChops.difference(pillow, border).getbbox()
    assert found == (7, 3, 37, 23)
    assert psnr(Trim(threshold=0).apply(image), scene(30, 20)) == 99.0


@pytest.mark.parametrize(("threshold", "width"), [(0, 50), (4, 50), (5, 40), (254, 50)])
def test_what_differs_by_more_than_the_threshold_stays(threshold: int, width: int) -> None:
    """With everything gone at last, the picture stays."""
    image = plain(50, 8, 100, 100, 100).insert(plain(10, 8, 105, 100, 100), 0, 0)
    image = image.insert(plain(40, 8, 100, 250, 100), 10, 0)
    assert Trim(threshold=threshold, background="#646464").apply(image).width == width


@pytest.mark.parametrize("levels", [(7,), (7, 90), (1, 2, 3), (1, 2, 3, 0)])
@pytest.mark.parametrize("side", [1, 9])
def test_a_picture_that_is_all_border_stays(levels: tuple[int, ...], side: int) -> None:
    image = plain(side, side, *levels)
    for trim in (Trim(), Trim(threshold=254, background="#ff0000"), Trim(equal="both")):
        assert size_of(trim.apply(image)) == Size(side, side)


def test_transparent_borders_are_alike_whatever_color_they_hide() -> None:
    image = plain(20, 20, 255, 0, 0, 0).insert(plain(20, 5, 0, 255, 0, 0), 0, 15)
    image = image.insert(plain(4, 6, 0, 0, 0, 255), 8, 3)
    assert size_of(Trim(threshold=0).apply(image)) == Size(4, 6)
    assert size_of(Trim(threshold=0, background="#12345600").apply(image)) == Size(4, 6)


def test_thin_lines_are_no_noise() -> None:
    image = plain(30, 30, 255).insert(plain(1, 10, 0), 12, 10)
    assert size_of(Trim().apply(image)) == Size(1, 10)
    assert Trim().apply(image).bands == 1


def test_equal_borders_keep_what_is_in_the_middle_there() -> None:
    image = plain(40, 30, 255, 255, 255).insert(plain(10, 10, 0, 0, 0), 5, 15)
    sizes = {
        "none": Size(10, 10),
        "horizontal": Size(30, 10),
        "vertical": Size(10, 20),
        "both": Size(30, 20),
    }
    for equal, size in sizes.items():
        trim = Trim(equal=equal)  # type: ignore[arg-type]
        assert size_of(trim.apply(image)) == size


# --- pad ---


@pytest.mark.parametrize(
    ("room", "left", "top", "size"),
    [
        ({"all": 5}, 5, 5, Size(30, 20)),
        ({"all": 5, "left": 0, "bottom": 9}, 0, 5, Size(25, 24)),
        ({"right": 3}, 0, 0, Size(23, 10)),
        ({"width": 41}, 10, 0, Size(41, 10)),
        ({"width": 40, "height": 5, "gravity": "east"}, 20, 0, Size(40, 10)),
        ({"width": 40, "height": 30, "gravity": "southwest"}, 0, 20, Size(40, 30)),
        ({"width": 1, "height": 1, "background": "blur"}, 0, 0, Size(20, 10)),
    ],
)
def test_the_picture_is_unchanged_and_where_it_should_be(
    room: dict[str, Any], left: int, top: int, size: Size
) -> None:
    image = scene(20, 10)
    for background in ({}, {"background": "#102030"}, {"background": "blur"}):
        made = Pad(**{**background, **room}).apply(image)
        assert size_of(made) == size
        assert psnr(made.crop(left, top, 20, 10), image) == 99.0


def test_the_room_has_the_color_of_the_background() -> None:
    made = Pad(top=1, right=2, background="#102030").apply(scene(20, 10))
    assert made.crop(0, 0, 22, 1).stats()(4, 1) == [16]
    assert made.crop(20, 0, 2, 11).bandsplit()[1].min() == 32
    assert made(21, 10) == [16, 32, 48]


def test_gray_stays_gray_where_the_background_is() -> None:
    gray, veiled = plain(8, 8, 90), plain(8, 8, 90, 200)
    for image in (gray, veiled):
        for background in ("#ffffff", "#80808040", "blur"):
            made = Pad(all=3, background=background).apply(image)
            assert made.interpretation == "b-w"
    assert Pad(all=3, background="#808080").apply(gray)(0, 0) == [128]
    assert Pad(all=3, background="#80808040").apply(gray)(0, 0) == [128, 64]
    assert Pad(all=3, background="#808081").apply(gray)(0, 0) == [128, 128, 129]
    assert Rotate(angle=45, background="#808080").apply(gray)(0, 0) == [128]


def test_a_clear_background_is_transparent() -> None:
    made = Pad(all=2, background="#00000000").apply(scene(8, 8))
    assert made.bands == 4
    assert made(0, 0) == [0, 0, 0, 0]
    assert made(3, 3)[3] == 255


@pytest.mark.parametrize(
    "size", [(1, 1), (1, 500), (500, 1), (3, 2), (2000, 9), (160, 120), (1, 3000)]
)
@pytest.mark.parametrize("frame", [(600, 400), (1, 700), (33, 1)])
def test_a_blurred_background_fills_every_frame(
    size: tuple[int, int], frame: tuple[int, int]
) -> None:
    made = Pad(width=frame[0], height=frame[1], background="blur").apply(plain(*size, 40, 90, 200))
    assert size_of(made) == Size(max(size[0], frame[0]), max(size[1], frame[1]))
    assert [band.min() for band in made.bandsplit()] == [40, 90, 200]
    assert [band.max() for band in made.bandsplit()] == [40, 90, 200]


def test_a_blurred_background_has_the_colors_of_its_side_and_no_detail() -> None:
    left, right = plain(100, 100, 250, 10, 10), plain(100, 100, 10, 10, 250)
    waves = pyvips.Image.xyz(200, 100)[0].multiply(2).sin() * 5
    image = (left.join(right, "horizontal") + waves).cast("uchar").copy(interpretation="srgb")
    made = Pad(width=200, height=200, background="blur").apply(image)
    above = made.crop(0, 0, 200, 50)
    assert above(5, 5)[0] > 200
    assert above(195, 5)[2] > 200
    assert above.crop(5, 0, 60, 50)[1].deviate() < 2


def test_color_that_is_hidden_does_not_show_in_the_blur() -> None:
    image = plain(40, 40, 0, 255, 0, 0).insert(plain(20, 40, 255, 0, 0, 255), 0, 0)
    made = Pad(width=40, height=80, background="blur").apply(image)
    assert (made[3] > 8).ifthenelse(made[1], 0).max() < 10
    contained = Resize(width=40, height=80, fit="contain", background="blur").apply(image)
    assert psnr(contained, made) > 60


# --- aspect, density, offset ---


@pytest.mark.parametrize(
    ("resize", "size"),
    [
        (Resize(width=40, aspect=2.0), Size(40, 20)),
        (Resize(height=20, aspect=0.5), Size(10, 20)),
        (Resize(width=20, dpr=2), Size(40, 30)),
        (Resize(width=10, height=10, dpr=1.5), Size(15, 15)),
        (Resize(width=15, aspect=16 / 9, dpr=3, fit="contain"), Size(45, 25)),
        (Resize(width=100, aspect=1.0, dpr=2), Size(60, 60)),
        (Resize(width=100, aspect=1.0, dpr=2, enlarge=True), Size(200, 200)),
    ],
)
def test_aspect_and_density_make_the_box(resize: Resize, size: Size) -> None:
    assert size_of(resize.apply(scene(80, 60))) == size


def test_a_part_begins_where_its_offset_says() -> None:
    image = scene(80, 60)
    for crop, area in (
        (Crop(x=7, y=9, width=20, height=10), (7, 9, 20, 10)),
        (Crop(x="25%", y="50%", width="50%", height="25%"), (20, 30, 40, 15)),
        (Crop(x=75, y=0, width=20, height=10), (60, 0, 20, 10)),
        (Crop(x=5000, y="100%", aspect=1.0), (20, 0, 60, 60)),
        (Crop(width=20), (30, 0, 20, 60)),
        (Crop(aspect=1.0, gravity="east"), (20, 0, 60, 60)),
    ):
        assert psnr(crop.apply(image), image.crop(*area)) == 99.0


@pytest.mark.parametrize(
    ("kind", "parameters", "said"),
    [
        (Resize, {"width": 4, "height": 4, "aspect": 1.0}, "an aspect and one side"),
        (Resize, {"aspect": 1.0}, "give a width, a height, or both"),
        (Resize, {"width": 4000, "dpr": 5}, "width would be 20,000 pixels"),
        (Resize, {"width": 200, "aspect": 0.01}, "height would be 20,000 pixels"),
        (Resize, {"height": 200, "aspect": 100.0}, "width would be 20,000 pixels"),
        (Resize, {"width": 1, "aspect": 100.0}, "height would be 0 pixels"),
        (Crop, {}, "a width, a height or an aspect"),
        (Crop, {"width": 4, "height": 4, "aspect": 1.0}, "give two of"),
        (Crop, {"width": 4, "x": 1}, "both x and y"),
        (Crop, {"width": 4, "x": 1, "y": 1, "gravity": "east"}, "either x and y or a gravity"),
        (Pad, {}, "give either room"),
        (Pad, {"background": "blur"}, "give either room"),
        (Pad, {"all": 3, "width": 30}, "give either room"),
        (Pad, {"top": 0, "height": 30}, "give either room"),
        (Pad, {"all": 3, "gravity": "east"}, "needs a box"),
        (Pad, {"all": 8192}, "left and right leave no room"),
        (Pad, {"top": 10_000, "bottom": 10_000}, "top and bottom leave no room"),
    ],
)
def test_what_does_not_go_together_is_refused(
    kind: Any, parameters: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        kind(**parameters)


# --- faces on their way ---

SPOT = Box(x=0.6, y=0.1, width=0.1, height=0.2)


def spotted() -> pyvips.Image:
    """A gray picture that is white where SPOT is."""
    return plain(200, 100, 90, 90, 90).insert(plain(20, 20, 255, 255, 255), 120, 10)


@pytest.mark.parametrize(
    "steps",
    [
        [Flip()],
        [Flip(direction="vertical")],
        [Rotate(angle=90)],
        [Rotate(angle=270), Flip()],
        [Rotate(angle=180)],
        [Pad(all=9, left=30)],
        [Pad(width=300, height=200, gravity="southeast", background="blur")],
        [Crop(width=100, height=90, gravity="east")],
        [Crop(width=100, height=60, gravity="attention")],
        [Crop(width=100, height=60, gravity="entropy"), Flip()],
        [Crop(x=50, y=0, width="50%", height="90%")],
        [Pad(all=9, background="#ff0000"), Trim(background="#ff0000")],
        [Resize(width=160, height=160, fit="contain")],
        [Resize(width=100, height=90, gravity="attention")],
        [Resize(width=300, height=100, fit="fill", enlarge=True)],
        [Resize(width=120, height=100, gravity="faces"), Rotate(angle=90)],
    ],
    ids=lambda steps: "-".join(step.name for step in steps),
)
def test_a_face_stays_where_it_is_seen(steps: list[Any]) -> None:
    raster = Raster.whole(spotted(), (SPOT,))
    for step in steps:
        raster = step.draw(raster)
    (box,) = raster.faces
    width, height = raster.image.width, raster.image.height
    white = raster.image[1] > 200
    inner = white.crop(
        round(box.x * width) + 2,
        round(box.y * height) + 2,
        round(box.width * width) - 4,
        round(box.height * height) - 4,
    )
    assert inner.min() == 255


def test_a_turned_face_lies_in_the_box_around_it() -> None:
    raster = Rotate(angle=30, background="#000000").draw(Raster.whole(spotted(), (SPOT,)))
    (box,) = raster.faces
    left, top, width, height = (raster.image[0] > 200).find_trim(
        background=[0], threshold=100, line_art=True
    )
    assert left == pytest.approx(box.x * raster.image.width, abs=2)
    assert top == pytest.approx(box.y * raster.image.height, abs=2)
    assert width == pytest.approx(box.width * raster.image.width, abs=4)
    assert height == pytest.approx(box.height * raster.image.height, abs=4)


def test_faces_are_kept_and_without_any_what_draws_attention() -> None:
    image = plain(300, 100, 90, 90, 90).draw_circle([250, 160, 120], 270, 50, 20, fill=True)
    box = Box(x=0.05, y=0.2, width=0.2, height=0.6)
    for kind in (
        Crop(width=100, height=100, gravity="faces"),
        Resize(width=50, height=50, gravity="faces"),
    ):
        kept = kind.draw(Raster.whole(image, (box,)))
        assert kept.image[0].max() < 100
        assert kept.faces
        without = kind.draw(Raster.whole(image))
        assert without.image[0].max() > 200

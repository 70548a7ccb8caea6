"""Nothing but a few averages is left of a face, however the variant is made."""

from pathlib import Path
from typing import Any

import pytest
import pyvips
from pydantic import TypeAdapter, ValidationError

from tests.imaging.pictures import LIMITS, decoded, encoded, made, psnr, scene, tagged
from tintype.imaging.boxes import Box
from tintype.imaging.messages import Output, RenderTask, VariantTask
from tintype.imaging.operations import Operation, in_phases
from tintype.imaging.operations.crop import Crop
from tintype.imaging.operations.flip import Flip
from tintype.imaging.operations.grayscale import Grayscale
from tintype.imaging.operations.pad import Pad
from tintype.imaging.operations.redact import Redact
from tintype.imaging.operations.resize import Resize
from tintype.imaging.operations.rotate import Rotate
from tintype.imaging.operations.sharpen import Sharpen
from tintype.imaging.operations.trim import Trim
from tintype.imaging.raster import Raster

FACE = Box(x=0.317, y=0.223, width=0.251, height=0.402)
SIZE = (1203, 907)
PNG = Output(format="png")

adapter: TypeAdapter[RenderTask] = TypeAdapter(RenderTask)


def pixels(box: Box, width: int, height: int) -> tuple[int, int, int, int]:
    left, top = round(box.x * width), round(box.y * height)
    return left, top, round(box.width * width), round(box.height * height)


def portraits() -> tuple[pyvips.Image, pyvips.Image]:
    """Two pictures that differ in the face alone: one is plain, one has squares to know it by."""
    image = scene(*SIZE)
    left, top, width, height = pixels(FACE, *SIZE)
    place = pyvips.Image.xyz(width, height)
    squares = ((place[0] / 8).floor() + (place[1] / 8).floor()) % 2 * 160 + 48
    plain = (squares * 0 + 128).cast("uchar").bandjoin([128, 128]).copy(interpretation="srgb")
    known = squares.cast("uchar")
    known = known.bandjoin([known, known]).copy(interpretation="srgb")
    return image.insert(plain, left, top), image.insert(known, left, top)


def variants(
    folder: Path, content: bytes, *each: tuple[Operation, ...], faces: tuple[Box, ...] = (FACE,)
) -> list[pyvips.Image]:
    """The variants, made of a task as it crosses to a child."""
    (folder / "input").write_bytes(content)
    tasks = tuple(
        VariantTask(name=str(number), operations=steps, output=PNG)
        for number, steps in enumerate(each)
    )
    task = RenderTask(input="input", limits=LIMITS, variants=tasks, faces=faces)
    crossed = adapter.validate_json(adapter.dump_json(task))
    assert crossed == task
    answer = made(crossed, folder)
    return [decoded((folder / file.file).read_bytes()) for file in answer.files]


STEPS: list[tuple[Operation, ...]] = [
    (),
    (Resize(width=600),),
    (Resize(width=300, height=300),),
    (Resize(width=149),),
    (Resize(width=70, height=33, fit="fill"),),
    (Resize(width=150, height=200, gravity="faces"), Sharpen(amount=10)),
    (Crop(x="31.7%", y="22.3%", width="25.1%", height="40.2%"), Resize(width=900, enlarge=True)),
    (Crop(width=260, height=300, gravity="faces"), Flip()),
    (Rotate(angle=90), Resize(width=200)),
    (Rotate(angle=17), Grayscale()),
    (Pad(width=1500, height=1500, background="blur"),),
    (Trim(threshold=30), Resize(width=100)),
]


@pytest.mark.parametrize("redact", [Redact(cells=4, margin=0), Redact(style="pixelate", cells=4)])
@pytest.mark.parametrize("image_format", ["png", "jpeg", "webp", "tiff"])
def test_variants_do_not_tell_two_faces_with_the_same_averages_apart(
    redact: Redact, image_format: str, tmp_path: Path
) -> None:
    """Each variant for itself, so that it may be decoded at a reduced scale."""
    options: dict[str, Any] = {"Q": 100, "subsample_mode": "off"} if image_format == "jpeg" else {}
    options |= {"lossless": True} if image_format == "webp" else {}
    plain, known = (encoded(image, image_format, **options) for image in portraits())
    for steps in STEPS:
        (one,) = variants(tmp_path, plain, (*steps, redact))
        (other,) = variants(tmp_path, known, (*steps, redact))
        assert (one.cast("float") - other).abs().max() <= 12, steps
        (open_one,) = variants(tmp_path, plain, steps)
        (open_other,) = variants(tmp_path, known, steps)
        if min(one.width, one.height) > 100:  # below, nothing is left of the squares anyway
            assert (open_one.cast("float") - open_other).abs().max() > 12, steps


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("steps", [(), (Resize(width=150),)], ids=["full", "reduced"])
def test_boxes_are_those_of_the_upright_picture(
    orientation: int, steps: tuple[Operation, ...], tmp_path: Path
) -> None:
    for stored in portraits():
        turned = tagged(stored, orientation).autorot()
        back = {5: 5, 6: 8, 7: 7, 8: 6}.get(orientation, orientation)
        content = encoded(tagged(turned, back), "jpeg", Q=95)
        (image,) = variants(tmp_path, content, (*steps, Redact(style="pixelate", cells=1)))
        left, top, width, height = pixels(FACE, image.width, image.height)
        inside = image.crop(left, top, width, height)
        assert inside.bandsplit()[0].deviate() == 0


def test_variants_that_share_a_decode_are_redacted_one_by_one(tmp_path: Path) -> None:
    content = encoded(portraits()[1], "png")
    resize = Resize(width=300)
    hidden, shown, whole = variants(tmp_path, content, (resize, Redact()), (resize,), ())
    area = pixels(FACE, 300, shown.height)
    assert shown.crop(*area).deviate() > 40
    assert hidden.crop(*area).deviate() < 40
    assert psnr(whole, portraits()[1]) == 99.0


def test_it_comes_before_everything_wherever_it_is_written() -> None:
    for steps in STEPS:
        assert in_phases((*steps, Redact())) == (Redact(), *in_phases(steps))


def test_all_around_the_face_stays(tmp_path: Path) -> None:
    image = portraits()[1]
    (hidden,) = variants(tmp_path, encoded(image, "png"), (Redact(),))
    assert psnr(hidden.crop(0, 0, 300, SIZE[1]), image.crop(0, 0, 300, SIZE[1])) == 99.0
    assert psnr(hidden.crop(780, 0, 400, SIZE[1]), image.crop(780, 0, 400, SIZE[1])) == 99.0


def test_without_faces_there_is_nothing_to_redact(tmp_path: Path) -> None:
    image = portraits()[1]
    (made_of_it,) = variants(tmp_path, encoded(image, "png"), (Redact(),), faces=())
    assert psnr(made_of_it, image) == 99.0


@pytest.mark.parametrize("style", ["blur", "pixelate"])
def test_all_of_many_faces_that_overlap_are_hidden(style: Any) -> None:
    image = portraits()[1]
    faces = tuple(
        Box(x=0.3 + 0.004 * number, y=0.2, width=0.1, height=0.45) for number in range(45)
    )
    hidden = Redact(style=style).draw(Raster.whole(image, faces)).image
    left, top, width, height = pixels(FACE, *SIZE)
    detail = hidden.crop(left + 9, top, width - 18, height).gaussblur(4)
    assert (hidden.crop(left + 9, top, width - 18, height) - detail).abs().avg() < 6


def test_strength_goes_with_the_face() -> None:
    """As many cells in a large face as in a small one, and never more than asked for."""
    gradient = (pyvips.Image.xyz(1000, 1000)[0] * 0.25).cast("uchar")
    for width in (0.02, 0.1, 0.9):
        box = Box(x=0.05, y=0.05, width=width, height=width / 2)
        raster = Raster.whole(gradient.copy(interpretation="b-w"), (box,))
        hidden = Redact(style="pixelate", cells=5, margin=0).draw(raster).image
        left, top, across, down = pixels(box, 1000, 1000)
        row = hidden.crop(left, top + down // 2, across, 1).write_to_memory()
        assert 1 < len(set(row)) <= 5


def test_transparent_pixels_hide_no_face() -> None:
    image = portraits()[1].bandjoin(0)
    hidden = Redact().draw(Raster.whole(image, (FACE,))).image
    left, top, width, height = pixels(FACE, *SIZE)
    assert hidden.crop(left, top, width, height).extract_band(0, n=3).max() == 0


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (3, 2)])
def test_the_smallest_pictures_can_be_redacted(size: tuple[int, int]) -> None:
    for image in (scene(*size), scene(*size, alpha=True).colourspace("b-w")):
        raster = Raster.whole(image, (Box(x=0, y=0, width=1, height=1),))
        assert len(Redact().draw(raster).image.write_to_memory()) == size[0] * size[1] * image.bands


@pytest.mark.parametrize(
    "box",
    [
        '{"x": 0, "y": 0, "width": 2, "height": 1}',
        '{"x": 0, "y": 0, "width": 1}',
        '{"x": 0, "y": 0, "width": NaN, "height": 1}',
        '{"x": 0, "y": 0, "width": 1, "height": 1, "name": "me"}',
    ],
)
def test_a_task_with_a_wrong_box_is_no_task(box: str) -> None:
    task = adapter.dump_json(RenderTask(input="input", limits=LIMITS, variants=())).decode()
    with pytest.raises(ValidationError):
        adapter.validate_json(task.replace('"faces":[]', f'"faces":[{box}]'))
    assert '"faces":[]' in task

"""A task becomes the files of its variants, or a named reason why not."""

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from tests.imaging.pictures import (
    LIMITS,
    WRITABLE,
    box,
    decoded,
    encoded,
    made,
    photograph,
    psnr,
    rendered,
    scene,
    size_of,
    tagged,
)
from tintype.errors import CorruptError, TooManyBytesError, UnsupportedFormatError
from tintype.imaging.geometry import Size
from tintype.imaging.messages import Output, Refused, RenderTask, VariantTask
from tintype.imaging.operations.crop import Crop
from tintype.imaging.operations.grayscale import Grayscale
from tintype.imaging.operations.resize import Resize
from tintype.imaging.operations.rotate import Rotate
from tintype.imaging.render import render

BOXES = ((80, 60), (40, 30), (20, 15))


def variant(name: str, width: int, height: int, output: Output | None = None) -> VariantTask:
    return VariantTask(name=name, operations=(box(width, height),), output=output or Output())


@pytest.mark.parametrize("image_format", WRITABLE)
@pytest.mark.parametrize("size", [(400, 300), (77, 311), (30, 20)])
def test_every_variant_has_exactly_its_size(
    image_format: str, size: tuple[int, int], tmp_path: Path
) -> None:
    (tmp_path / "input").write_bytes(encoded(photograph(*size), image_format))
    variants = tuple(variant(f"{width}x{height}", width, height) for width, height in BOXES)
    answer = made(RenderTask(input="input", limits=LIMITS, variants=variants), tmp_path)
    assert [(file.width, file.height) for file in answer.files] == list(BOXES)
    for file in answer.files:
        content = (tmp_path / file.file).read_bytes()
        assert file.bytes == len(content)
        assert size_of(decoded(content)) == Size(file.width, file.height)


def test_files_are_named_by_number_whatever_the_variants_are_called(tmp_path: Path) -> None:
    (tmp_path / "input").write_bytes(encoded(scene(), "png"))
    variants = (
        variant("../../etc/passwd", 9, 9),
        variant("a[Q=1]\n", 9, 9, Output(format="webp")),
        variant("-", 9, 9, Output(format="jpeg")),
        variant("", 9, 9, Output(format="avif")),
    )
    answer = made(RenderTask(input="input", limits=LIMITS, variants=variants), tmp_path)
    assert [file.file for file in answer.files] == ["0.png", "1.webp", "2.jpg", "3.avif"]
    assert [file.variant for file in answer.files] == [each.name for each in variants]
    assert len(list(tmp_path.iterdir())) == 5


@pytest.mark.parametrize(
    "name", ["a.jpg[shrink=8]", "a.jpg[page=-1]", "-a", "%s%n", "ü ñ 日本", "a'\"b"]
)
def test_a_name_is_never_read_for_options(name: str, tmp_path: Path) -> None:
    """T6: to libvips, `a.jpg[shrink=8]` is the file a.jpg, shrunk."""
    folder = tmp_path / "jobs[shrink=2]"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(encoded(scene(8, 8), "jpeg"))
    (folder / name).write_bytes(encoded(scene(64, 48), "jpeg"))
    task = RenderTask(input=name, limits=LIMITS, variants=(variant("v", 16, 12),))
    answer = made(task, folder)
    assert (answer.facts.width, answer.facts.height) == (64, 48)


def test_each_output_belongs_to_its_input_however_often_files_are_replaced(tmp_path: Path) -> None:
    """T2."""
    for level in range(0, 100, 3):
        flat = scene(32, 32).new_from_image([level, 255 - level, 7]).copy(interpretation="srgb")
        _, made = rendered(tmp_path, encoded(flat.cast("uchar"), "png"), box(16, 16))
        assert decoded(made)(8, 8) == [level, 255 - level, 7]


def test_the_same_task_makes_the_same_bytes(tmp_path: Path) -> None:
    content = encoded(photograph(301, 203), "jpeg")
    first, second = (rendered(tmp_path, content, box(80, 60))[1] for _ in range(2))
    assert first == second


def test_a_file_with_too_many_bytes_is_refused_without_being_read(tmp_path: Path) -> None:
    content = encoded(scene(), "jpeg")
    with pytest.raises(TooManyBytesError, match=f"has {len(content):,} bytes, more than 9"):
        rendered(tmp_path, content, limits=replace(LIMITS, max_bytes=9))
    assert rendered(tmp_path, content, limits=replace(LIMITS, max_bytes=len(content)))


@pytest.mark.parametrize(
    "reference",
    ["secret.jpg", "{folder}/secret.jpg", "file://{folder}/secret.jpg", "./a/../secret.jpg"],
)
def test_content_decides_whatever_the_file_is_called(reference: str, tmp_path: Path) -> None:
    """T4, T5: a .jpg that holds SVG would be drawn, with the files that it names."""
    (tmp_path / "secret.jpg").write_bytes(encoded(scene(), "jpeg"))
    (tmp_path / "photo.jpg").write_text(
        "<svg xmlns='http://www.w3.org/2000/svg' width='96' height='72'>"
        f"<image href='{reference.format(folder=tmp_path)}' width='96' height='72'/></svg>"
    )
    with pytest.raises(UnsupportedFormatError, match="SVG"):
        made(RenderTask(input="photo.jpg", limits=LIMITS, variants=()), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["photo.jpg", "secret.jpg"]


def test_what_is_appended_to_an_image_does_not_come_out_again(tmp_path: Path) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("PAYLOAD.html", "<script>PAYLOAD</script>")
    content = encoded(scene(), "jpeg") + archive.getvalue()
    for output in (Output(), Output(format="png"), Output(format="webp"), Output(format="avif")):
        assert b"PAYLOAD" not in rendered(tmp_path, content, output=output)[1]


def test_without_variants_the_picture_is_decoded_all_the_same(tmp_path: Path) -> None:
    """Damage shows in the pixels, and an image that is only analyzed has to be whole, too."""
    content = encoded(photograph(64, 64), "jpeg")
    (tmp_path / "input").write_bytes(content)
    task = RenderTask(input="input", limits=LIMITS, variants=())
    assert made(task, tmp_path).files == ()
    (tmp_path / "input").write_bytes(content[:700] + content[800:])
    with pytest.raises(CorruptError):
        made(task, tmp_path)


def test_a_refusal_has_the_facts_of_a_sound_header(tmp_path: Path) -> None:
    content = encoded(photograph(600, 400), "jpeg")
    task = RenderTask(input="input", limits=LIMITS, variants=())
    (tmp_path / "input").write_bytes(content[:5000] + content[5100:])
    answer = render(task, tmp_path)
    assert isinstance(answer, Refused)
    assert answer.code == "corrupt"
    assert answer.facts
    assert (answer.facts.width, answer.facts.height) == (600, 400)
    (tmp_path / "input").write_bytes(b"only words " * 9)
    answer = render(task, tmp_path)
    assert isinstance(answer, Refused)
    assert (answer.code, answer.facts) == ("not_an_image", None)


def test_operations_that_do_not_resize_first_see_every_pixel(tmp_path: Path) -> None:
    image = photograph(320, 240)
    content = encoded(image, "png")
    _, cropped = rendered(tmp_path, content, Crop(width=50, height=40, gravity="northwest"))
    assert psnr(decoded(cropped), image.crop(0, 0, 50, 40)) == 99.0
    _, turned = rendered(tmp_path, content, Rotate(angle=90), Resize(width=60))
    assert size_of(decoded(turned)) == Size(60, 80)
    _, plain = rendered(tmp_path, content)
    assert psnr(decoded(plain), image) == 99.0


def test_filters_come_after_geometry_whatever_the_order(tmp_path: Path) -> None:
    content = encoded(photograph(320, 240), "jpeg")
    one = rendered(tmp_path, content, Grayscale(), box(40, 30))[1]
    other = rendered(tmp_path, content, box(40, 30), Grayscale())[1]
    assert one == other
    assert decoded(one).bands == 1


def test_a_variant_of_a_turned_photograph_is_upright(tmp_path: Path) -> None:
    image = scene(400, 300)
    _, upright = rendered(tmp_path, encoded(image, "png"), box(60, 80))
    for orientation in range(2, 9):
        stored = tagged(image, orientation).autorot()
        back = {5: 5, 6: 8, 7: 7, 8: 6}.get(orientation, orientation)
        _, made = rendered(tmp_path, encoded(tagged(stored, back), "png"), box(60, 80))
        assert psnr(decoded(made), decoded(upright)) > 30

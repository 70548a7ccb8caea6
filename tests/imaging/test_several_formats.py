"""One variant in several formats: the same pixels, encoded several times."""

from pathlib import Path

import pytest
import pyvips

from tests.imaging.pictures import LIMITS, box, decoded, encoded, made, photograph, psnr, scene
from tintype.imaging.encode import chosen_formats, encode
from tintype.imaging.messages import Output, OutputFormat, RenderTask, VariantTask
from tintype.imaging.operations.grayscale import Grayscale


def task(*variants: VariantTask) -> RenderTask:
    return RenderTask(input="input", limits=LIMITS, variants=variants)


def variant(name: str, *formats: OutputFormat) -> VariantTask:
    return VariantTask(name=name, operations=(box(60, 40),), output=Output(formats=formats))


@pytest.mark.parametrize(
    ("formats", "original", "expected"),
    [
        (("avif", "webp", "jpeg"), "png", ("avif", "webp", "jpeg")),
        (("avif", "same"), "heic", ("avif", "jpeg")),
        (("webp", "same"), "webp", ("webp",)),
        (("same", "webp", "jpeg"), "jpeg", ("webp", "jpeg")),
        (("webp", "avif", "same"), "webp", ("avif", "webp")),
        (("webp", "same"), "gif", ("webp", "gif")),
    ],
)
def test_each_format_is_chosen_once_and_the_last_stays_the_last(
    formats: tuple[OutputFormat, ...], original: str, expected: tuple[str, ...]
) -> None:
    assert chosen_formats(Output(formats=formats), original) == expected


def test_every_format_is_a_file_of_its_own_in_the_order_of_the_recipe(tmp_path: Path) -> None:
    (tmp_path / "input").write_bytes(encoded(photograph(300, 200), "jpeg"))
    variants = variant("a", "avif", "webp", "jpeg"), variant("b", "png")
    files = made(task(*variants), tmp_path).files
    assert [(file.entry, file.file) for file in files] == [
        ("a/avif", "0.avif"),
        ("a/webp", "0.webp"),
        ("a/jpeg", "0.jpg"),
        ("b/png", "1.png"),
    ]
    reference = decoded((tmp_path / "1.png").read_bytes())
    for file in files:
        content = (tmp_path / file.file).read_bytes()
        assert (file.width, file.height, file.bytes) == (60, 40, len(content))
        assert psnr(decoded(content), reference) > 30


def test_a_format_has_the_same_bytes_whatever_is_made_besides(tmp_path: Path) -> None:
    (tmp_path / "input").write_bytes(encoded(scene(200, 150, alpha=True), "png"))
    together = made(task(variant("v", "avif", "webp", "png", "jpeg")), tmp_path).files
    contents = {each.format: (tmp_path / each.file).read_bytes() for each in together}
    for name, content in contents.items():
        (alone,) = made(task(variant("v", name)), tmp_path).files
        assert (tmp_path / alone.file).read_bytes() == content


def test_the_operations_run_once_for_all_formats(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A picture that can be read only once is enough for all of them."""
    (tmp_path / "input").write_bytes(encoded(scene(), "png"))
    tall = encoded(photograph(64, 4000), "png")

    def once(_: Grayscale, image: pyvips.Image) -> pyvips.Image:
        return pyvips.Image.new_from_buffer(tall, "", access="sequential")

    monkeypatch.setattr(Grayscale, "apply", once)
    picture = once(Grayscale(), scene())
    encode(picture, Output(), "webp")
    with pytest.raises(pyvips.Error):
        encode(picture, Output(), "jpeg")
    only = VariantTask(
        name="v", operations=(Grayscale(),), output=Output(formats=("webp", "png", "jpeg"))
    )
    assert {file.height for file in made(task(only), tmp_path).files} == {4000}

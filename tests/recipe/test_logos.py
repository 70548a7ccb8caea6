"""Images that a recipe names become a part of it, or a problem with its place."""

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest
import pyvips
from PIL import Image

from tests.imaging.pictures import embedded, logo
from tests.recipe.samples import with_variant
from tintype.imaging.operations.watermark import Watermark
from tintype.recipe.loader import load, loads
from tintype.recipe.problems import Problem, RecipeProblemsError
from tintype.recipe.schema import Recipe


def recipe(folder: Path, *names: str) -> Path:
    """A recipe that names images, the first in line 6, at column 30."""
    marks = [f"  - watermark: {{image: {name}}}" for name in names]
    file = folder / "recipe.yaml"
    file.write_text(with_variant("operations:", *marks))
    return file


def problems(file: Path) -> tuple[Problem, ...]:
    with pytest.raises(RecipeProblemsError) as caught:
        load(file, {})
    return caught.value.problems


def only(file: Path) -> str:
    (problem,) = problems(file)
    assert problem.path == "variants[0].operations[0].watermark.image"
    assert problem.line == 6
    return problem.message


def test_the_file_is_a_part_of_the_recipe_and_of_its_digest(tmp_path: Path) -> None:
    (tmp_path / "marks").mkdir()
    (tmp_path / "marks" / "logo.png").write_bytes(logo())
    first = load(recipe(tmp_path, "marks/logo.png"), {})
    assert first.variants[0].operations == (Watermark(image=embedded(logo())),)
    assert Recipe.from_json(first.to_json()) == first
    (tmp_path / "marks" / "logo.png").write_bytes(logo(44))
    assert load(recipe(tmp_path, "marks/logo.png"), {}).digest != first.digest
    (tmp_path / "logo.png").write_bytes(logo())
    assert load(recipe(tmp_path, "logo.png"), {}).digest == first.digest


def test_the_name_may_come_from_the_environment(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(logo())
    file = recipe(tmp_path, '"${LOGO:-none.png}"')
    assert load(file, {"LOGO": "logo.png"}).variants[0].operations
    assert "No such file" in only(file)


def test_webp_is_accepted(tmp_path: Path) -> None:
    Image.new("RGBA", (9, 9), (200, 0, 0, 100)).save(tmp_path / "logo.webp")
    (mark,) = load(recipe(tmp_path, "logo.webp"), {}).variants[0].operations
    assert isinstance(mark, Watermark)
    assert mark.image
    kind, _, content = mark.image.partition(",")
    assert kind == "data:image/webp;base64"
    assert base64.b64decode(content) == (tmp_path / "logo.webp").read_bytes()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none.png", "cannot be read: No such file"),
        ("../outside.png", "in or below it"),
        ("link.png", "in or below it"),
        ("/etc/hostname", "in or below it"),
        (".", "PNG or WebP"),
        ('""', "PNG or WebP"),
        ("pipe", "PNG or WebP"),
        ("drawing.svg", "PNG or WebP"),
        ("photo.jpg", "PNG or WebP"),
        ("empty.png", "PNG or WebP"),
        ("cut.png", "damaged"),
        ("damaged.png", "damaged"),
        ("large.png", "has 256,001 bytes; an image can have 256,000"),
        ("bomb.png", "25000000 pixels"),
        ('"data:image/png;base64,iVBORw0KGgo="', "cannot be read"),
        ('"a\\0b"', "cannot be read"),
    ],
)
def test_what_is_no_good_is_a_problem_with_its_place(
    tmp_path: Path, name: str, message: str
) -> None:
    (tmp_path / "outside.png").write_bytes(logo())
    folder = tmp_path / "recipes"
    folder.mkdir()
    (folder / "link.png").symlink_to(tmp_path / "outside.png")
    os.mkfifo(folder / "pipe")
    (folder / "drawing.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    Image.new("RGB", (9, 9)).save(folder / "photo.jpg")
    (folder / "empty.png").touch()
    (folder / "cut.png").write_bytes(logo()[:-20])
    damaged = bytearray(logo(300, 200))
    damaged[-60] ^= 255
    (folder / "damaged.png").write_bytes(damaged)
    (folder / "large.png").write_bytes(logo() + bytes(256_001 - len(logo())))
    pyvips.Image.black(5000, 5000).write_to_file(str(folder / "bomb.png"))
    told = only(recipe(folder, name))
    assert message.replace("25000000 pixels", "5000 x 5000 pixels") in told


def test_every_problem_is_told(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(logo())
    (tmp_path / "cut.png").write_bytes(logo()[:-20])
    file = recipe(tmp_path, "cut.png", "logo.png", "none.png", "cut.png")
    assert [problem.line for problem in problems(file)] == [6, 8, 9]


def test_all_images_together_have_a_limit(tmp_path: Path) -> None:
    noise = os.urandom(240 * 240 * 4)
    Image.frombytes("RGBA", (240, 240), noise).save(tmp_path / "logo.png")
    size = (tmp_path / "logo.png").stat().st_size
    fits = 2_000_000 // size
    assert 230_000 < size <= 256_000
    assert len(load(recipe(tmp_path, *["logo.png"] * fits), {}).variants[0].operations) == fits
    (problem,) = problems(recipe(tmp_path, *["logo.png"] * (fits + 1)))
    assert problem.line == 6 + fits
    assert "more than 2,000,000 bytes of images" in problem.message


def test_a_recipe_that_is_no_file_names_none() -> None:
    with pytest.raises(RecipeProblemsError, match="only a recipe that is a file"):
        loads(with_variant("operations:", "  - watermark: {image: logo.png}"), {})


def test_the_loader_does_not_load_libvips(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(logo())
    program = (
        "import sys, pathlib; from tintype.recipe.loader import load;"
        "load(pathlib.Path(sys.argv[1]), {});"
        "print('pyvips' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(recipe(tmp_path, "logo.png"))],
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        check=True,
        text=True,
    )
    assert done.stdout == "False\n"

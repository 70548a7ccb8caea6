"""`tintype develop`."""

import json
from pathlib import Path

import pytest
from PIL import Image

from tests.support.command import tintype
from tests.support.photographs import write_photograph

RECIPE = """
version: 1
name: small
variants:
  - name: thumb
    operations: [{resize: {width: 40, height: 30, fit: cover}}]
    key: "thumb/{name}.{ext}"
  - name: page
    operations: [{resize: {width: 100, fit: inside}}]
    output: {format: webp}
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    file = tmp_path / "recipe.yaml"
    file.write_text(RECIPE)
    return file


def test_a_folder_becomes_variants_under_their_keys(tmp_path: Path, recipe: Path) -> None:
    write_photograph(tmp_path / "in" / "a.jpg", 200, 160)
    write_photograph(tmp_path / "in" / "deep" / "b ü.jpg", 200, 160, seed=1)
    (tmp_path / "in" / ".hidden").write_text("not looked at")
    done = tintype("develop", tmp_path / "in", "-r", recipe, "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "2 files: 2 done" in done.stdout
    made = {}
    for file in (tmp_path / "out").rglob("*.*"):
        with Image.open(file) as picture:
            made[file.relative_to(tmp_path / "out").as_posix()] = picture.size
    assert made == {
        "thumb/a.jpg": (40, 30),
        "thumb/deep/b ü.jpg": (40, 30),
        "page/a.webp": (100, 80),
        "page/deep/b ü.webp": (100, 80),
    }


def test_json_is_one_line_per_file_and_a_refused_file_says_why(
    tmp_path: Path, recipe: Path
) -> None:
    good = write_photograph(tmp_path / "a.jpg", 200, 160)
    bad = tmp_path / "notes.jpg"
    bad.write_text("only words " * 50)
    done = tintype("develop", good, bad, "-r", recipe, "-o", tmp_path / "out", "--json")
    assert done.returncode == 1
    lines = {Path(line["file"]).name: line for line in map(json.loads, done.stdout.splitlines())}
    assert lines["a.jpg"]["status"] == "done"
    assert lines["a.jpg"]["error"] is None
    first = lines["a.jpg"]["variants"][0]
    assert set(first) == {"name", "path", "format", "width", "height", "bytes"}
    assert Path(first["path"]).stat().st_size == first["bytes"]
    assert lines["notes.jpg"]["status"] == "rejected"
    assert lines["notes.jpg"]["error"]["code"] == "not_an_image"
    assert lines["notes.jpg"]["variants"] == []


def test_the_summary_counts_each_format_by_itself(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(
        "version: 1\nname: r\nvariants: [{name: v, output: {formats: [webp, png, jpeg]}}]\n"
    )
    files = [write_photograph(tmp_path / f"{n}.jpg", 60, 40, seed=n) for n in range(2)]
    done = tintype("develop", *files, "-r", recipe, "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    rows = [line.split()[:3] for line in done.stdout.splitlines() if line.startswith("v ")]
    assert sorted(rows) == [["v", "jpeg", "2"], ["v", "png", "2"], ["v", "webp", "2"]]


def test_two_files_of_one_name_do_not_overwrite_each_other(tmp_path: Path, recipe: Path) -> None:
    first = write_photograph(tmp_path / "one" / "a.jpg", 200, 160)
    second = write_photograph(tmp_path / "two" / "a.jpg", 200, 160, seed=1)
    done = tintype("develop", first, second, "-r", recipe, "-o", tmp_path / "out", "--json")
    paths = [
        variant["path"]
        for line in map(json.loads, done.stdout.splitlines())
        for variant in line["variants"]
    ]
    assert len(set(paths)) == 4
    assert all(Path(path).is_file() for path in paths)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("missing.jpg", "-r", "recipe.yaml"), "No such file or folder: missing.jpg"),
        ((".", "-r", "none.yaml"), "none.yaml"),
        ((".",), "--recipe"),
    ],
)
def test_a_wrong_call_is_one_clear_error(
    tmp_path: Path, recipe: Path, arguments: tuple[str, ...], message: str
) -> None:
    assert recipe.exists()
    done = tintype("develop", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_recipe_names_the_line(tmp_path: Path, recipe: Path) -> None:
    recipe.write_text(RECIPE.replace("width: 40", "widht: 40"))
    done = tintype("develop", recipe, "-r", recipe)
    assert done.returncode == 2
    assert f"{recipe}:6:" in done.stderr
    assert "width" in done.stderr


def test_nothing_but_variants_is_left(tmp_path: Path, recipe: Path) -> None:
    good = write_photograph(tmp_path / "a.jpg", 200, 160)
    assert tintype("develop", good, "-r", recipe, "-o", tmp_path / "out").returncode == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["page", "thumb"]


def test_an_output_folder_that_cannot_be_is_a_clear_error(tmp_path: Path, recipe: Path) -> None:
    photo = write_photograph(tmp_path / "a.jpg", 200, 160)
    done = tintype("develop", photo, "-r", recipe, "-o", photo)
    assert done.returncode == 2
    assert "--output" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_an_earlier_call_made_is_not_developed_again(tmp_path: Path, recipe: Path) -> None:
    write_photograph(tmp_path / "a.jpg", 200, 160)
    recipe.rename(tmp_path / ".recipe.yaml")
    for _ in range(2):
        done = tintype("develop", ".", "-r", ".recipe.yaml", cwd=tmp_path)
        assert "1 files: 1 done" in done.stdout

"""`tintype recipe plan` as people and programs see it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.photographs import write_photograph

RECIPE = """
version: 1
name: shop
variants:
  - name: page
    operations: [sharpen, {resize: {width: 100, height: 75}}]
    output: {formats: [webp, jpeg]}
    key: "{variant}/{name}.{ext}"
  - name: thumbnail
    operations: [{resize: {width: 60, height: 45}}]
"""
TURNED = RECIPE.replace("[sharpen,", "[{rotate: {angle: 90}},")


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A recipe and a photograph of 800 x 600."""
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(RECIPE)
    return recipe, write_photograph(tmp_path / "photo.jpg", 800, 600)


def plan(*arguments: object, **environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tintype.entrypoints.cli", "recipe", "plan"]
    return subprocess.run(
        [*command, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | environ,
    )


def told(*arguments: object) -> dict[str, Any]:
    result = plan(*arguments, "--json")
    assert result.returncode == 0, result.stderr
    content: dict[str, Any] = json.loads(result.stdout)
    return content


def test_a_plan_is_readable_in_a_terminal_of_80_columns(files: tuple[Path, Path]) -> None:
    result = plan(*files)
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].startswith("original   jpeg, 800 x 600, ")
    assert lines[1].startswith("decode     at 1/8, 100 x 75 ")
    assert lines[1].endswith(" ms")
    assert "page uses the most of it, at 0.125 of its size" in lines[2]
    assert "           these pixels are encoded 2 times" in lines
    assert "estimated" in result.stdout
    order = [line.split(":")[0].strip() for line in lines if line.startswith(" " * 11)]
    assert order.index("geometry") < order.index("filters")


def test_a_plan_for_programs_has_the_same_in_it(files: tuple[Path, Path]) -> None:
    found = told(*files)
    assert found["measured"]
    assert found["decode"]["reduced_by"] == 8
    assert found["decode"]["seconds"] > 0
    page, thumbnail = found["variants"]
    assert [each["phase"] for each in page["operations"]] == ["geometry", "filters"]
    assert [each["format"] for each in page["files"]] == page["formats"] == ["webp", "jpeg"]
    assert [(each["width"], each["height"]) for each in thumbnail["files"]] == [(60, 45)]
    memory = found["memory"]
    assert memory["estimated"]
    assert memory["peak"] == max(memory["decoding"], page["memory"], thumbnail["memory"])


def test_without_a_run_there_are_no_files_and_no_times(files: tuple[Path, Path]) -> None:
    found = told(*files, "--no-run")
    assert not found["measured"]
    assert found["decode"]["reduced_by"] == 8
    assert found["decode"]["seconds"] is None
    assert [each["files"] for each in found["variants"]] == [[], []]
    assert found["memory"]["peak"] > 0
    assert "not run, so no times are known" in plan(*files, "--no-run").stdout


def test_a_rotation_before_the_resize_is_told_as_the_reason(files: tuple[Path, Path]) -> None:
    recipe, photograph = files
    recipe.write_text(TURNED)
    decode = told(recipe, photograph, "--no-run")["decode"]
    assert (decode["reduced_by"], decode["width"], decode["height"]) == (1, 800, 600)
    assert decode["reason"].startswith("page does rotate before any resize")


def test_a_file_that_is_no_image_is_an_error_with_a_remedy(files: tuple[Path, Path]) -> None:
    result = plan(files[0], files[0])
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.startswith("error: The file is not an image.\n  Send a JPEG")


def test_where_the_pixels_are_at_fault_the_plan_is_told_all_the_same(
    files: tuple[Path, Path],
) -> None:
    recipe, photograph = files
    damaged = recipe.with_name("damaged.jpg")
    content = photograph.read_bytes()
    middle = len(content) // 2
    damaged.write_bytes(content[:middle] + bytes(2000) + content[middle + 2000 :])
    result = plan(recipe, damaged)
    assert result.returncode == 1
    assert result.stderr.startswith("error: The image is damaged")
    assert "memory" in result.stdout
    told = plan(recipe, damaged, "--json")
    assert told.returncode == 1
    assert json.loads(told.stdout)["measured"] is False


def test_an_image_for_more_memory_than_there_is_is_refused(files: tuple[Path, Path]) -> None:
    recipe, _ = files
    recipe.write_text("version: 1\nname: same\nvariants: [{name: full, output: {format: avif}}]\n")
    photograph = write_photograph(recipe.with_name("large.jpg"), 2400, 1600)
    result = plan(recipe, photograph, "--no-run", TINTYPE_MEMORY=str(64 << 20))
    assert result.returncode == 1
    assert "more than the 67 MB of all decoders" in result.stderr
    assert "raise TINTYPE_MEMORY" in result.stderr


def test_a_file_that_is_not_there_is_named(files: tuple[Path, Path]) -> None:
    result = plan(files[0], "nowhere.jpg")
    assert result.returncode == 2
    assert "nowhere.jpg cannot be read: No such file or directory." in result.stderr

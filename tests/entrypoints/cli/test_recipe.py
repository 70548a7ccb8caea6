"""`tintype recipe` as people and programs see it."""

import json
import subprocess
import sys
from pathlib import Path

import jsonschema_rs
import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from tintype.entrypoints.cli.recipe import app
from tintype.recipe.loader import load, loads
from tintype.recipe.schema import json_schema

ROOT = Path(__file__).parents[3]
MARKETPLACE = ROOT / "recipes" / "marketplace.yaml"
runner = CliRunner()


def tintype(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, its output in pipes."""
    command = [sys.executable, "-m", "tintype.entrypoints.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_new_prints_a_recipe_that_is_valid() -> None:
    result = runner.invoke(app, ["new"])
    assert result.exit_code == 0
    assert loads(result.stdout, {}).name == "photos"
    assert result.stdout.count("#") > 5


def test_new_writes_a_file_that_check_finds_valid(tmp_path: Path) -> None:
    file = tmp_path / "recipe.yaml"
    assert runner.invoke(app, ["new", str(file)]).exit_code == 0
    result = runner.invoke(app, ["check", str(file)])
    assert result.exit_code == 0
    assert result.stdout.startswith(f"{file} is valid: photos, digest ")


def test_new_overwrites_only_when_told_to(tmp_path: Path) -> None:
    file = tmp_path / "recipe.yaml"
    file.write_text("mine")
    refused = tintype("recipe", "new", str(file))
    assert refused.returncode == 2
    assert refused.stdout == ""
    assert refused.stderr == f"error: {file} exists; --force overwrites it.\n"
    assert file.read_text() == "mine"
    assert runner.invoke(app, ["new", str(file), "--force"]).exit_code == 0
    assert load(file, {}).name == "photos"


def test_new_says_where_it_cannot_write(tmp_path: Path) -> None:
    refused = tintype("recipe", "new", str(tmp_path / "none" / "recipe.yaml"))
    assert refused.returncode == 2
    assert "cannot be written: No such file or directory." in refused.stderr


def test_check_says_what_a_valid_recipe_makes() -> None:
    result = runner.invoke(app, ["check", str(MARKETPLACE)])
    assert result.exit_code == 0
    assert (
        "  400x300: resize width=400 height=300 enlarge=true"
        " > the original's format, quality 80, progressive\n"
        "    as 400x300/{filename}\n"
    ) in result.stdout
    assert "delivery   public\n" in result.stdout
    assert "retry      5 attempts, 3 s apart, growing by 1.5\n" in result.stdout
    assert "warning: 800x600, 400x300, 200x150: originals/photo.jpeg and" in result.stdout


def test_check_names_every_format(tmp_path: Path) -> None:
    file = tmp_path / "recipe.yaml"
    file.write_text("version: 1\nname: a\nvariants: [{name: v, output: {formats: [avif, same]}}]\n")
    shown = runner.invoke(app, ["check", str(file)]).stdout
    assert "  v: avif + the original's format, quality 80\n" in shown


def test_check_prints_every_problem_in_one_line_each_and_exits_with_2(tmp_path: Path) -> None:
    file = tmp_path / "recipe.yaml"
    file.write_text("version: 1\nname: a\nvariants:\n  - name: B\n    ouput: {}\n")
    result = tintype("recipe", "check", str(file))
    assert result.returncode == 2
    first, second, count = result.stdout.splitlines()
    assert first.startswith(f"{file}:4:11: variants[0].name: must be 1 to 64 of the characters")
    assert second.startswith(
        f"{file}:5:5: variants[0].ouput: is not a field; did you mean 'output'"
    )
    assert count == "2 problems"
    assert "\x1b" not in result.stdout + result.stderr


def test_check_gives_programs_json(tmp_path: Path) -> None:
    result = runner.invoke(app, ["check", "--json", str(MARKETPLACE)])
    content = json.loads(result.stdout)
    assert result.exit_code == 0
    assert content["valid"] is True
    assert content["digest"] == load(MARKETPLACE, {}).digest
    assert [each["name"] for each in content["recipe"]["variants"]] == [
        "800x600",
        "400x300",
        "200x150",
    ]
    assert len(content["warnings"]) == 1


def test_check_gives_programs_the_problems_too(tmp_path: Path) -> None:
    file = tmp_path / "recipe.yaml"
    file.write_text("version: 3\nname: a\nvariants: [{name: v}]\n")
    result = runner.invoke(app, ["check", "--json", str(file)])
    assert result.exit_code == 2
    assert json.loads(result.stdout) == {
        "valid": False,
        "problems": [
            {
                "file": str(file),
                "line": 1,
                "column": 10,
                "path": "version",
                "message": "must be 1, not 3",
            }
        ],
    }


def test_check_puts_the_environment_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "recipe.yaml"
    file.write_text("version: 1\nname: a\nvariants: [{name: v, output: {quality: ${QUALITY}}}]\n")
    monkeypatch.delenv("QUALITY", raising=False)
    assert runner.invoke(app, ["check", str(file)]).exit_code == 2
    monkeypatch.setenv("QUALITY", "33")
    assert "quality 33" in runner.invoke(app, ["check", str(file)]).stdout


def test_schema_prints_the_json_schema() -> None:
    result = runner.invoke(app, ["schema"])
    schema = json.loads(result.stdout)
    assert schema == json_schema()
    recipe = YAML(typ="safe", pure=True).load(MARKETPLACE)
    assert jsonschema_rs.validator_for(schema).is_valid(recipe)


@pytest.mark.parametrize("verb", ["new", "check", "schema"])
def test_every_verb_has_help_with_an_example(verb: str) -> None:
    result = runner.invoke(app, [verb, "--help"])
    assert result.exit_code == 0
    assert f"Example: tintype recipe {verb}" in result.stdout.replace("`", "")

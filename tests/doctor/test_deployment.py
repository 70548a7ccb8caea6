"""The recipe, and the sandbox."""

from pathlib import Path

import pytest

from tintype.doctor import Verdict, deployment
from tintype.errors import SystemFailure
from tintype.imaging.sandbox import wire
from tintype.imaging.sandbox.pool import Sandbox

RECIPES = Path(__file__).parents[2] / "recipes"


def test_a_recipe_that_loads_is_told_with_its_digest() -> None:
    loaded, findings = deployment.recipe(RECIPES / "marketplace.yaml", {})
    assert loaded
    assert findings[0].verdict is Verdict.OK
    assert loaded.digest[:12] in findings[0].detail


def test_every_problem_of_a_recipe_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "recipe.yaml"
    file.write_text("version: 1\nname: a\nvariants:\n  - name: b\n    keey: x\n    quality: 5\n")
    loaded, findings = deployment.recipe(file, {})
    assert loaded is None
    assert {each.verdict for each in findings} == {Verdict.BAD}
    assert [each.detail.split(": ")[0] for each in findings] == [f"{file}:5:5", f"{file}:6:5"]


def test_a_recipe_that_is_not_there_can_be_made(tmp_path: Path) -> None:
    _, (found,) = deployment.recipe(tmp_path / "none.yaml", {})
    assert found.verdict is Verdict.BAD
    assert "tintype recipe new" in found.remedy


def test_what_the_recipe_leaves_to_chance_is_a_warning(tmp_path: Path) -> None:
    file = tmp_path / "recipe.yaml"
    file.write_text('version: 1\nname: a\nvariants:\n  - name: b\n    key: "b/{stem}.{ext}"\n')
    loaded, findings = deployment.recipe(file, {})
    assert loaded
    assert Verdict.WARN in [each.verdict for each in findings]


def test_decoders_start_here_and_leave_nothing() -> None:
    findings = deployment.sandbox()
    assert Verdict.BAD not in [each.verdict for each in findings]


def test_a_kernel_that_confines_less_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    weak = wire.Confinement(files=False, calls=True)
    monkeypatch.setattr(Sandbox, "confinement", weak)
    (found,) = deployment.sandbox()
    assert found.verdict is Verdict.WARN
    assert "Landlock" in found.detail


def test_decoders_that_do_not_start_are_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Sandbox) -> None:
        raise SystemFailure("A decoder child could not be started.")

    monkeypatch.setattr(Sandbox, "confinement", property(fail))
    (found,) = deployment.sandbox()
    assert found.verdict is Verdict.BAD

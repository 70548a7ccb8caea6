"""What figures are kept of."""

import subprocess
from pathlib import Path

import pytest

from bench import figures
from bench.figures import begin, changes


def _git(root: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=nobody", "-c", "user.email=nobody@example.com")
    done = subprocess.run(
        ["git", "-C", str(root), *identity, *arguments], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("src/part.py", "docs/page.md"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("first\n")
    _git(tmp_path, "init", "--quiet")
    _git(tmp_path, "add", ".")
    _git(tmp_path, "commit", "--quiet", "--no-verify", "-m", "first")
    return tmp_path


def test_what_is_measured_differs_from_a_commit_by_what_is_changed_new_or_committed_later(
    tree: Path,
) -> None:
    commit = _git(tree, "rev-parse", "HEAD")
    (tree / "docs/page.md").write_text("second\n")
    assert changes(commit, tree) == []
    (tree / "src/part.py").write_text("second\n")
    (tree / "src/new.py").write_text("first\n")
    assert changes(commit, tree) == ["src/new.py", "src/part.py"]
    _git(tree, "add", ".")
    _git(tree, "commit", "--quiet", "--no-verify", "-m", "second")
    assert changes(commit, tree) == ["src/new.py", "src/part.py"]


def test_figures_of_a_changed_tree_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def changed(_commit: str) -> list[str]:
        return ["src/tintype/model.py"]

    monkeypatch.setattr(figures, "changes", changed)
    with pytest.raises(SystemExit, match=r"src/tintype/model\.py"):
        begin(keep=True)
    measured = begin(keep=False, kills=3)["measured"]
    assert isinstance(measured, dict)
    assert measured["changed"] == ["src/tintype/model.py"]
    assert measured["options"] == {"kills": 3}


def test_figures_are_not_kept_where_the_tree_was_changed_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    states = [[], ["src/tintype/model.py"]]
    monkeypatch.setattr(figures, "changes", lambda _commit: states.pop(0))
    monkeypatch.setattr(figures, "ROOT", tmp_path)
    monkeypatch.setattr(figures, "KEPT", tmp_path / "kept")
    monkeypatch.setattr(figures, "HERE", tmp_path)
    begun: dict[str, object] = {"measured": {"commit": "0" * 40, "changed": states.pop(0)}}
    told = figures.write(begun, keep=True, name="queue")
    assert "model.py" in told
    assert not (tmp_path / "kept").exists()
    [file] = (tmp_path / "results").iterdir()
    assert "model.py" in file.read_text()

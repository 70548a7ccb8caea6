"""The pages hold: their code parses, their recipes load, their links lead somewhere."""

import re
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tintype.recipe.loader import load

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```(?P<language>\w*)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
HEADING = re.compile(r"^#+ (?P<title>.+)$", re.MULTILINE)

# Spelled in parts, so that this file does not name them either.
REGISTRIES = (
    "py" + "pi.org",
    "python" + "hosted.org",
    "registry.np" + "mjs",
    "deb.deb" + "ian.org",
)
MACHINES = re.compile(r"(?<![\w.-])/(?:" + "wo" + "rk|tmp/" + r"w|home/\w+|Users)/")


def repository_files() -> list[Path]:
    """Every file that is part of the repository, or would be if it were committed now."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


FILES = repository_files()
PAGES = [path for path in FILES if path.suffix == ".md"]
BLOCKS = [
    pytest.param(match["language"], match["code"], id=f"{page.relative_to(ROOT)}-{number}")
    for page in PAGES
    for number, match in enumerate(BLOCK.finditer(page.read_text()), 1)
]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def anchors(page: Path) -> set[str]:
    """The fragments that lead to the page's headings, as GitHub makes them."""
    titles = (match["title"].lower() for match in HEADING.finditer(page.read_text()))
    return {re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in titles}


@pytest.mark.parametrize(("language", "code"), BLOCKS)
def test_every_code_block_says_its_language_and_parses(
    language: str, code: str, tmp_path: Path
) -> None:
    if language == "python":
        compile(code, "block", "exec")
    elif language == "sh":
        subprocess.run(["bash", "-n"], input=code, text=True, check=True)
    elif language == "yaml":
        content = YAML(typ="safe", pure=True).load(code)
        if "variants" in content:
            recipe = tmp_path / "recipe.yaml"
            recipe.write_text(code)
            assert load(recipe, {}).variants
    else:
        assert language == "text"


@pytest.mark.parametrize("recipe", sorted((ROOT / "recipes").glob("*.yaml")), ids=name_of)
def test_every_recipe_of_the_repository_loads(recipe: Path) -> None:
    assert load(recipe, {}).name == recipe.stem


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_relative_link_leads_to_a_file_of_the_repository(page: Path) -> None:
    for match in LINK.finditer(page.read_text()):
        address, _, fragment = match["target"].partition("#")
        if "://" in address:
            continue
        target = (page.parent / address).resolve() if address else page
        assert target in FILES, f"{match['target']} leads nowhere"
        assert not fragment or fragment in anchors(target), f"no heading {match['target']}"


@pytest.mark.parametrize("decision", sorted((ROOT / "docs/decisions").iterdir()), ids=name_of)
def test_every_decision_is_short_and_listed(decision: Path) -> None:
    text = decision.read_text()
    assert text.startswith(f"# {decision.name[:4]}: ")
    assert len(text.splitlines()) <= 40
    assert f"(decisions/{decision.name})" in (ROOT / "docs" / "index.md").read_text()


def test_no_file_names_a_registry_or_a_path_of_one_machine() -> None:
    offenders = []
    for file in FILES:
        text = file.read_bytes().decode(errors="replace")
        if MACHINES.search(text) or any(host in text for host in REGISTRIES):
            offenders.append(name_of(file))
    assert not offenders

"""The pinned requirements are those of pyproject.toml: names, versions, hashes."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRAS = PROJECT["project"]["optional-dependencies"]
RUN = [*PROJECT["project"]["dependencies"], *EXTRAS["heic"], *EXTRAS["otel"], *EXTRAS["s3"]]
GROUPS = PROJECT["dependency-groups"]
DECLARED = {
    "run.txt": RUN,
    "dev.txt": [*RUN, *GROUPS["build"], *GROUPS["demo"], *GROUPS["dev"]],
    **{
        f"{name}.txt": re.findall(
            r"^\w.*$", (ROOT / "requirements" / f"{name}.in").read_text(), re.MULTILINE
        )
        for name in ("uv", "servers")
    },
}
PIN = re.compile(
    r"^(?P<name>[\w.-]+)==(?P<version>[\w.!+]+)(?P<rest>(?: ;.*)? \\(?:\n +.*)+)", re.MULTILINE
)


def pins(file: str) -> dict[str, tuple[set[str], str]]:
    """Package -> its pinned versions (several where platforms differ) and its other lines."""
    found: dict[str, tuple[set[str], str]] = {}
    for match in PIN.finditer((ROOT / "requirements" / file).read_text()):
        versions, lines = found.get(match["name"], (set(), ""))
        found[match["name"]] = versions | {match["version"]}, lines + match["rest"]
    return found


@pytest.mark.parametrize("file", DECLARED)
def test_every_declared_requirement_is_pinned_to_a_version_it_allows(file: str) -> None:
    pinned = pins(file)
    for requirement in map(Requirement, DECLARED[file]):
        versions, _ = pinned[canonicalize_name(requirement.name)]
        refused = [version for version in versions if version not in requirement.specifier]
        assert not refused, f"{requirement}: {refused}; run `./do lock`"


@pytest.mark.parametrize("file", ["run.txt", "dev.txt"])
def test_nothing_is_pinned_for_a_requirement_that_is_no_longer_declared(file: str) -> None:
    direct = {name for name, (_, lines) in pins(file).items() if "tintype (pyproject.toml" in lines}
    assert direct == {canonicalize_name(Requirement(text).name) for text in DECLARED[file]}


def test_development_runs_on_the_same_versions_as_users() -> None:
    development = pins("dev.txt")
    for name, (versions, _) in pins("run.txt").items():
        assert versions <= development[name][0]


@pytest.mark.parametrize("file", DECLARED)
def test_every_pin_has_a_hash_and_no_line_an_address(file: str) -> None:
    text = (ROOT / "requirements" / file).read_text()
    unhashed = [name for name, (_, lines) in pins(file).items() if "--hash=sha256:" not in lines]
    assert not unhashed
    assert "://" not in text
    assert not re.search(r"^-", text, re.MULTILINE)

"""The dashboard asks for what is exported, shows all that matters, and can be imported."""

import json
import re
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from tests.support.promql import TARGET, Checker, after_everything, exported

ROOT = Path(__file__).parents[2]
DASHBOARD: dict[str, Any] = json.loads((ROOT / "deploy/grafana/tintype.json").read_text())
PANELS: list[dict[str, Any]] = DASHBOARD["panels"]
SHOWN = [panel for panel in PANELS if panel["type"] != "row"]
VARIABLES = {each["name"]: each for each in DASHBOARD["templating"]["list"]}
QUERIES = [(panel["title"], target) for panel in SHOWN for target in panel["targets"]]

METRIC = re.compile(r"^\| `(\w+)` \| (?:counter|gauge|histogram) \|", re.MULTILINE)
# What is told and not shown, and why.
EXCUSED = {
    "process_virtual_memory_bytes": "address space that is only reserved says nothing of memory",
}
# Of Grafana's units, those that fit what is exported.
UNITS = {"short", "none", "s", "bytes", "Bps", "reqps", "opm", "percent", "bool_on_off"}


def written_out(expression: str) -> str:
    """An expression as Grafana would ask it, with all of every variable."""
    expression = expression.replace("$__rate_interval", "5m")
    for name in VARIABLES:
        expression = expression.replace(f"${name}", ".*")
    assert "$" not in expression
    return expression


@pytest.fixture(scope="module")
def checker() -> Checker:
    return Checker(exported(after_everything()))


@pytest.mark.parametrize(
    ("title", "target"), QUERIES, ids=[f"{title}-{each['refId']}" for title, each in QUERIES]
)
def test_every_query_asks_for_what_is_exported(
    checker: Checker, title: str, target: dict[str, Any]
) -> None:
    labels = checker.check(written_out(target["expr"]))
    assert labels is not None
    named = set(re.findall(r"\{\{(\w+)\}\}", target.get("legendFormat", "")))
    assert named <= labels
    # A line per label that its name does not show would be many lines of one name.
    assert target.get("format") == "table" or named == labels


def test_all_that_the_page_tells_of_is_shown_or_excused() -> None:
    checker = Checker(exported(after_everything()))
    for _, target in QUERIES:
        checker.check(written_out(target["expr"]))
    shown = {re.sub(r"_(bucket|sum|count)$", "", name) for name in checker.asked}
    told = set(METRIC.findall((ROOT / "docs/metrics.md").read_text()))
    assert told - shown == EXCUSED.keys()


@pytest.mark.parametrize(("title", "target"), QUERIES)
def test_what_is_the_same_for_all_processes_is_not_added_up(
    title: str, target: dict[str, Any]
) -> None:
    if re.search(r"tintype_(queue_|dead_letters)", target["expr"]):
        assert target["expr"].startswith("max(")


def test_the_variables_choose_the_data_source_and_the_processes(checker: Checker) -> None:
    assert VARIABLES.keys() == {"datasource"} | TARGET
    assert VARIABLES["datasource"]["type"] == "datasource"
    for name in TARGET:
        asked = re.fullmatch(r"label_values\((.+), (\w+)\)", VARIABLES[name]["definition"])
        assert asked
        assert asked[2] == name
        assert name in (checker.check(written_out(asked[1])) or ())
        assert VARIABLES[name]["query"]["query"] == VARIABLES[name]["definition"]
    for _, target in QUERIES:
        selectors = re.findall(r"\{[^{}]*\}", target["expr"])
        assert selectors
        assert all('job=~"$job", instance=~"$instance"' in each for each in selectors)


def test_no_data_source_but_the_variable_is_named() -> None:
    sources = [each["datasource"] for panel in SHOWN for each in (panel, *panel["targets"])]
    sources += [each["datasource"] for each in VARIABLES.values() if each["type"] == "query"]
    assert all(each == {"type": "prometheus", "uid": "${datasource}"} for each in sources)


def test_panels_have_ids_of_their_own_and_do_not_overlap() -> None:
    assert max(Counter(panel["id"] for panel in PANELS).values()) == 1
    for panel in PANELS:
        place = panel["gridPos"]
        assert place["w"] > 0
        assert place["h"] > 0
        assert 0 <= place["x"] <= 24 - place["w"]
    for one, two in combinations(PANELS, 2):
        first, second = one["gridPos"], two["gridPos"]
        apart = (
            first["x"] + first["w"] <= second["x"]
            or second["x"] + second["w"] <= first["x"]
            or first["y"] + first["h"] <= second["y"]
            or second["y"] + second["h"] <= first["y"]
        )
        assert apart, f"{one['title']} and {two['title']} overlap"


def test_panels_leave_no_gaps_and_each_is_in_a_row() -> None:
    filled = Counter(
        line
        for panel in PANELS
        for line in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
        for _ in range(panel["gridPos"]["w"])
    )
    assert set(filled.values()) == {24}
    assert sorted(filled) == list(range(len(filled)))
    assert PANELS[0]["type"] == "row"


@pytest.mark.parametrize("panel", SHOWN, ids=lambda panel: panel["title"])
def test_every_panel_says_what_it_shows_and_in_which_unit(panel: dict[str, Any]) -> None:
    assert panel["title"]
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
    references = [target["refId"] for target in panel["targets"]]
    assert len(set(references)) == len(references)


def test_titles_are_not_used_twice_but_for_a_figure_and_its_graph() -> None:
    titles = Counter((panel["type"], panel["title"]) for panel in PANELS)
    assert max(titles.values()) == 1

"""The alerts ask for what is exported, say what to do, and go off when they should."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.docs.test_docs import anchors
from tests.support.promql import Checker, Series, Unfit, after_everything, exported

ROOT = Path(__file__).parents[2]
FILE = ROOT / "deploy/prometheus/alerts.yaml"
SCENES = Path(__file__).parent / "scenes.yaml"


def read(path: Path) -> Any:
    return YAML(typ="safe", pure=True).load(path)


RULES: list[dict[str, Any]] = [rule for group in read(FILE)["groups"] for rule in group["rules"]]
NAMES = [rule["alert"] for rule in RULES]


@pytest.fixture(scope="module")
def checker() -> Checker:
    return Checker({**exported(after_everything()), "up": Series("gauge")})


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_every_alert_asks_for_what_is_exported(checker: Checker, rule: dict[str, Any]) -> None:
    labels = checker.check(rule["expr"])
    named = set(re.findall(r"\$labels\.(\w+)", " ".join(rule["annotations"].values())))
    assert labels is not None
    assert named <= labels


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_every_alert_says_what_has_happened_and_what_to_do(rule: dict[str, Any]) -> None:
    assert rule.keys() == {"alert", "expr", "for", "labels", "annotations"}
    assert re.fullmatch(r"\d+[mh]", rule["for"])
    assert rule["labels"].keys() == {"severity"}
    assert rule["labels"]["severity"] in {"critical", "warning"}
    said = rule["annotations"]
    assert said.keys() == {"summary", "description", "runbook"}
    assert not said["summary"].endswith(".")
    assert said["description"].endswith(".")
    page, _, heading = said["runbook"].partition("#")
    assert heading in anchors(ROOT / page)


def test_names_are_used_once() -> None:
    assert len(set(NAMES)) == len(NAMES)
    groups = [group["name"] for group in read(FILE)["groups"]]
    assert len(set(groups)) == len(groups)


def test_the_scrape_job_is_the_one_of_the_page() -> None:
    page = (ROOT / "docs/metrics.md").read_text()
    (job,) = set(re.findall(r"job_name: (\S+)", page))
    asked = [name for rule in RULES for name in re.findall(r'job="([^"]*)"', rule["expr"])]
    assert set(asked) == {job}


def test_the_page_lists_every_alert() -> None:
    listed = re.findall(
        r"^\| `(Tintype\w+)` \| (\w+) \|", (ROOT / "docs/metrics.md").read_text(), re.MULTILINE
    )
    assert listed == [(rule["alert"], rule["labels"]["severity"]) for rule in RULES]


def test_every_alert_goes_off_in_a_scene() -> None:
    assert {name for name in NAMES if name in SCENES.read_text()} == set(NAMES)


@pytest.mark.skipif(not shutil.which("promtool"), reason="Prometheus' promtool is not installed")
def test_prometheus_takes_the_rules_and_they_go_off_where_they_should() -> None:
    for arguments in (["check", "rules", str(FILE)], ["test", "rules", str(SCENES)]):
        done = subprocess.run(["promtool", *arguments], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "expression",
    [
        "tintype_imaginary > 0",
        "sum(tintype_requests_total) > 0",
        "rate(tintype_queue_depth[5m]) > 0",
        "changes(tintype_requests_total[5m]) > 0",
        'rate(tintype_jobs_total{stat="dead"}[5m]) > 0',
        'rate(tintype_jobs_total{state="deceased"}[5m]) > 0',
        'rate(tintype_errors_total{code=~"store_failed|store_fialed"}[5m]) > 0',
        "sum by (route) (rate(tintype_jobs_total[5m])) > 0",
        "sum by (job) (tintype_workers) / max(tintype_workers) > 0",
        "histogram_quantile(0.9, sum by (step) (rate(tintype_step_duration_seconds_bucket[5m])))",
        "histogram_quantile(95, rate(tintype_step_duration_seconds_bucket[5m]))",
        "tintype_step_duration_seconds_bucket",
    ],
)
def test_what_would_find_nothing_is_noticed(checker: Checker, expression: str) -> None:
    with pytest.raises(Unfit):
        checker.check(expression)


def test_what_is_no_expression_is_noticed(checker: Checker) -> None:
    with pytest.raises(ValueError, match="parenthesis"):
        checker.check("sum(tintype_workers")

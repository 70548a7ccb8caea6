"""`tintype doctor`."""

import json
import socket
from pathlib import Path

import pytest

from tests.support.command import tintype
from tests.support.terminal import at_terminal
from tests.support.troubled import TroubledService

RECIPE = Path(__file__).parents[3] / "recipes" / "marketplace.yaml"


@pytest.fixture
def order(tmp_path: Path) -> list[str]:
    """What `doctor` is told where all is in order."""
    return ["--recipe", str(RECIPE), "--data", str(tmp_path / "data"), "--port", "0"]


def test_a_deployment_in_order_is_told_line_by_line(order: list[str]) -> None:
    done = tintype("doctor", *order)
    assert done.returncode == 0, done.stdout
    found = [line.split("\t") for line in done.stdout.splitlines()]
    assert {row[1] for row in found} <= {"ok", "warn"}
    assert {len(row) for row in found} == {4}
    assert "libvips" in [row[0] for row in found]


def test_programs_get_json(order: list[str]) -> None:
    content = json.loads(tintype("doctor", *order, "--json").stdout)
    verdicts = [finding["verdict"] for finding in content["findings"]]
    assert content["bad"] == verdicts.count("bad") == 0
    assert content["ok"] == verdicts.count("ok") > 5
    assert content["findings"][0].keys() == {"check", "verdict", "detail", "remedy"}


def test_what_is_bad_comes_with_its_remedy_at_a_terminal(order: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, shown = at_terminal("doctor", *order[:-1], str(port))
    assert status == 1
    assert "Address already in use" in shown
    assert "-> Choose another TINTYPE_PORT" in shown
    assert "1 bad" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_wrong_settings_are_findings_too(tmp_path: Path) -> None:
    environ = {"TINTYPE_DECODERS": "none", "TINTYPE_QUEUE_LIMT": "5"}
    done = tintype("doctor", cwd=tmp_path, environ=environ)
    assert done.returncode == 1
    told = [line for line in done.stdout.splitlines() if line.startswith("settings\tbad\t")]
    assert len(told) == 2
    assert "TINTYPE_QUEUE_LIMIT?" in told[0]
    assert "libvips\tok" in done.stdout


def test_a_running_service_is_found_and_not_disturbed(troubled: TroubledService) -> None:
    port = troubled.url.rpartition(":")[2]
    folder = troubled.data.parent
    before = sorted(each.name for each in troubled.data.iterdir())
    done = tintype(
        *("doctor", "--recipe", folder / "recipe.yaml", "--data", troubled.data, "--port", port),
        environ={"TINTYPE_VARIANTS": f"file://{folder / 'variants'}"},
    )
    assert done.returncode == 0, done.stdout
    assert "a Tintype answers there" in done.stdout
    assert "database\tok\t" in done.stdout
    assert sorted(each.name for each in troubled.data.iterdir()) == before
    assert troubled.get("/readyz")["status"] == "ok"

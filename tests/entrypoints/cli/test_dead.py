"""`tintype dead`."""

import json
from collections.abc import Iterator

import pytest

from tests.support.command import tintype
from tests.support.terminal import at_terminal
from tests.support.troubled import TroubledService

NO_JOB = "job_" + "a" * 26


@pytest.fixture
def url(troubled: TroubledService) -> Iterator[tuple[str, str]]:
    yield "--url", troubled.url
    troubled.act("/v1/dead-letters/drop", {"all": True})


def test_dead_letters_are_listed_and_filtered(
    troubled: TroubledService, url: tuple[str, str]
) -> None:
    empty = tintype("dead", "list", *url)
    assert (empty.stdout, empty.stderr) == ("", "no dead letters\n")
    one, other = troubled.dead("a.jpg", "b.jpg")
    rows = [line.split("\t") for line in tintype("dead", "list", *url).stdout.splitlines()]
    assert [row[0] for row in rows] == [other["job"]["id"], one["job"]["id"]]
    assert rows[1][2:] == ["store_failed", one["key"]]
    chosen = tintype("dead", "list", "--prefix", one["key"], "--since", "1h", *url).stdout
    assert chosen.split("\t")[0] == one["job"]["id"]
    assert len(chosen.splitlines()) == 1
    none = tintype("dead", "list", "--until", "1h", *url)
    assert (none.stdout, none.stderr) == ("", "no dead letter matches\n")
    page = json.loads(tintype("dead", "list", "--limit", "1", "--json", *url).stdout)
    assert (len(page["items"]), page["next"] is None) == (1, False)


def test_a_dead_letter_is_shown_with_its_hint(
    troubled: TroubledService, url: tuple[str, str]
) -> None:
    (image,) = troubled.dead("c.jpg")
    done = tintype("dead", "show", image["job"]["id"], *url)
    told = dict(line.split("\t", 1) for line in done.stdout.splitlines() if "\t" in line)
    assert told["error"].startswith("store_failed: ")
    assert told["hint"].startswith("Look at the store")
    assert told["brought by"] == "upload, name c.jpg"
    assert "store_failed" in told["1"]
    other = tintype("dead", "show", NO_JOB, *url)
    assert other.returncode == 2
    assert "tintype jobs show" in other.stderr


def test_a_redrive_by_id_says_which_are_no_dead_letters(
    troubled: TroubledService, url: tuple[str, str]
) -> None:
    ids = [image["job"]["id"] for image in troubled.dead("d.jpg", "e.jpg")]
    done = tintype("dead", "redrive", *ids, NO_JOB, "nonsense", *url)
    assert done.returncode == 1
    assert done.stdout == "2 dead letters redriven\n"
    assert done.stderr.splitlines() == [f"{NO_JOB} is no dead letter", "nonsense is no dead letter"]
    for job_id in ids:
        troubled.becomes(job_id, "done")


def test_a_redrive_by_filter_asks_no_question_in_a_pipe(
    troubled: TroubledService, url: tuple[str, str]
) -> None:
    one, other = troubled.dead("f.jpg", "g.jpg")
    done = tintype("dead", "redrive", "--prefix", one["key"], "--json", *url)
    assert json.loads(done.stdout) == {"redriven": 1, "missing": []}
    troubled.becomes(one["job"]["id"], "done")
    left = troubled.get("/v1/dead-letters")["items"]
    assert [letter["job_id"] for letter in left] == [other["job"]["id"]]


def test_a_redrive_ends_even_where_all_fail_again(
    troubled: TroubledService, url: tuple[str, str]
) -> None:
    images = troubled.dead("h.jpg", "i.jpg", "j.jpg")
    with troubled.trouble():
        done = tintype("dead", "redrive", "--all", *url)
        assert done.stdout == "3 dead letters redriven\n"
        for image in images:
            job = troubled.becomes(image["job"]["id"], "dead")
            assert len(job["history"]) == 2


def test_a_terminal_is_asked_before_many_are_dropped(
    troubled: TroubledService, url: tuple[str, str]
) -> None:
    troubled.dead("k.jpg", "l.jpg")
    status, shown = at_terminal("dead", "drop", "--all", *url, typed="n\n")
    assert status == 1
    assert "drop 2 dead letters? [y/N]" in shown
    assert troubled.get("/v1/queue")["dead"] == 2
    status, shown = at_terminal("dead", "drop", "--all", *url, typed="y\n")
    assert status == 0
    assert shown.endswith("2 dead letters dropped\n")
    assert troubled.get("/v1/queue")["dead"] == 0


def test_who_says_yes_is_not_asked(troubled: TroubledService, url: tuple[str, str]) -> None:
    troubled.dead("m.jpg")
    status, shown = at_terminal("dead", "drop", "--code", "store_failed", "--yes", *url)
    assert status == 0
    assert "[y/N]" not in shown
    assert shown.endswith("1 dead letter dropped\n")


def test_nothing_to_do_is_no_question(url: tuple[str, str]) -> None:
    status, shown = at_terminal("dead", "redrive", "--all", *url)
    assert (status, shown) == (0, "0 dead letters redriven\n")


@pytest.mark.parametrize("command", ["redrive", "drop"])
@pytest.mark.parametrize("choice", [[], ["--all", "--code", "timed_out"], [NO_JOB, "--all"]])
def test_one_way_of_choosing_is_needed(
    url: tuple[str, str], command: str, choice: list[str]
) -> None:
    done = tintype("dead", command, *choice, *url)
    assert done.returncode == 2
    assert "Say which dead letters" in done.stderr


def test_a_time_that_is_none_is_a_clear_error(url: tuple[str, str]) -> None:
    done = tintype("dead", "list", "--since", "yesterday", *url)
    assert done.returncode == 2
    assert "30min, 2h, 7d" in done.stderr

"""`tintype jobs`."""

import json

import pytest

from tests.support.command import tintype
from tests.support.terminal import at_terminal
from tests.support.troubled import PICTURE, TroubledService

NO_JOB = "job_" + "a" * 26


@pytest.fixture
def url(troubled: TroubledService) -> tuple[str, str]:
    return "--url", troubled.url


def test_jobs_are_listed_as_plain_lines_in_a_pipe(
    troubled: TroubledService, url: tuple[str, str]
) -> None:
    short, long = troubled.dead("a.jpg", f"{'long ' * 30}.jpg")
    done = tintype("jobs", "--limit", "2", *url)
    assert done.returncode == 0, done.stderr
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert [row[0] for row in rows] == [long["job"]["id"], short["job"]["id"]]
    assert rows[1][1:3] == ["dead", "1"]
    assert rows[1][4] == short["key"]
    assert not any(field != field.strip() for row in rows for field in row)


def test_a_terminal_gets_a_table_that_keeps_ids_whole(
    troubled: TroubledService, url: tuple[str, str]
) -> None:
    _, image = troubled.dead("short.jpg", f"{'long ' * 30}.jpg")
    status, shown = at_terminal("jobs", "--limit", "1", *url)
    assert status == 0
    assert shown.splitlines()[0].split() == ["job", "status", "tries", "age", "original"]
    assert image["job"]["id"] in shown
    assert max(map(len, shown.splitlines())) <= 80
    assert "--limit 2" in shown


def test_a_list_goes_over_pages_and_states(troubled: TroubledService, url: tuple[str, str]) -> None:
    for number in range(3):
        troubled.upload(f"{number}.jpg", PICTURE, wait="60")
    page = json.loads(tintype("jobs", "--limit", "2", "--json", *url).stdout)
    assert len(page["items"]) == 2
    assert page["next"]
    done = json.loads(tintype("jobs", "--state", "done", "--json", *url).stdout)["items"]
    assert {job["status"] for job in done} == {"done"}
    empty = tintype("jobs", "--state", "gone", *url)
    assert (empty.stdout, empty.stderr) == ("", "no job is gone\n")


def test_a_job_is_shown_with_its_story(troubled: TroubledService, url: tuple[str, str]) -> None:
    (image,) = troubled.dead("story.jpg")
    job_id = image["job"]["id"]
    done = tintype("jobs", "show", job_id, *url)
    assert done.returncode == 0, done.stderr
    told = dict(line.split("\t", 1) for line in done.stdout.splitlines() if "\t" in line)
    assert told["job"] == job_id
    assert told["status"] == "dead"
    assert told["error"].startswith("store_failed: ")
    assert told["brought by"] == "upload, name story.jpg"
    assert "store_failed" in told["1"]
    assert told["record"].startswith("failed\t")
    assert json.loads(tintype("jobs", "show", job_id, "--json", *url).stdout)["id"] == job_id


def test_the_tries_of_a_job_are_counted_without_gaps_and_the_forgiven_are_marked(
    troubled: TroubledService, url: tuple[str, str]
) -> None:
    (image,) = troubled.dead("tries.jpg")
    job_id = image["job"]["id"]
    with troubled.paused():
        troubled.act(f"/v1/jobs/{job_id}/retry")
        troubled.act(f"/v1/jobs/{job_id}/cancel")
        troubled.act(f"/v1/jobs/{job_id}/retry")
    job = troubled.becomes(job_id, "done")
    assert [each["number"] for each in job["history"]] == [1, 3]
    shown = tintype("jobs", "show", job_id, *url).stdout.splitlines()
    tries = [line.split("\t") for line in shown if line.startswith(("1", "2", "3"))]
    assert [each[0] for each in tries] == ["1 (forgiven)", "2"]
    assert [each[-1] == "well" for each in tries] == [False, True]


def test_jobs_are_retried_one_by_one(troubled: TroubledService, url: tuple[str, str]) -> None:
    ids = [image["job"]["id"] for image in troubled.dead("b.jpg", "c.jpg")]
    done = tintype("jobs", "retry", ids[0], NO_JOB, ids[1], *url)
    assert done.returncode == 1
    assert [line.split()[0] for line in done.stdout.splitlines()] == ids
    assert done.stderr.startswith(f"{NO_JOB}:\n")
    assert "There is no such job." in done.stderr
    for job_id in ids:
        troubled.becomes(job_id, "done")
    again = tintype("jobs", "retry", ids[0], "--json", *url)
    assert again.returncode == 0
    assert json.loads(again.stdout)["id"] == ids[0]
    troubled.becomes(ids[0], "done")


def test_the_queue_is_held_up_and_jobs_are_called_off(
    troubled: TroubledService, url: tuple[str, str]
) -> None:
    troubled.act("/v1/dead-letters/drop", {"all": True})
    with troubled.paused():
        held = tintype("jobs", "pause", *url)
        assert held.stdout == "queue, paused: 0 waiting, 0 running, 0 dead letters\n"
        image = troubled.upload("off.jpg", PICTURE)
        standing = tintype("status", *url).stdout.splitlines()[0]
        assert standing.startswith("queue, paused: 1 waiting (the oldest for ")
        job_id = troubled.image(image["id"])["job"]["id"]
        done = tintype("jobs", "cancel", job_id, *url)
        assert (done.returncode, done.stdout) == (0, f"{job_id} dead\n")
    resumed = json.loads(tintype("jobs", "resume", "--json", *url).stdout)
    assert resumed["paused"] is False


@pytest.mark.parametrize(("job_id", "told"), [("../queue", "is no id"), (NO_JOB, "no such job")])
def test_an_id_never_leads_elsewhere(url: tuple[str, str], job_id: str, told: str) -> None:
    for command, status in ((("jobs", "show"), 2), (("jobs", "retry"), 1), (("jobs", "cancel"), 1)):
        done = tintype(*command, job_id, *url)
        assert (done.returncode, done.stdout) == (status, "")
        assert told in done.stderr


@pytest.mark.parametrize("command", [("dead", "show"), ("status",)])
def test_the_id_of_anything_leads_nowhere_else(
    url: tuple[str, str], command: tuple[str, ...]
) -> None:
    done = tintype(*command, "..", *url)
    assert (done.returncode, done.stdout) == (2, "")
    assert "'..' is no id" in done.stderr


def test_what_is_no_id_holds_up_none_of_the_others(
    troubled: TroubledService, url: tuple[str, str]
) -> None:
    (image,) = troubled.dead("after.jpg")
    done = tintype("jobs", "retry", "a/b", image["job"]["id"], *url)
    assert done.returncode == 1
    assert "'a/b' is no id" in done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == [image["job"]["id"]]
    troubled.becomes(image["job"]["id"], "done")


def test_options_before_a_command_are_not_lost_silently(url: tuple[str, str]) -> None:
    done = tintype("jobs", *url, "pause")
    assert done.returncode == 2
    assert "Options go behind `pause`." in done.stderr

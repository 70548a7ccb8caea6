"""Jobs over HTTP: their history, asking for them again, calling them off."""

import pytest

from tests.support.troubled import PICTURE, TroubledService

NO_JOB = "job_" + "a" * 26


def test_a_job_tells_every_attempt_and_what_brought_it(troubled: TroubledService) -> None:
    (image,) = troubled.dead("history.jpg")
    job_id = image["job"]["id"]
    with troubled.trouble():
        troubled.act(f"/v1/jobs/{job_id}/retry")
        job = troubled.becomes(job_id, "dead")
    assert [each["number"] for each in job["history"]] == [1, 2]
    assert [each["forgiven"] for each in job["history"]] == [True, False]
    assert {each["error"]["code"] for each in job["history"]} == {"store_failed"}
    assert all(each["started_at"] <= each["finished_at"] for each in job["history"])
    assert job["event"]["source"] == "upload"
    assert job["event"]["content"]["name"] == "history.jpg"
    assert job["priority"] == "normal"


def test_a_job_that_went_well_tells_its_only_attempt(troubled: TroubledService) -> None:
    sent = troubled.upload("well.jpg", PICTURE, priority="high", wait="60")
    job = troubled.get(f"/v1/jobs/{sent['job']['id']}")
    assert job["priority"] == "high"
    (attempt,) = job["history"]
    assert (attempt["number"], attempt["error"]) == (1, None)


def test_a_retry_makes_a_dead_job_again(troubled: TroubledService) -> None:
    (image,) = troubled.dead("again.jpg")
    job_id = image["job"]["id"]
    response = troubled.client.post(f"/v1/jobs/{job_id}/retry")
    assert response.status_code == 202
    assert response.json()["id"] == job_id
    assert response.json()["status"] in ("queued", "running", "done")
    job = troubled.becomes(job_id, "done")
    assert [each["error"] is None for each in job["history"]] == [False, True]
    assert troubled.image(image["id"])["variants"]


def test_a_job_that_waits_can_be_called_off_and_taken_up_again(troubled: TroubledService) -> None:
    with troubled.paused():
        image = troubled.upload("off.jpg", PICTURE)
        job_id = troubled.image(image["id"])["job"]["id"]
        again = troubled.client.post(f"/v1/jobs/{job_id}/retry")
        assert (again.status_code, again.json()["code"]) == (409, "job_active")
        cancelled = troubled.act(f"/v1/jobs/{job_id}/cancel")
        assert (cancelled["status"], cancelled["error"]["code"]) == ("dead", "cancelled")
        twice = troubled.client.post(f"/v1/jobs/{job_id}/cancel")
        assert (twice.status_code, twice.json()["code"]) == (409, "job_ended")
        letters = troubled.get("/v1/dead-letters")["items"]
        assert job_id not in [letter["job_id"] for letter in letters]
        troubled.act(f"/v1/jobs/{job_id}/retry")
    job = troubled.becomes(job_id, "done")
    (listed,) = (each for each in troubled.get("/v1/jobs")["items"] if each["id"] == job_id)
    assert [(each["tries"], each["attempts"]) for each in (job, listed)] == [(1, 2), (1, 2)]
    (attempt,) = job["history"]
    assert (attempt["number"], attempt["ordinal"], attempt["forgiven"]) == (2, 1, False)


def test_a_job_of_a_replaced_original_stays_as_it_is(troubled: TroubledService) -> None:
    (image,) = troubled.dead("old.jpg")
    troubled.upload("old.jpg", PICTURE + b"\0", key=image["key"], wait="60")
    response = troubled.client.post(f"/v1/jobs/{image['job']['id']}/retry")
    assert (response.status_code, response.json()["code"]) == (409, "job_outdated")


@pytest.mark.parametrize("action", ["retry", "cancel"])
def test_what_is_no_job_cannot_be_acted_on(troubled: TroubledService, action: str) -> None:
    response = troubled.client.post(f"/v1/jobs/{NO_JOB}/{action}")
    assert (response.status_code, response.json()["code"]) == (404, "job_not_found")


def test_an_upload_with_an_unknown_priority_is_refused(troubled: TroubledService) -> None:
    response = troubled.client.post("/v1/images", params={"priority": "urgent"}, content=PICTURE)
    assert response.status_code == 400
    assert response.json()["detail"].startswith("priority: ")

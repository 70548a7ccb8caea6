"""Dead letters over HTTP."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

import pytest

from tests.support.troubled import TroubledService
from tintype.entrypoints.http import letters
from tintype.entrypoints.http.selection import Selection
from tintype.errors import (
    KeyInvalidError,
    KeyTakenError,
    StoreFailedError,
    TimedOutError,
    TintypeError,
)
from tintype.model import Failure
from tintype.ports.catalog import Which

PATH = "/v1/dead-letters"
NO_JOB = "job_" + "a" * 26


@pytest.fixture(autouse=True)
def clean(troubled: TroubledService) -> Iterator[None]:
    yield
    troubled.act(f"{PATH}/drop", {"all": True})


def listed(troubled: TroubledService, **params: str) -> list[str]:
    return [each["key"] for each in troubled.get(PATH, **params)["items"]]


def test_a_dead_letter_is_listed_with_its_reason(troubled: TroubledService) -> None:
    (image,) = troubled.dead("a.jpg")
    (letter,) = troubled.get(PATH)["items"]
    detail = image["error"]["detail"]
    assert letter == {
        "job_id": image["job"]["id"],
        "image_id": image["id"],
        "key": image["key"],
        "code": "store_failed",
        "detail": detail,
        "attempts": 1,
        "failed_at": letter["failed_at"],
    }
    assert datetime.fromisoformat(letter["failed_at"]).tzinfo


def test_one_dead_letter_tells_each_attempt_the_event_and_a_hint(
    troubled: TroubledService,
) -> None:
    (image,) = troubled.dead("b.jpg")
    (summary,) = troubled.get(PATH)["items"]
    letter = troubled.get(f"{PATH}/{image['job']['id']}")
    assert {name: letter[name] for name in summary} == summary
    assert [each["error"]["code"] for each in letter["history"]] == ["store_failed"]
    assert letter["event"]["content"]["name"] == "b.jpg"
    assert letter["hint"].startswith("Look at the store")


@pytest.mark.parametrize("job_id", [NO_JOB, "nonsense", "%20"])
def test_what_is_no_dead_letter_is_not_found(troubled: TroubledService, job_id: str) -> None:
    response = troubled.client.get(f"{PATH}/{job_id}")
    assert (response.status_code, response.json()["code"]) == (404, "dead_letter_not_found")


def test_dead_letters_are_listed_by_code_prefix_and_time_page_by_page(
    troubled: TroubledService,
) -> None:
    keys = [image["key"] for image in troubled.dead("c/1.jpg", "c/2.jpg", "d.jpg")]
    assert set(listed(troubled)) == set(keys)
    assert set(listed(troubled, code="store_failed")) == set(keys)
    assert listed(troubled, code="timed_out") == []
    assert listed(troubled, prefix=keys[2]) == [keys[2]]
    letters = troubled.get(PATH)["items"]
    newest = letters[0]["failed_at"]
    after = (datetime.fromisoformat(newest) + timedelta(microseconds=1)).isoformat()
    assert set(listed(troubled, to=after)) == set(keys)
    assert listed(troubled, **{"from": after}) == []
    assert newest not in [each["failed_at"] for each in troubled.get(PATH, to=newest)["items"]]
    first = troubled.get(PATH, limit="2")
    rest = troubled.get(PATH, limit="2", cursor=first["next"])
    assert [*first["items"], *rest["items"]] == letters
    assert rest["next"] is None


def test_a_redrive_of_one_job_makes_it_again(troubled: TroubledService) -> None:
    one, other = troubled.dead("e.jpg", "f.jpg")
    named = {"job_ids": [one["job"]["id"], NO_JOB, one["job"]["id"]]}
    answer = troubled.act(f"{PATH}/redrive", named)
    assert answer == {"redriven": 1, "more": False, "missing": [NO_JOB]}
    troubled.becomes(one["job"]["id"], "done")
    assert listed(troubled) == [other["key"]]


def test_a_redrive_of_all_makes_all_again(troubled: TroubledService) -> None:
    images = troubled.dead("g.jpg", "h.jpg", "i.jpg")
    answer = troubled.act(f"{PATH}/redrive", {"all": True})
    assert answer == {"redriven": 3, "more": False, "missing": []}
    for image in images:
        assert troubled.settled(image["id"])["status"] == "done"


def test_a_drop_takes_those_that_match_off_the_list(troubled: TroubledService) -> None:
    one, other = troubled.dead("j.jpg", "k.jpg")
    answer = troubled.act(f"{PATH}/drop", {"prefix": one["key"], "code": "store_failed"})
    assert answer == {"dropped": 1, "more": False, "missing": []}
    assert listed(troubled) == [other["key"]]
    assert troubled.image(one["id"])["status"] == "dead"


@pytest.mark.parametrize("action", ["redrive", "drop"])
@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "not JSON"),
        (b"all", "not JSON"),
        (b"null", "Say which"),
        (b"[]", "Say which"),
        (b"{}", "Say which"),
        (b'{"all": false}', "all: can only be true"),
        (b'{"all": 1}', "all: "),
        (b'{"all": true, "code": "timed_out"}', "code: "),
        (b'{"job_ids": []}', "job_ids: "),
        (b'{"job_ids": ["no sense"]}', "job_ids.0: "),
        (b'{"job_ids": "%b"}' % NO_JOB.encode(), "job_ids: "),
        (b'{"code": null}', "code: "),
        (b'{"code": ""}', "code: "),
        (b'{"prefix": ""}', "prefix: "),
        (b'{"prefix": "a\\u0000"}', "prefix: "),
        (b'{"from": null}', "from: "),
        (b'{"from": 5}', "from: must be a date"),
        (b'{"to": "2026-01-01T00:00:00"}', "to: must be a date"),
        (b'{"until": "2026-01-01"}', "until: "),
        (b'{"prefix": "' + b"a" * 100_000 + b'"}', "longer than"),
    ],
)
def test_a_body_that_selects_nothing_changes_nothing(
    troubled: TroubledService, action: str, body: bytes, told: str
) -> None:
    response = troubled.client.post(f"{PATH}/{action}", content=body)
    assert (response.status_code, response.json()["code"]) == (400, "parameter_invalid")
    assert told in response.json()["detail"]


@pytest.mark.parametrize(
    "params", [{"code": "A B"}, {"prefix": "\0"}, {"from": "soon"}, {"cursor": "x"}, {"limit": "0"}]
)
def test_a_wrong_filter_is_refused(troubled: TroubledService, params: Mapping[str, str]) -> None:
    response = troubled.client.get(PATH, params=params)
    assert (response.status_code, response.json()["code"]) == (400, "parameter_invalid")


def test_a_foreign_page_redrives_nothing(troubled: TroubledService) -> None:
    headers = {"Origin": "https://evil.example"}
    response = troubled.client.post(f"{PATH}/redrive", json={"all": True}, headers=headers)
    assert (response.status_code, response.json()["code"]) == (403, "cross_site")


class Pile:
    """So many dead letters, and what was asked of them."""

    def __init__(self, left: int) -> None:
        self.left = left
        self.asked: list[int] = []

    def take(self, _: Which, limit: int) -> int:
        taken = min(limit, self.left)
        self.left -= taken
        self.asked.append(limit)
        return taken


@pytest.mark.parametrize(
    ("there", "expected", "left"),
    [
        (0, (0, False), 0),
        (250, (250, False), 0),
        (1000, (1000, True), 0),
        (1300, (1000, True), 300),
    ],
)
def test_one_request_changes_at_most_a_thousand_in_small_transactions(
    there: int, expected: tuple[int, bool], left: int
) -> None:
    pile = Pile(there)
    count, more, missing = letters._change(pile.take, Selection())
    assert (count, more, missing) == (*expected, [])
    assert pile.left == left
    assert max(pile.asked) <= 200


def test_every_code_of_a_failure_has_the_hint_of_its_class() -> None:
    for kind in (StoreFailedError, TimedOutError):
        assert letters._hint(Failure(kind.code, "")) == kind.hint
    assert letters._hint(Failure("unheard_of", "")) == ""
    assert letters._hint(None) == ""


@pytest.mark.parametrize("kind", [KeyInvalidError, KeyTakenError])
def test_a_key_that_a_variant_cannot_have_is_mended_in_the_recipe(
    kind: type[TintypeError],
) -> None:
    hint = letters._hint(Failure(kind.code, ""))
    assert "recipe" in hint
    assert "send the original again" in hint
    assert hint != kind.hint  # that one is for whoever sends an original under a key

"""Delivery of variants: validators, ranges, caching, downloads."""

import time
from typing import Any

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.photographs import encoded, photograph
from tests.support.service import RunningService
from tintype.entrypoints.http.delivery import attachment, byte_range
from tintype.errors import RangeInvalidError


@pytest.fixture(scope="module")
def image(service: RunningService) -> dict[str, Any]:
    return service.upload("delivered é.jpg", encoded(photograph(900, 700)), wait="60")


@pytest.fixture(scope="module")
def url(image: dict[str, Any]) -> str:
    address: str = image["variants"][0]["url"]
    return address


@pytest.fixture(scope="module")
def content(service: RunningService, url: str) -> bytes:
    return service.client.get(url).content


def test_a_variant_says_all_that_caches_and_browsers_need(
    service: RunningService, image: dict[str, Any], url: str
) -> None:
    response = service.client.get(url)
    assert response.status_code == 200
    headers = response.headers
    assert headers["content-type"] == "image/jpeg"
    assert int(headers["content-length"]) == image["variants"][0]["bytes"]
    assert headers["etag"].startswith('"')
    assert headers["cache-control"].startswith("public, max-age=300")
    assert headers["accept-ranges"] == "bytes"
    assert headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in headers["content-security-policy"]
    assert "content-disposition" not in headers


def test_head_says_the_same_without_the_content(service: RunningService, url: str) -> None:
    whole, head = service.client.get(url), service.client.head(url)
    assert head.status_code == 200
    assert head.content == b""
    ignored = {"date"}
    assert {k: v for k, v in head.headers.items() if k not in ignored} == {
        k: v for k, v in whole.headers.items() if k not in ignored
    }


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
def test_a_client_that_has_it_is_told_so(service: RunningService, url: str, form: str) -> None:
    etag = service.client.head(url).headers["etag"]
    response = service.client.get(url, headers={"If-None-Match": form.format(etag)})
    assert response.status_code == 304
    assert response.content == b""
    assert response.headers["etag"] == etag


def test_a_client_that_has_something_else_gets_it(
    service: RunningService, url: str, content: bytes
) -> None:
    response = service.client.get(url, headers={"If-None-Match": '"other"'})
    assert response.content == content


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("0-9", 0, 10), ("100-", 100, None), ("-50", -50, None), ("5-99999999", 5, None)],
)
def test_a_range_is_served(
    service: RunningService, url: str, content: bytes, asked: str, start: int, end: int | None
) -> None:
    response = service.client.get(url, headers={"Range": f"bytes={asked}"})
    assert response.status_code == 206
    assert response.content == content[start:end]
    first = start % len(content)
    last = first + len(response.content) - 1
    assert response.headers["content-range"] == f"bytes {first}-{last}/{len(content)}"


def test_a_range_of_another_version_is_not_served(
    service: RunningService, url: str, content: bytes
) -> None:
    etag = service.client.head(url).headers["etag"]
    for validator, status in ((etag, 206), ('"other"', 200), (f"W/{etag}", 200)):
        headers = {"Range": "bytes=0-9", "If-Range": validator}
        response = service.client.get(url, headers=headers)
        assert response.status_code == status
        assert response.content == (content[:10] if status == 206 else content)


def test_a_range_beyond_the_end_names_the_size(
    service: RunningService, url: str, content: bytes
) -> None:
    response = service.client.get(url, headers={"Range": f"bytes={len(content)}-"})
    assert response.status_code == 416
    assert response.headers["content-range"] == f"bytes */{len(content)}"
    assert response.json()["code"] == "range_invalid"


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,5-6", "bytes=9-3", "lines=1-2", "bytes=a-b", "bytes=-"]
)
def test_a_range_that_cannot_be_read_gives_the_whole(
    service: RunningService, url: str, content: bytes, asked: str
) -> None:
    response = service.client.get(url, headers={"Range": asked})
    assert response.status_code == 200
    assert response.content == content


@given(st.integers(0, 50), st.integers(0, 50), st.integers(1, 40))
def test_a_range_lies_within_the_object(first: int, last: int, size: int) -> None:
    try:
        found = byte_range(f"bytes={first}-{last}", size)
    except RangeInvalidError:
        assert first >= size
        return
    if first > last:
        assert found is None
    else:
        assert found == (first, min(last + 1, size))


def test_the_last_no_bytes_are_no_range() -> None:
    with pytest.raises(RangeInvalidError):
        byte_range("bytes=-0", 10)


def test_a_download_is_an_attachment_under_its_name(service: RunningService, url: str) -> None:
    disposition = service.client.get(f"{url}?download").headers["content-disposition"]
    assert disposition == (
        "attachment; filename=\"delivered _.jpg\"; filename*=UTF-8''delivered%20%C3%A9.jpg"
    )


@given(st.text(max_size=60))
def test_no_name_breaks_out_of_the_disposition(name: str) -> None:
    value = attachment(name)
    assert value.isascii()
    assert value.isprintable()
    assert value.count('"') == 2
    plain, _, extended = value.removeprefix('attachment; filename="').partition('"; filename*=')
    assert "\\" not in plain
    assert ";" not in extended
    assert " " not in extended


def test_a_name_cannot_hide_its_extension() -> None:
    assert "%E2%80%AE" not in attachment("photo\u202egpj.exe")


def test_a_variant_that_is_still_to_come_says_when_to_ask_again(service: RunningService) -> None:
    answers = [
        service.upload(f"soon-{n}.jpg", encoded(photograph(1600, 1000, seed=n)))["variants"]
        for n in range(8)
    ]
    response = service.client.get(answers[-1]["200x150"])
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["code"] == "variant_not_ready"
    assert response.headers["retry-after"] == "1"


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/i/800x600/img_nobody", "image_not_found"),
        ("/i/800x600/originals/nothing.jpg", "image_not_found"),
        ("/800x600/nothing.jpg", "variant_not_found"),
        ("/favicon.ico", "variant_not_found"),
        ("/%ff%fe", "variant_not_found"),
        ("/..%2f..%2fetc%2fpasswd", "variant_not_found"),
        ("/v1/nothing", "not_found"),
        ("/static/nothing.js", "not_found"),
        ("/static/..%2ftemplates/home.html", "not_found"),
    ],
)
def test_what_is_not_there_is_a_problem(service: RunningService, path: str, code: str) -> None:
    response = service.client.get(path)
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["code"] == code


def test_an_unknown_variant_of_an_image_is_a_problem(
    service: RunningService, image: dict[str, Any]
) -> None:
    response = service.client.get(f"/i/1x1/{image['id']}")
    assert response.status_code == 404
    assert response.json()["code"] == "variant_not_found"


def test_a_replaced_variant_has_another_tag_at_the_same_address(service: RunningService) -> None:
    tags = set()
    for seed in range(2):
        content = encoded(photograph(900, 700, seed=seed))
        made = service.upload("", content, key="originals/tagged.jpg", wait="60")
        tags.add(service.client.head(made["variants"][0]["url"]).headers["etag"])
    assert len(tags) == 2


def test_a_large_variant_arrives_whole_and_a_client_that_leaves_costs_nothing(
    service: RunningService,
) -> None:
    content = encoded(photograph(900, 700), "PNG")
    large = service.upload("large.png", content, wait="60")["variants"][0]
    assert large["bytes"] > 300_000  # more than one chunk of the store
    assert len(service.client.get(large["url"]).content) == large["bytes"]
    process = psutil.Process(service.process.pid)
    for _ in range(10):
        with service.client.stream("GET", large["url"]) as response:
            next(response.iter_raw(10))
    deadline = time.monotonic() + 10
    while any(file.path.endswith("large.png") for file in process.open_files()):
        assert time.monotonic() < deadline

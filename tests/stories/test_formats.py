"""A shop that serves each client the best format it knows, from one address."""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.support.browser import complaints_of, launched, visiting
from tests.support.command import tintype
from tests.support.photographs import encoded, photograph
from tests.support.service import RunningService

RECIPE = """
version: 1
name: shop
variants:
  - name: thumb
    operations: [{resize: {width: 120, height: 90}}]
    output: {formats: [avif, webp, jpeg]}
  - name: page
    operations: [{resize: {width: 200, fit: inside}}]
    key: "docs/{name}.{ext}"
    output: {formats: [webp, same]}
delivery: {access: %s}
"""
CHROME = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
SAFARI = "image/webp,image/png,image/svg+xml,image/*;q=0.8,video/*;q=0.8,*/*;q=0.5"


def running(folder: Path, access: str, *, auth: bool = False) -> RunningService:
    recipe = folder / "shop.yaml"
    recipe.write_text(RECIPE % access)
    return RunningService(recipe, folder / "data", auth=auth)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    started = running(tmp_path_factory.mktemp("formats"), "public")
    yield started
    assert started.stop() == 0


@pytest.fixture(scope="module")
def image(service: RunningService) -> dict[str, Any]:
    return service.upload("lamp.png", encoded(photograph(400, 300), "PNG"), wait="60")


@pytest.fixture(scope="module")
def address(image: dict[str, Any]) -> str:
    return f"/i/thumb/{image['id']}"


def test_the_image_lists_every_format_with_an_address_of_its_own(
    service: RunningService, image: dict[str, Any]
) -> None:
    listed = [(made["name"], made["format"], made["key"]) for made in image["variants"]]
    assert listed == [
        ("thumb", "avif", "thumb/lamp.avif"),
        ("thumb", "webp", "thumb/lamp.webp"),
        ("thumb", "jpeg", "thumb/lamp.jpg"),
        ("page", "webp", "docs/lamp.webp"),
        ("page", "png", "docs/lamp.png"),
    ]
    for made in image["variants"]:
        for accept in (CHROME, "image/jpeg", "*/*"):
            answer = service.client.get(made["url"], headers={"Accept": accept}).raise_for_status()
            assert answer.headers["content-type"] == f"image/{made['format']}"
            assert "vary" not in answer.headers
        with Image.open(io.BytesIO(answer.content)) as picture:
            assert (picture.format or "").lower() == made["format"]
            assert picture.size == (made["width"], made["height"])
        assert len(answer.content) == made["bytes"]


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (CHROME, "avif"),
        (SAFARI, "webp"),
        ("*/*", "jpeg"),
        ("image/avif;q=0.2, image/jpeg;q=0.4", "jpeg"),
        ("text/html", "jpeg"),
        ("", "jpeg"),
    ],
)
def test_a_client_gets_what_it_takes(
    service: RunningService, address: str, accept: str, chosen: str
) -> None:
    answer = service.client.get(address, headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == f"image/{chosen}"
    assert answer.headers["vary"] == "Accept"
    assert answer.headers["cache-control"].startswith("public, max-age=300")
    with Image.open(io.BytesIO(answer.content)) as picture:
        assert (picture.format or "").lower() == chosen


def test_a_client_that_sends_no_such_header_gets_what_everybody_shows(
    service: RunningService, address: str
) -> None:
    request = service.client.build_request("GET", address)
    del request.headers["accept"]
    assert service.client.send(request).headers["content-type"] == "image/jpeg"


def test_two_such_headers_are_one(service: RunningService, address: str) -> None:
    headers = [("Accept", "image/jpeg;q=0.5"), ("Accept", "image/webp")]
    answer = service.client.get(address, headers=headers)
    assert answer.headers["content-type"] == "image/webp"


def test_each_format_has_its_own_tag_head_and_ranges(service: RunningService, address: str) -> None:
    tags = {}
    for accept in (CHROME, SAFARI, "*/*"):
        headers = {"Accept": accept}
        whole = service.client.get(address, headers=headers)
        head = service.client.head(address, headers=headers)
        ignored = {"date"}
        assert {k: v for k, v in head.headers.items() if k not in ignored} == {
            k: v for k, v in whole.headers.items() if k not in ignored
        }
        tag = tags[whole.headers["content-type"]] = whole.headers["etag"]
        part = service.client.get(
            address, headers=headers | {"Range": "bytes=5-14", "If-Range": tag}
        )
        assert (part.status_code, part.content) == (206, whole.content[5:15])
        assert part.headers["vary"] == "Accept"
        beyond = service.client.get(address, headers=headers | {"Range": "bytes=9999999-"})
        assert beyond.headers["content-range"] == f"bytes */{len(whole.content)}"
    assert len(tags) == len(set(tags.values())) == 3
    for media_type, tag in tags.items():
        has = {"If-None-Match": tag}
        same = service.client.get(address, headers={"Accept": media_type} | has)
        assert (same.status_code, same.headers["etag"]) == (304, tag)
        assert same.headers["vary"] == "Accept"
        for other in tags.keys() - {media_type}:
            answer = service.client.get(address, headers={"Accept": other} | has)
            assert (answer.status_code, answer.headers["content-type"]) == (200, other)


def test_one_format_may_be_asked_for(service: RunningService, address: str) -> None:
    for name in ("avif", "webp", "jpeg"):
        answer = service.client.get(f"{address}?format={name}", headers={"Accept": "image/webp"})
        assert answer.headers["content-type"] == f"image/{name}"
        assert "vary" not in answer.headers
    saved = service.client.get(f"{address}?format=webp&download")
    assert 'filename="lamp.webp"' in saved.headers["content-disposition"]
    missing = service.client.get(f"{address}?format=png")
    assert (missing.status_code, missing.json()["code"]) == (404, "variant_not_found")
    unknown = service.client.get(f"{address}?format=bmp")
    assert (unknown.status_code, unknown.json()["code"]) == (400, "parameter_invalid")


def test_a_variant_with_one_format_only_has_nothing_to_choose(service: RunningService) -> None:
    """`same` was a WebP here, which is in the list already."""
    content = encoded(photograph(400, 300), "WEBP")
    made = service.upload("webp.webp", content, wait="60")
    assert [each["format"] for each in made["variants"]] == ["avif", "webp", "jpeg", "webp"]
    answer = service.client.get(f"/i/page/{made['id']}", headers={"Accept": "image/png"})
    assert answer.headers["content-type"] == "image/webp"
    assert "vary" not in answer.headers


def test_people_and_scripts_see_every_format(
    service: RunningService, image: dict[str, Any]
) -> None:
    shown = tintype("status", image["id"], "--url", service.url).stdout
    rows = re.findall(r"^(thumb|page)\t\S+\t[^\t]+\t(\w+)\t", shown, re.MULTILINE)
    assert rows == [(each["name"], each["format"]) for each in image["variants"]]


def test_the_page_shows_a_variant_once_and_offers_all_its_formats(
    service: RunningService, image: dict[str, Any]
) -> None:
    with launched() as browser, visiting(browser) as context:
        page = context.new_page()
        complaints = complaints_of(page)
        page.goto(f"{service.url}/images/{image['id']}")
        pictures = page.locator("article figure img")
        pictures.evaluate_all("images => Promise.all(images.map(image => image.decode()))")
        sources = pictures.evaluate_all("images => images.map(image => image.currentSrc)")
        assert [each.rpartition("/")[2].partition("?")[0] for each in sources] == [
            "lamp.avif",
            image["id"],
        ]
        captions = page.locator("article figcaption .small").all_text_contents()
        assert [each.split(" · ")[1] for each in captions] == [
            "AVIF",
            "WEBP",
            "JPEG",
            "WEBP",
            "PNG",
        ]
        with page.expect_download() as saved:
            page.get_by_role("link", name="Download thumb of lamp.png as WEBP").click()
        assert saved.value.suggested_filename == "lamp.webp"
        assert complaints == []


def test_a_signed_address_is_for_its_format(tmp_path: Path) -> None:
    started = running(tmp_path, "signed", auth=True)
    first = re.search(r"tt_[\w-]{43}", started.welcome)
    assert first
    owner = {"Authorization": f"Bearer {first[0]}"}
    content = encoded(photograph(400, 300), "PNG")
    client = started.client
    image = client.post(
        "/v1/images", params={"name": "a.png"}, content=content, headers=owner
    ).json()
    negotiated = image["variants"]["thumb"]
    while client.get(negotiated).status_code == 404:
        pass
    answer = client.get(negotiated, headers={"Accept": SAFARI})
    assert answer.headers["content-type"] == "image/webp"
    assert answer.headers["vary"] == "Accept"
    assert answer.headers["cache-control"].startswith("private, max-age=")
    assert client.get(f"{negotiated}&format=webp").status_code == 403
    known = client.get(f"/i/thumb/{image['id']}", headers=owner | {"Accept": SAFARI})
    assert known.headers["vary"] == "Authorization, Cookie, Accept"
    made = client.get(f"/v1/images/{image['id']}", headers=owner).json()["variants"]
    inside = next(each["url"] for each in made if each["key"] == "docs/a.webp")
    assert "format=webp" in inside
    for accept in (CHROME, "image/png"):
        answer = client.get(inside, headers={"Accept": accept})
        assert answer.headers["content-type"] == "image/webp"
    for forged in (inside.replace("format=webp", "format=png"), inside.replace("format=webp&", "")):
        assert client.get(forged).status_code == 403
    one = tintype(
        *("url", "thumb", image["id"], "--format", "avif"),
        *("--data", started.data, "--url", started.url),
    ).stdout.strip()
    assert client.get(one).headers["content-type"] == "image/avif"
    assert started.stop() == 0

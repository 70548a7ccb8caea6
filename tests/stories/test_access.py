"""The story of a key: made, used, watched, revoked; and of the addresses it is given."""

import json
import re
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.support.command import tintype
from tests.support.keys import new_key
from tests.support.photographs import encoded, photograph, write_photograph
from tests.support.service import RunningService
from tintype.bootstrap import open_access
from tintype.settings import load_settings

RECIPE = """
version: 1
name: shop
variants:
  - name: small
    operations: [{resize: {width: 120}}]
    key: "small/{filename}"
delivery: {access: %s}
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    folder = tmp_path_factory.mktemp("shop")
    recipe = folder / "shop.yaml"
    recipe.write_text(RECIPE % "signed")
    running = RunningService(recipe, folder / "data", auth=True)
    yield running
    assert running.stop() == 0
    assert not re.search(r"tt_[\w-]{43}|sig=[\w-]{43}|token=[\w-]{43}", running.log())


def keys(service: RunningService, *arguments: str) -> str:
    """What a `tintype keys` command prints."""
    done = tintype("keys", *arguments, "--data", service.data)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def listed(service: RunningService, key_id: str) -> dict[str, str]:
    items = json.loads(keys(service, "list", "--json"))["items"]
    return next(item for item in items if item["id"] == key_id)


def test_a_key_from_its_making_to_its_end(service: RunningService, tmp_path: Path) -> None:
    made = json.loads(
        keys(service, "create", "shop", "--scope", "upload", "--scope", "read", "--json")
    )
    environ = {"TINTYPE_URL": service.url, "TINTYPE_KEY": made["key"]}
    assert listed(service, made["id"])["last_used_at"] is None

    photo = write_photograph(tmp_path / "lamp.jpg", 300, 200)
    sent = tintype("put", photo, "--wait", "--json", environ=environ)
    assert sent.returncode == 0, sent.stderr
    image = json.loads(sent.stdout)
    assert tintype("status", image["id"], environ=environ).returncode == 0
    assert listed(service, made["id"])["last_used_at"] is not None

    with httpx.Client(base_url=service.url) as client:
        client.headers["Authorization"] = f"Bearer {made['key']}"
        job = client.get(f"/v1/jobs/{image['job']['id']}").raise_for_status()
        assert made["id"] in job.text  # who sent it is kept
        refused = client.post(f"/v1/jobs/{image['job']['id']}/retry")
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")

    keys(service, "revoke", "shop")
    assert listed(service, made["id"])["state"] == "revoked"
    # The service has noticed after three seconds; signed addresses live on.
    for _ in range(100):
        after = tintype("status", image["id"], environ=environ)
        if after.returncode != 0:
            break
    assert "opens nothing" in after.stderr
    assert httpx.get(image["variants"][0]["url"]).status_code == 200


def test_without_a_key_a_command_says_what_to_do(service: RunningService) -> None:
    done = tintype("status", environ={"TINTYPE_URL": service.url})
    assert done.returncode == 2
    assert "This needs an API key." in done.stderr
    assert "tintype keys create" in done.stderr


def test_an_upload_without_a_key_is_refused_before_it_arrives(service: RunningService) -> None:
    connection = HTTPConnection(urlsplit(service.url).netloc, timeout=60)
    connection.putrequest("POST", "/v1/images?name=a.jpg")
    connection.putheader("Content-Length", "1000000")
    connection.endheaders()  # and not a byte of it
    answer = connection.getresponse()
    assert answer.status == 401
    assert answer.getheader("WWW-Authenticate") == "Bearer"
    connection.close()


@pytest.fixture(scope="module")
def admin(service: RunningService) -> httpx.Client:
    """A client that may do everything."""
    service.client.headers["Authorization"] = f"Bearer {new_key(service.data, 'admin')}"
    return service.client


def test_every_address_in_an_answer_works_as_it_is(
    service: RunningService, admin: httpx.Client
) -> None:
    accepted = service.upload("ü a+b'(1)&%41.jpg", encoded(photograph(300, 200)))
    image = service.settled(accepted["id"])
    given = [*accepted["variants"].values(), *(each["url"] for each in image["variants"])]
    given += [
        each["url"] for item in admin.get("/v1/images").json()["items"] for each in item["variants"]
    ]
    assert len(given) >= 3
    for address in given:
        answer = httpx.get(address)
        assert answer.status_code == 200, address
        assert answer.headers["content-type"] == "image/jpeg"
        cache = re.fullmatch(r"private, max-age=(\d+)", answer.headers["cache-control"])
        assert cache
        assert int(cache[1]) <= 300
        assert httpx.head(address).status_code == 200
        assert httpx.get(urlsplit(address)._replace(query="").geturl()).status_code == 403
    assert admin.get(accepted["status_url"]).status_code == 200


def test_an_address_is_the_same_for_a_while(service: RunningService, admin: httpx.Client) -> None:
    image = service.upload("same.jpg", encoded(photograph(300, 200)), wait="60")
    again = service.image(image["id"])["variants"][0]["url"]
    # Unless the quarter of a day has ended in between.
    assert again in (image["variants"][0]["url"], service.image(image["id"])["variants"][0]["url"])


def test_what_a_key_fetches_is_not_for_shared_caches(
    service: RunningService, admin: httpx.Client
) -> None:
    image = service.upload("mine.jpg", encoded(photograph(300, 200)), wait="60")
    path = f"/{image['variants'][0]['key']}"
    answer = admin.get(path)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "private, no-cache"
    assert answer.headers["vary"] == "Authorization, Cookie"
    known = admin.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert known.status_code == 304
    assert known.headers["cache-control"] == "private, no-cache"
    signed = httpx.get(image["variants"][0]["url"], headers={"Range": "bytes=0-9"})
    assert (signed.status_code, len(signed.content)) == (206, 10)


def test_signed_on_the_command_line(service: RunningService, admin: httpx.Client) -> None:
    image = service.upload("desk.jpg", encoded(photograph(300, 200)), wait="60")
    key = image["variants"][0]["key"]
    environ = {"TINTYPE_DATA": str(service.data), "TINTYPE_URL": service.url}
    usual = tintype("url", key, environ=environ).stdout.strip()
    # Unless a quarter of the lifetime has just begun.
    assert usual in (image["variants"][0]["url"], service.image(image["id"])["variants"][0]["url"])
    by_image = tintype("url", "small", image["id"], "--expires", "1h", environ=environ)
    assert httpx.get(by_image.stdout.strip()).status_code == 200
    saved = tintype("url", f"/{key}", "--download", "--json", environ=environ)
    answer = httpx.get(json.loads(saved.stdout)["url"])
    assert answer.headers["content-disposition"].startswith('attachment; filename="desk.jpg"')


def test_an_address_outlives_one_rotation_and_not_two(
    service: RunningService, admin: httpx.Client
) -> None:
    image = service.upload("turn.jpg", encoded(photograph(300, 200)), wait="60")
    old = image["variants"][0]["url"]
    keys(service, "rotate")
    with open_access(load_settings(data=service.data)) as authority:
        query = authority.links.sign(f"/{image['variants'][0]['key']}")
    new = f"{service.url}/{image['variants'][0]['key']}?{query}"
    assert new != old
    assert httpx.get(new).status_code == 200  # at once, though the service knew the old secret
    assert httpx.get(old).status_code == 200
    keys(service, "rotate")
    assert httpx.get(new).status_code == 200
    answer = httpx.get(old)  # a wrong signature makes the service read the secrets again
    for _ in range(1000):
        if answer.status_code == 403:
            break
        answer = httpx.get(old)
    assert answer.json()["code"] == "signature_invalid"


def test_private_variants_are_for_readers(tmp_path: Path) -> None:
    recipe = tmp_path / "private.yaml"
    recipe.write_text(RECIPE % "private")
    service = RunningService(recipe, tmp_path / "data", auth=True)
    sending, reading = (
        {"Authorization": f"Bearer {new_key(service.data, scope)}"} for scope in ("upload", "read")
    )
    content = encoded(photograph(300, 200))
    sent = httpx.post(f"{service.url}/v1/images?name=a.jpg", content=content, headers=sending)
    assert sent.status_code == 202
    service.client.headers.update(reading)
    address = service.settled(sent.json()["id"])["variants"][0]["url"]
    assert urlsplit(address).query == ""
    assert httpx.get(address).status_code == 401
    assert httpx.get(address, headers=sending).status_code == 403
    assert httpx.get(address, headers=reading).status_code == 200
    assert service.stop() == 0

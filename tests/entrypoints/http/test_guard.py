"""Who may ask, and what every response says."""

import httpx
import pytest
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from tests.support.asgi import ask
from tintype.entrypoints.http.guard import Guard, Origins


class Client:
    """Asks a guarded application in this process."""

    def __init__(self, app: Guard) -> None:
        self._app = app

    def get(self, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
        return ask(self._app, "GET", path, headers=headers)

    def post(self, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
        return ask(self._app, "POST", path, headers=headers)


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["path"] == "/broken":
        raise RuntimeError("/secret/path")
    await PlainTextResponse("fine")(scope, receive, send)


def client(public_url: str = "", *, keys_needed: bool = False) -> Client:
    return Client(Guard(answer, public_url=public_url, keys_needed=keys_needed))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:80", "[::1]:8080", "LOCALHOST:1"])
def test_the_names_of_this_machine_are_answered(host: str) -> None:
    assert client().get("/", headers={"Host": host}).text == "fine"


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "", "[", "localhost@evil"],
)
def test_other_names_are_refused(host: str) -> None:
    response = client().get("/", headers={"Host": host})
    assert response.status_code == 421
    assert response.json()["code"] == "host_refused"


@pytest.mark.parametrize("host", ["10.0.0.7:8080", "img.example.com", ""])
def test_where_keys_are_needed_any_name_will_do(host: str) -> None:
    assert client(keys_needed=True).get("/", headers={"Host": host}).text == "fine"


def test_the_public_url_is_a_name_too() -> None:
    public = client("https://img.example.com/photos")
    assert public.get("/", headers={"Host": "img.example.com"}).text == "fine"
    assert public.get("/", headers={"Host": "localhost"}).text == "fine"
    assert public.get("/", headers={"Host": "example.com"}).status_code == 421


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://localhost:8080"},
        {"Origin": "https://img.example.com"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
    ],
)
def test_programs_and_the_own_page_may_post(headers: dict[str, str]) -> None:
    assert client("https://img.example.com").post("/", headers=headers).text == "fine"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://evil.example"},
        {"Origin": "http://localhost:9090"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost:8080"},
    ],
)
def test_pages_of_other_sites_may_not_post(headers: dict[str, str]) -> None:
    for keys_needed in (False, True):
        response = client(keys_needed=keys_needed).post("/", headers=headers)
        assert response.status_code == 403
        assert response.json()["code"] == "cross_site"
        assert client(keys_needed=keys_needed).get("/", headers=headers).text == "fine"


@pytest.mark.parametrize(
    ("headers", "own"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, True),
        ({"Origin": "http://10.0.0.7:8080"}, True),
        ({"Origin": "https://10.0.0.7:8080"}, True),
        ({"Origin": "https://img.example.com"}, True),
        ({}, False),
        ({"Sec-Fetch-Site": "none"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "https://img.example.com"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": ""}, False),
        ({"Origin": "://"}, False),
        ({"Origin": "http://img.example.com"}, False),
        ({"Origin": "https://img.example.com.evil.example"}, False),
        ({"Origin": "http://["}, False),
    ],
)
def test_only_what_a_browser_says_of_its_own_page_counts(
    headers: dict[str, str], own: bool
) -> None:
    told = Headers({"host": "10.0.0.7:8080", **headers})
    assert Origins("https://img.example.com/photos").is_own(told) is own


@pytest.mark.parametrize("origin", ["", "://", "null", "http://", "https://"])
def test_without_any_name_no_origin_is_ones_own(origin: str) -> None:
    assert not Origins("").is_own(Headers({"origin": origin}))
    assert not Origins("").is_own(Headers({"origin": origin, "host": ""}))


def test_every_response_tells_browsers_to_be_careful() -> None:
    for response in (client().get("/"), client().get("/", headers={"Host": "evil"})):
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["referrer-policy"] == "same-origin"
        assert "default-src 'none'" in response.headers["content-security-policy"]


def test_what_nobody_foresaw_is_a_problem_without_details() -> None:
    response = client().get("/broken")
    assert response.status_code == 500
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["code"] == "internal"
    assert "secret" not in response.text

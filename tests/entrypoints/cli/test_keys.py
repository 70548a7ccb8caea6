"""`tintype keys` and `tintype url`, without a service: they ask the database."""

import json
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest

from tests.support.command import tintype
from tests.support.keys import new_key
from tintype.bootstrap import open_access
from tintype.model import ApiKey, Scope, new_key_id
from tintype.settings import load_settings

SECRET = re.compile(r"tt_[\w-]{43}")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_the_first_key_makes_the_database(data: Path) -> None:
    made = tintype(
        *("keys", "create", "shop", "--scope", "upload", "--scope", "read", "--expires", "90d"),
        *("--data", data),
    )
    assert made.returncode == 0, made.stderr
    assert SECRET.fullmatch(made.stdout.strip())  # a script takes it from there
    assert "it is not shown again" in made.stderr
    assert not SECRET.search(made.stderr)
    with open_access(load_settings(data=data)) as authority:
        key = authority.access.admit(made.stdout.strip())
    assert key.name == "shop"
    assert key.scopes == {Scope.UPLOAD, Scope.READ}
    assert key.expires_at
    assert abs(key.expires_at - key.created_at - timedelta(days=90)) < timedelta(minutes=1)


def test_every_key_is_listed_with_its_state_and_no_secret(data: Path) -> None:
    revoked, used = new_key(data, "admin"), new_key(data, "upload", "read")
    now = datetime.now(UTC)
    with open_access(load_settings(data=data)) as authority:
        authority.access.revoke(authority.access.admit(revoked).id)
        authority.access.admit(used)
        yesterday = now - timedelta(days=1)
        old = ApiKey(new_key_id(), "old", frozenset({Scope.READ}), yesterday, expires_at=now)
        authority.catalog.keep_key(old, "0" * 64)
    shown = tintype("keys", "list", "--data", data)
    assert shown.returncode == 0, shown.stderr
    rows = [line.split("\t") for line in shown.stdout.splitlines()]
    assert [row[1:3] for row in rows] == [
        ["active", "upload, read"],
        ["revoked", "admin"],
        ["expired", "read"],
    ]
    items = json.loads(tintype("keys", "list", "--data", data, "--json").stdout)["items"]
    assert [item["state"] for item in items] == ["active", "revoked", "expired"]
    assert [item["last_used_at"] is None for item in items] == [False, False, True]
    for secret in (revoked, used):
        assert secret not in shown.stdout
        assert secret not in json.dumps(items)


def test_a_key_is_revoked_by_its_name(data: Path) -> None:
    secret = new_key(data, "read")
    done = tintype("keys", "revoke", "test", "--json", "--data", data)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["state"] == "revoked"
    assert secret not in done.stdout
    unknown = tintype("keys", "revoke", "nobody", "--data", data)
    assert unknown.returncode == 2
    assert "There is no such API key" in unknown.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("create", "shop"),
        ("create", "shop", "--scope", "write"),
        ("create", "shop", "--scope", "read", "--expires", "soon"),
        ("create", "shop", "--scope", "read", "--expires", "0s"),
        ("create", "a\nb", "--scope", "read"),
    ],
)
def test_what_makes_no_key_is_said(data: Path, arguments: tuple[str, ...]) -> None:
    done = tintype("keys", *arguments, "--data", data)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_an_address_is_signed_for_the_path_below_the_public_url(data: Path) -> None:
    environ = {
        "TINTYPE_DATA": str(data),
        "TINTYPE_PUBLIC_URL": "https://img.example.com/photos/",
        "TINTYPE_URL": "http://127.0.0.1:1",
    }
    done = tintype("url", "800x600/ü a&b.jpg", "--expires", "1h", environ=environ)
    assert done.returncode == 0, done.stderr
    address = urlsplit(done.stdout.strip())
    assert f"{address.scheme}://{address.netloc}" == "https://img.example.com"
    assert unquote(address.path) == "/photos/800x600/ü a&b.jpg"
    with open_access(load_settings(data=data)) as authority:
        left = authority.links.verify("/800x600/ü a&b.jpg", parse_qsl(address.query))
    assert 3000 < left <= 3600


def test_an_address_says_until_when_it_is_good(data: Path) -> None:
    options = ("--data", data, "--url", "http://shop.example", "--json")
    answer = json.loads(tintype("url", "small", "img_a", "--download", *options).stdout)
    address = urlsplit(answer["url"])
    assert (address.netloc, address.path) == ("shop.example", "/i/small/img_a")
    query = dict(parse_qsl(address.query, keep_blank_values=True))
    assert query["download"] == ""
    assert datetime.fromisoformat(answer["expires_at"]).timestamp() == int(query["exp"])
    assert 24 * 3600 <= int(query["exp"]) - time.time() + 60 <= 30 * 3600 + 120


@pytest.mark.parametrize("key", ["v1/images", "/healthz", "../a.jpg", "a//b", "", "login"])
def test_what_is_no_variant_is_not_signed(data: Path, key: str) -> None:
    done = tintype("url", key, "--data", data)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [("keys", "create"), ("keys", "list"), ("url",)])
def test_every_command_has_an_example(command: tuple[str, ...]) -> None:
    done = tintype(*command, "--help")
    assert done.returncode == 0
    assert "Example" in done.stdout

"""`tintype keys` and `tintype url`, without a service: they ask the database."""

import json
import re
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import psycopg
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


@pytest.fixture
def made(data: Path) -> Path:
    """A data folder with a database."""
    new_key(data, "read")
    return data


NEEDY = [
    ("keys", "list"),
    ("keys", "revoke", "shop"),
    ("keys", "rotate"),
    ("url", "800x600/lamp.jpg"),
]


@pytest.mark.parametrize("command", NEEDY)
def test_a_wrong_place_is_told_and_stays_as_it_is(data: Path, command: tuple[str, ...]) -> None:
    done = tintype(*command, "--data", data)
    assert done.returncode == 2
    assert done.stdout == ""
    assert f"no database of Tintype's: sqlite:///{data}/tintype.db" in done.stderr
    assert "Correct --data" in done.stderr
    assert not data.exists()


@pytest.mark.parametrize("command", NEEDY)
def test_the_database_of_another_program_stays_as_it_is(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    theirs = tmp_path / "theirs.db"
    with closing(sqlite3.connect(theirs)) as connection:
        connection.execute("CREATE TABLE theirs (id)")
    before = theirs.read_bytes()
    done = tintype(*command, environ={"TINTYPE_DATABASE": f"sqlite:///{theirs}"})
    assert done.returncode == 2
    assert f"no database of Tintype's: sqlite:///{theirs}" in done.stderr
    assert theirs.read_bytes() == before
    assert list(tmp_path.iterdir()) == [theirs]


def test_an_empty_server_gets_no_tables_and_shows_no_password(postgres_url: str) -> None:
    done = tintype("keys", "list", environ={"TINTYPE_DATABASE": postgres_url})
    assert done.returncode == 2
    assert "no database of Tintype's: that of TINTYPE_DATABASE" in done.stderr
    assert "://" not in done.stderr
    with psycopg.connect(postgres_url) as connection:
        tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        assert connection.execute(tables).fetchone() == (0,)


@pytest.mark.parametrize("span", ["0s", "0d", "3651d", "999999d", "-1s", "1y"])
@pytest.mark.parametrize(
    "command", [("url", "a.jpg"), ("keys", "create", "shop", "--scope", "read")]
)
def test_a_length_of_time_without_sense_is_refused(
    made: Path, command: tuple[str, ...], span: str
) -> None:
    done = tintype(*command, f"--expires={span}", "--data", made)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "--expires" in done.stderr
    assert re.search(r"between 1s and 3650d|no length of time", done.stderr.replace("\n", " "))


def test_every_moment_ends_with_z(made: Path) -> None:
    new_key(made, "read")
    tintype("keys", "create", "b", "--scope", "read", "--expires", "1h", "--data", made)
    row = tintype("keys", "list", "--data", made).stdout.splitlines()[0].split("\t")
    (item, *_) = json.loads(tintype("keys", "list", "--data", made, "--json").stdout)["items"]
    assert (row[3], row[5]) == (item["created_at"], item["expires_at"])
    address = json.loads(tintype("url", "a.jpg", "--data", made, "--json").stdout)
    for moment in (row[3], row[5], address["expires_at"]):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z", moment)


def test_the_first_key_makes_the_database(data: Path) -> None:
    made = tintype(
        *("keys", "create", "shop", "--scope", "upload", "--scope", "read", "--expires", "90d"),
        *("--data", data),
    )
    assert made.returncode == 0, made.stderr
    assert SECRET.fullmatch(made.stdout.strip())  # a script takes it from there
    assert "it is not shown again" in made.stderr
    assert f"first key in this database: sqlite:///{data}/tintype.db" in made.stderr
    assert not SECRET.search(made.stderr)
    with open_access(load_settings(data=data)) as authority:
        key = authority.access.admit(made.stdout.strip())
    assert key.name == "shop"
    assert key.scopes == {Scope.UPLOAD, Scope.READ}
    assert key.expires_at
    assert key.expires_at - key.created_at == timedelta(days=90)


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
    assert "Value error" not in done.stderr
    assert done.stdout == ""


def test_an_address_is_signed_for_the_path_below_the_public_url(made: Path) -> None:
    environ = {
        "TINTYPE_DATA": str(made),
        "TINTYPE_PUBLIC_URL": "https://img.example.com/photos/",
        "TINTYPE_URL": "http://127.0.0.1:1",
    }
    done = tintype("url", "800x600/ü a&b.jpg", "--expires", "1h", environ=environ)
    assert done.returncode == 0, done.stderr
    address = urlsplit(done.stdout.strip())
    assert f"{address.scheme}://{address.netloc}" == "https://img.example.com"
    assert unquote(address.path) == "/photos/800x600/ü a&b.jpg"
    with open_access(load_settings(data=made)) as authority:
        left = authority.links.verify("/800x600/ü a&b.jpg", parse_qsl(address.query))
    assert 3000 < left <= 3600


def test_an_address_may_be_for_one_format_only(made: Path) -> None:
    address = urlsplit(
        tintype("url", "small", "img_a", "--format", "webp", "--data", made).stdout.strip()
    )
    query = parse_qsl(address.query)
    assert query[0] == ("format", "webp")
    with open_access(load_settings(data=made)) as authority:
        assert authority.links.verify("/i/small/img_a", query)
    refused = tintype("url", "small/a.jpg", "--format", "webp", "--data", made)
    assert refused.returncode == 2
    assert "a key has its format already" in refused.stderr


def test_an_address_says_until_when_it_is_good(made: Path) -> None:
    options = ("--data", made, "--url", "http://shop.example", "--json")
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

"""Databases, looked at without changing anything in them."""

import hashlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.nobody import open_folder, without_rights
from tests.support.postgres import PostgresServer
from tintype.adapters.sql import migrate, open_engine
from tintype.adapters.sql.examining import examine
from tintype.adapters.sql.migrating import VERSION_TABLE, revisions
from tintype.errors import CatalogFailedError, SettingsInvalidError


@pytest.fixture
def reachable() -> Iterator[Path]:
    with open_folder() as folder:
        yield folder


def made(url: str) -> str:
    engine = open_engine(url)
    migrate(engine)
    engine.dispose()
    return url


def fingerprint(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_a_file_that_does_not_exist_is_not_made(tmp_path: Path) -> None:
    assert examine(f"sqlite:///{tmp_path}/none.db") is None
    assert not list(tmp_path.iterdir())


def test_a_sqlite_catalog_tells_its_revision_and_stays_as_it_is(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/c.db"
    made(url)
    before = fingerprint(tmp_path / "c.db")
    condition = examine(url)
    assert condition
    assert condition.server.startswith("SQLite 3.")
    assert condition.revision == condition.newest == revisions()[0]
    assert condition.known
    assert condition.journal == "wal"
    assert condition.ahead == 0
    assert fingerprint(tmp_path / "c.db") == before
    assert [each.name for each in tmp_path.glob("c.db*")] == ["c.db"]


def test_an_empty_file_has_no_revision_and_keeps_its_journal_mode(tmp_path: Path) -> None:
    file = tmp_path / "odd #name.db"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE other (id)")
    connection.close()
    condition = examine(f"sqlite:///{file}")
    assert condition
    assert (condition.revision, condition.known, condition.journal) == (None, True, "delete")


def test_an_unknown_revision_is_a_newer_one(tmp_path: Path) -> None:
    url = made(f"sqlite:///{tmp_path}/c.db")
    with sqlite3.connect(tmp_path / "c.db") as connection:
        connection.execute(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    connection.close()
    condition = examine(url)
    assert condition
    assert (condition.revision, condition.known) == ("9999", False)


def test_what_is_no_database_is_told(tmp_path: Path) -> None:
    file = tmp_path / "c.db"
    file.write_text("only words " * 100)
    with pytest.raises(CatalogFailedError, match="not a database"):
        examine(f"sqlite:///{file}")


def test_a_database_that_may_not_be_written_is_told(reachable: Path) -> None:
    url = made(f"sqlite:///{reachable}/c.db")
    with sqlite3.connect(reachable / "c.db") as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    connection.close()
    (reachable / "c.db").chmod(0o444)
    with without_rights(), pytest.raises(CatalogFailedError, match="readonly"):
        examine(url)


def test_a_postgres_catalog_tells_its_revision_and_clock(postgres_url: str) -> None:
    empty = examine(postgres_url)
    assert empty
    assert (empty.revision, empty.known, empty.journal) == (None, True, None)
    made(postgres_url)
    condition = examine(postgres_url)
    assert condition
    assert condition.server.startswith("PostgreSQL 1")
    assert condition.revision == condition.newest
    assert abs(condition.ahead) < 5  # the server is this machine


def test_a_server_whose_clock_differs_is_noticed(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time
    monkeypatch.setattr("tintype.adapters.sql.examining.time.time", lambda: now() - 3600)
    condition = examine(postgres_url)
    assert condition
    assert 3500 < condition.ahead < 3700


def test_a_server_that_is_away_is_told_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(CatalogFailedError, match=r"the server at the socket in .* does not run"):
        examine(f"postgresql://tintype@/none?host={tmp_path}")


def test_a_database_that_a_server_has_not_is_told(postgres: PostgresServer) -> None:
    url = postgres.database().replace("/tintype_", "/nothing_")
    with pytest.raises(CatalogFailedError, match=r'no database "nothing_'):
        examine(url)


def test_another_kind_of_database_is_refused() -> None:
    with pytest.raises(SettingsInvalidError):
        examine("mysql://host/name")

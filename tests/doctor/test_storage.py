"""Whether stores and database are there."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.nobody import open_folder, without_rights
from tintype.adapters.sql.examining import Condition
from tintype.doctor import Verdict, storage
from tintype.errors import CatalogFailedError

URL = "postgresql://tintype:hunter2@db.example:5433/tintype?password=hunter3"


@pytest.fixture
def reachable() -> Iterator[Path]:
    with open_folder() as folder:
        yield folder


def condition(
    revision: str | None = "0002",
    *,
    known: bool = True,
    journal: str | None = None,
    ahead: float = 0,
) -> Condition:
    return Condition("PostgreSQL 17.2", revision, "0002", known, journal, ahead)


def test_a_folder_store_that_can_be_written_to_is_fine(tmp_path: Path) -> None:
    found = storage.store("stores", f"file://{tmp_path}")
    assert found.verdict is Verdict.OK


def test_a_folder_store_that_is_not_there_yet_is_not_made(tmp_path: Path) -> None:
    found = storage.store("stores", f"file://{tmp_path}/objects")
    assert found.verdict is Verdict.OK
    assert "not there yet" in found.detail
    assert not list(tmp_path.iterdir())


def test_a_folder_store_that_cannot_be_written_to_is_bad(reachable: Path) -> None:
    reachable.chmod(0o555)
    with without_rights():
        found = storage.store("variants", f"file://{reachable}")
    assert found.verdict is Verdict.BAD
    assert found.check == "variants"


def test_a_folder_store_that_is_a_file_is_bad(tmp_path: Path) -> None:
    file = tmp_path / "objects"
    file.touch()
    assert storage.store("stores", f"file://{file}").verdict is Verdict.BAD


def test_an_address_that_is_no_store_is_bad() -> None:
    found = storage.store("stores", "file://host/data")
    assert found.verdict is Verdict.BAD


def test_a_database_that_answers_is_fine_and_its_password_stays_secret() -> None:
    (found,) = storage.database(URL, lambda _: condition())
    assert found.verdict is Verdict.OK
    assert "postgresql://tintype@db.example:5433/tintype: PostgreSQL 17.2" in found.detail
    assert "hunter" not in found.detail


def test_a_database_that_is_away_is_bad_and_its_password_stays_secret() -> None:
    def away(_: str) -> None:
        raise CatalogFailedError("The database failed: connection refused")

    (found,) = storage.database(URL, away)
    assert found.verdict is Verdict.BAD
    assert "connection refused" in found.detail
    assert "hunter" not in found.detail


@pytest.mark.parametrize(
    ("found", "verdict", "told"),
    [
        (condition("9999", known=False), "bad", "newer release (revision 9999)"),
        (condition("0001"), "warn", "older release (revision 0001, this one's is 0002)"),
        (condition(None), "ok", "no tables yet"),
    ],
)
def test_the_revision_says_which_release_made_the_tables(
    found: Condition, verdict: str, told: str
) -> None:
    (finding,) = storage.database(URL, lambda _: found)
    assert finding.verdict == verdict
    assert told in finding.detail


def test_a_sqlite_database_that_keeps_no_log_is_told() -> None:
    _, journal = storage.database("sqlite:////d/t.db", lambda _: condition(journal="delete"))
    assert journal.verdict is Verdict.WARN
    assert "journal mode is delete" in journal.detail
    assert len(storage.database("sqlite:////d/t.db", lambda _: condition(journal="wal"))) == 1


@pytest.mark.parametrize(("ahead", "told"), [(7.0, "7 s ahead of"), (-3600.0, "3600 s behind")])
def test_clocks_that_differ_are_told(ahead: float, told: str) -> None:
    _, clock = storage.database(URL, lambda _: condition(ahead=ahead))
    assert (clock.check, clock.verdict) == ("clock", Verdict.WARN)
    assert told in clock.detail
    assert len(storage.database(URL, lambda _: condition(ahead=4.0))) == 1


def test_a_sqlite_file_that_is_not_there_yet_is_not_made(tmp_path: Path) -> None:
    (found,) = storage.database(f"sqlite:///{tmp_path}/tintype.db")
    assert found.verdict is Verdict.OK
    assert "not there yet" in found.detail
    assert not list(tmp_path.iterdir())


def test_a_sqlite_file_that_cannot_be_made_is_bad(reachable: Path) -> None:
    reachable.chmod(0o555)
    with without_rights():
        (found,) = storage.database(f"sqlite:///{reachable}/tintype.db")
    assert found.verdict is Verdict.BAD


@pytest.mark.parametrize(
    "login", ["u:hun/ter2@", "u:hun?ter2@", "u:hun#ter2@", "u:hun@ter2@", "u:hunter2@"]
)
def test_no_part_of_a_password_is_shown_however_it_is_written(login: str) -> None:
    (found,) = storage.database(f"postgresql://{login}h/db", lambda _: condition())
    assert "ter2" not in found.detail
    assert "hun" not in found.detail

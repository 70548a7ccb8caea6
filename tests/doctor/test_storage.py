"""Whether stores and database are there."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.nobody import open_folder, without_rights
from tintype.adapters.folder import FolderStore
from tintype.adapters.sql import SqlCatalog, migrate, open_engine
from tintype.adapters.sql.examining import Condition
from tintype.doctor import Verdict, storage
from tintype.errors import CatalogFailedError
from tintype.pipeline.known_store import ORIGINALS, VARIANTS, recognize
from tintype.settings import Settings

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


@pytest.mark.parametrize("folder", ["/proc/tintype", "/proc/a/b", "/dev/null/objects"])
def test_a_folder_store_that_is_not_there_and_cannot_be_made_is_bad(folder: str) -> None:
    found = storage.store("stores", f"file://{folder}")
    assert found.verdict is Verdict.BAD
    assert "cannot be made" in found.detail


def test_a_folder_store_whose_name_is_too_long_is_bad_and_leaves_nothing(tmp_path: Path) -> None:
    found = storage.store("stores", f"file://{tmp_path}/a/{'n' * 256}")
    assert found.verdict is Verdict.BAD
    assert not list(tmp_path.iterdir())


def test_a_folder_store_in_a_folder_without_rights_is_bad(reachable: Path) -> None:
    reachable.chmod(0o555)
    with without_rights():
        found = storage.store("stores", f"file://{reachable}/a/b")
    assert found.verdict is Verdict.BAD
    assert "Permission denied" in found.detail


def known_stores(tmp_path: Path, database: str = "") -> Settings:
    """A deployment whose database knows its two stores."""
    settings = Settings(
        data=tmp_path,
        database=database,
        originals=f"file://{tmp_path}/originals",
        variants=f"file://{tmp_path}/variants",
    )
    engine = open_engine(settings.database_url)
    migrate(engine)
    catalog = SqlCatalog(engine, lambda *_: None)
    for role in (ORIGINALS, VARIANTS):
        recognize(catalog, role, FolderStore.open(f"file://{tmp_path}/{role}"))
    engine.dispose()
    return settings


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_the_stores_that_the_database_knows_are_fine_and_no_others(
    tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    settings = known_stores(
        tmp_path, request.getfixturevalue("postgres_url") if kind == "postgres" else ""
    )
    found = {each.check: each.verdict for each in storage.stores(settings)}
    assert found == {"originals": Verdict.OK, "variants": Verdict.OK}
    (tmp_path / "originals").rename(tmp_path / "away")
    (tmp_path / "originals").mkdir()
    originals, variants = storage.stores(settings)
    assert (originals.verdict, variants.verdict) == (Verdict.BAD, Verdict.OK)
    assert "there is no .tintype-originals-" in originals.detail
    assert "Mount it" in originals.remedy
    assert not list((tmp_path / "originals").iterdir())


def test_a_store_that_the_database_knows_is_not_to_be_made_anew(tmp_path: Path) -> None:
    settings = known_stores(tmp_path)
    (tmp_path / "variants").rename(tmp_path / "away")
    _, variants = storage.stores(settings)
    assert variants.verdict is Verdict.BAD
    assert not (tmp_path / "variants").exists()


def test_one_store_is_to_bear_both_marks(tmp_path: Path) -> None:
    known = known_stores(tmp_path)
    settings = known.model_copy(update={"variants": known.originals})
    (found,) = storage.stores(settings)
    assert found.verdict is Verdict.BAD
    assert "there is no .tintype-variants-" in found.detail
    for mark in (tmp_path / "variants").glob(".tintype-*"):
        mark.rename(tmp_path / "originals" / mark.name)
    (found,) = storage.stores(settings)
    assert found.verdict is Verdict.OK


def test_stores_are_looked_at_though_the_database_is_away(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, database=f"postgresql://tintype@/tintype?host={tmp_path}")
    (found,) = storage.stores(settings)
    assert found.verdict is Verdict.OK


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

"""Migrations: the tables are what the code expects, in every database that it may meet."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from tintype.adapters.sql import migrate, open_engine
from tintype.adapters.sql.migrating import VERSION_TABLE
from tintype.adapters.sql.schema import METADATA
from tintype.errors import CatalogFailedError, SettingsInvalidError


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[sa.Engine]:
    engine = open_engine(f"sqlite:///{tmp_path}/new.db")
    yield engine
    engine.dispose()


def test_the_migrations_make_the_tables_of_the_schema(empty: sa.Engine) -> None:
    migrate(empty)
    with empty.connect() as connection:
        options = {"version_table": VERSION_TABLE, "compare_type": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, METADATA) == []


def test_the_partial_index_is_the_same_in_both(empty: sa.Engine, tmp_path: Path) -> None:
    migrate(empty)
    direct = open_engine(f"sqlite:///{tmp_path}/direct.db")
    METADATA.create_all(direct)
    definitions = []
    for engine in (empty, direct):
        with engine.connect() as connection:
            rows = connection.exec_driver_sql(
                "SELECT sql FROM sqlite_master WHERE name = 'uq_images_live_key'"
            )
            definitions.append(rows.scalar_one())
    direct.dispose()
    assert definitions[0] == definitions[1]
    assert "WHERE state <> 'gone'" in definitions[0]


def test_a_migrated_database_stays_as_it_is(empty: sa.Engine) -> None:
    migrate(empty)
    with empty.begin() as connection:
        connection.exec_driver_sql("INSERT INTO recipes VALUES ('digest', 'content')")
    migrate(empty)
    with empty.connect() as connection:
        assert connection.exec_driver_sql("SELECT content FROM recipes").scalar_one() == "content"


def test_tables_of_others_stay_as_they_are(empty: sa.Engine) -> None:
    with empty.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num TEXT)")
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES ('theirs')")
    migrate(empty)
    with empty.connect() as connection:
        found = connection.exec_driver_sql("SELECT version_num FROM alembic_version")
        assert found.scalar_one() == "theirs"


def test_processes_that_start_together_migrate_once(tmp_path: Path) -> None:
    engines = [open_engine(f"sqlite:///{tmp_path}/new.db") for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(migrate, engines))
    with engines[0].connect() as connection:
        rows = connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}")
        assert rows.scalars().all() == ["0001"]
    for engine in engines:
        engine.dispose()


def test_the_database_of_a_newer_release_is_refused_untouched(empty: sa.Engine) -> None:
    migrate(empty)
    with empty.begin() as connection:
        connection.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    with pytest.raises(SettingsInvalidError, match=r"9999.*0001"):
        migrate(empty)


def test_a_migration_that_fails_leaves_nothing(empty: sa.Engine) -> None:
    with empty.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE steps (mine TEXT)")
    with pytest.raises(CatalogFailedError, match="steps already exists"):
        migrate(empty)
    assert sa.inspect(empty).get_table_names() == ["steps"]


def test_the_migrations_are_a_part_of_the_package() -> None:
    folder = files("tintype.adapters.sql") / "migrations"
    assert (folder / "env.py").is_file()
    assert len(list((folder / "versions").iterdir())) >= 2

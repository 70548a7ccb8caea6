"""Migrations: the tables are what the code expects, in every database that it may meet."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from tests.adapters.sql.conftest import DATABASES
from tests.support.postgres import PostgresServer
from tintype.adapters.sql import migrate, open_engine
from tintype.adapters.sql.migrating import VERSION_TABLE
from tintype.adapters.sql.schema import METADATA
from tintype.errors import CatalogFailedError, SettingsInvalidError

NEWEST = "0006"


@pytest.fixture(params=DATABASES)
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Makes the URL of a database without tables, in each kind of database."""
    if request.param == "sqlite":
        return lambda: f"sqlite:///{tmp_path}/{len(list(tmp_path.iterdir()))}.db"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.database


@pytest.fixture
def new_engine(new_url: Callable[[], str]) -> Iterator[Callable[[], sa.Engine]]:
    """Opens a database without tables."""
    opened: list[sa.Engine] = []

    def new_engine() -> sa.Engine:
        opened.append(open_engine(new_url()))
        return opened[-1]

    yield new_engine
    for engine in opened:
        engine.dispose()


@pytest.fixture
def empty(new_engine: Callable[[], sa.Engine]) -> sa.Engine:
    return new_engine()


def test_the_migrations_make_the_tables_of_the_schema(empty: sa.Engine) -> None:
    migrate(empty)
    with empty.connect() as connection:
        options = {
            "version_table": VERSION_TABLE,
            "compare_type": True,
            "compare_server_default": True,
        }
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, METADATA) == []


def definitions(engine: sa.Engine) -> dict[tuple[str, str], Any]:
    """Every column and index of the catalog's tables, as the database describes them."""
    found: dict[tuple[str, str], Any] = {}
    indexes = (
        "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
        if engine.dialect.name == "postgresql"
        else "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'index'"
    )
    inspector = sa.inspect(engine)
    with engine.connect() as connection:
        for table, name, definition in connection.exec_driver_sql(indexes):
            found[table, name] = definition
    for table in METADATA.tables:
        for column in inspector.get_columns(table):
            found[table, column["name"]] = (
                str(column["type"]),
                column["nullable"],
                column["default"],
            )
    return {place: found[place] for place in found if place[0] != VERSION_TABLE}


def test_the_migrations_make_columns_and_indexes_like_those_of_the_schema(
    new_engine: Callable[[], sa.Engine],
) -> None:
    """What alembic does not compare: which rows a partial index is of, for one."""
    migrated, direct = new_engine(), new_engine()
    migrate(migrated)
    METADATA.create_all(direct)
    made = definitions(migrated)
    assert made == definitions(direct)
    partial = [name for (_, name), told in made.items() if "WHERE" in str(told).upper()]
    assert sorted(partial) == [
        "ix_images_gone",
        "ix_jobs_dead_letters",
        "ix_jobs_dead_letters_code",
        "ix_jobs_queued",
        "ix_jobs_replaced_at",
        "ix_jobs_startable_at",
        "uq_images_live_key",
    ]


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


def test_processes_that_start_together_migrate_once(new_url: Callable[[], str]) -> None:
    url = new_url()
    engines = [open_engine(url) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(migrate, engines))
    with engines[0].connect() as connection:
        rows = connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}")
        assert rows.scalars().all() == [NEWEST]
    for engine in engines:
        engine.dispose()


def test_the_database_of_a_newer_release_is_refused_untouched(empty: sa.Engine) -> None:
    migrate(empty)
    with empty.begin() as connection:
        connection.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    before = definitions(empty)
    with pytest.raises(SettingsInvalidError, match=rf"9999.*{NEWEST}"):
        migrate(empty)
    assert definitions(empty) == before


def test_a_migration_that_fails_leaves_nothing(empty: sa.Engine) -> None:
    with empty.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE steps (mine TEXT)")
    with pytest.raises(CatalogFailedError, match=r'steps"? already exists'):
        migrate(empty)
    assert sa.inspect(empty).get_table_names() == ["steps"]


def test_a_migration_waits_as_long_as_it_must(postgres_url: str) -> None:
    """For a process that migrates too, and for whatever else holds a table."""
    slow = "&options=-c%20idle_in_transaction_session_timeout%3D60s"  # this test may be
    hasty = open_engine(postgres_url + slow, patience=0.8)
    with ThreadPoolExecutor(1) as pool, psycopg.connect(postgres_url) as other:
        other.execute("CREATE TABLE recipes (mine TEXT)")  # not committed: ours waits for it
        migrating = pool.submit(migrate, hasty)
        with pytest.raises(TimeoutError):
            migrating.result(timeout=3)
        other.rollback()
        migrating.result(timeout=60)
    with hasty.connect() as connection, pytest.raises(sa.exc.DBAPIError):
        connection.exec_driver_sql("SELECT pg_sleep(2)")  # the rest is as hasty as ever
    hasty.dispose()


def test_the_migrations_are_a_part_of_the_package() -> None:
    folder = files("tintype.adapters.sql") / "migrations"
    assert (folder / "env.py").is_file()
    assert len(list((folder / "versions").iterdir())) >= 3

"""How databases are reached, and how their connections are set."""

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from tests.adapters.durable.stage import Database
from tintype.adapters.durable import DurableEngine
from tintype.adapters.durable.databases import address, close_pool, open_pool
from tintype.errors import SettingsInvalidError
from tintype.testing.engine_contract import RecordingHandler


@pytest.mark.parametrize(
    "url",
    [
        "mysql://localhost/tintype",
        "postgresql://localhost",
        "postgresql+asyncpg://localhost/tintype",
        "sqlite://",
        "sqlite:///:memory:",
        "tintype.db",
    ],
)
def test_an_address_that_is_neither_a_file_nor_a_server_is_refused(url: str) -> None:
    with pytest.raises(SettingsInvalidError, match="The engine needs a database file"):
        DurableEngine(url, threads=1)


def test_sqlite_connections_use_a_write_ahead_log_and_immediate_transactions(
    tmp_path: Path,
) -> None:
    pool = open_pool(address(f"sqlite:///{tmp_path / 'tintype.db'}"))
    with pool.connect() as connection:
        pragma = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        }
        raw: Any = connection.connection.dbapi_connection
        assert raw.isolation_level == "IMMEDIATE"
    close_pool(pool)
    normal = 1
    assert pragma == {
        "journal_mode": "wal",
        "synchronous": normal,
        "busy_timeout": 30_000,
        "foreign_keys": 1,
    }


def test_dbos_works_on_a_write_ahead_log(on_sqlite: Database) -> None:
    engine = DurableEngine(on_sqlite.url, threads=1)
    engine.launch(RecordingHandler())
    assert on_sqlite.rows("PRAGMA journal_mode") == [("wal",)]
    engine.close()


def test_postgres_connections_notice_that_their_server_is_gone(postgres_url: str) -> None:
    pool = open_pool(address(f"{postgres_url}&keepalives_idle=7"))
    with pool.connect() as connection:
        raw: Any = connection.connection.dbapi_connection
        settings = raw.info.get_parameters()
        connection.rollback()
        limit = connection.exec_driver_sql("SHOW idle_in_transaction_session_timeout").scalar()
    close_pool(pool)
    assert limit == "30s"
    assert settings["keepalives_idle"] == "7", "what the URL says wins"
    assert settings["keepalives_interval"] == "2"
    assert settings["keepalives_count"] == "3"
    assert settings["tcp_user_timeout"] == "10000"
    assert settings["connect_timeout"] == "5"
    assert settings["application_name"] == "tintype"


def test_a_process_takes_few_connections_of_a_server(postgres_url: str) -> None:
    pool = open_pool(address(postgres_url))
    taken = [pool.connect() for _ in range(12)]
    assert isinstance(pool.pool, sqlalchemy.QueuePool)
    assert pool.pool.overflow() == pool.pool._max_overflow
    for connection in taken:
        connection.close()
    assert pool.pool.checkedin() == 4
    close_pool(pool)


def test_a_pool_that_is_closed_closes_what_is_still_in_use(postgres_url: str) -> None:
    pool = open_pool(address(postgres_url))
    used = pool.connect()
    raw: Any = used.connection.dbapi_connection
    close_pool(pool)
    assert used.exec_driver_sql("SELECT 1").scalar() == 1
    used.close()
    assert raw.closed

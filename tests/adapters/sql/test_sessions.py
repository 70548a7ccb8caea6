"""Sessions in the database: what upgrading to them leaves, and what becomes of old ones."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from tests.adapters.sql.conftest import DATABASES
from tests.adapters.sql.first_release import NOON
from tintype.adapters.sql import SqlCatalog, migrate, migrating, open_engine
from tintype.adapters.sql.engines import Transactions
from tintype.adapters.sql.schema import SESSIONS
from tintype.model import ApiKey, Scope, new_key_id
from tintype.testing.catalog_setting import Clock


@pytest.fixture(params=DATABASES)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    """A database of revision 0003, in which sessions were signed cookies."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/old.db"
    else:
        url = request.getfixturevalue("postgres").database()
    engine = open_engine(url)
    config = Config()
    folder = Path(migrating.__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder))
    with Transactions(engine).commit() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
    yield engine
    engine.dispose()


def opened(engine: sa.Engine, clock: Clock) -> SqlCatalog:
    return SqlCatalog(engine, lambda *_: None, clock=clock)


def test_the_secret_that_signed_cookies_goes_and_all_else_stays(old: sa.Engine) -> None:
    catalog = opened(old, Clock(NOON))
    key = ApiKey(new_key_id(), "shop", frozenset({Scope.READ}), NOON)
    catalog.keep_key(key, "digest")
    (links,), (cookies,) = catalog.secrets("delivery"), catalog.secrets("session")
    migrate(old)
    assert catalog.secrets("delivery") == (links,)
    assert cookies not in catalog.secrets("session")
    assert catalog.key("digest") == key
    catalog.keep_session("session", key.id, NOON + timedelta(days=1))
    assert catalog.session_key("session") == key


def test_the_table_holds_no_session_that_was_over_at_the_last_login(old: sa.Engine) -> None:
    migrate(old)
    clock = Clock(NOON)
    catalog = opened(old, clock)
    key = ApiKey(new_key_id(), "shop", frozenset({Scope.READ}), NOON)
    catalog.keep_key(key, "digest")
    for number in range(5):
        catalog.keep_session(f"old-{number}", key.id, clock.now + timedelta(hours=1))
    clock.advance(3600)
    catalog.keep_session("new", key.id, clock.now + timedelta(hours=1))
    with old.connect() as connection:
        assert connection.execute(sa.select(SESSIONS.c.digest)).scalars().all() == ["new"]

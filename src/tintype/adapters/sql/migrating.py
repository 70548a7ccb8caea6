"""Bringing a database to this release's tables."""

import os
from contextlib import suppress
from pathlib import Path

import sqlalchemy as sa
import structlog
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from tintype.adapters.sql.diagnosis import explained, require_usable
from tintype.adapters.sql.engines import Transactions
from tintype.adapters.sql.exposure import exposure
from tintype.adapters.sql.locks import lock_matter
from tintype.errors import SettingsInvalidError

log = structlog.get_logger()

# The engine, and whoever shares the database, may have a table of alembic's usual name.
VERSION_TABLE = "catalog_revision"


def migrate(engine: sa.Engine) -> None:
    """Make or upgrade the catalog's tables, all or nothing; processes take turns.

    Raises SettingsInvalidError where a newer release has used the database, and CatalogFailedError
    that names the cause and its remedy.
    """
    config = _config()
    known = revisions()
    newest = known[0]
    _make_private(engine)
    with explained(engine), Transactions(engine).migrate() as connection:
        lock_matter(connection, VERSION_TABLE)
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        found = context.get_current_revision()
        if found and found not in known:
            raise SettingsInvalidError(
                f"The database is at revision {found}, of a newer release of Tintype; this one "
                f"knows revisions up to {newest}. Start the newer release, or restore a backup."
            )
        require_usable(connection, made=found == newest)
        if found != newest:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def _make_private(engine: sa.Engine) -> None:
    """Make a SQLite file that only its owner reads: it holds the secrets that sign.

    SQLite gives its other files the mode of this one. A file that is there keeps the mode that
    somebody may have given it on purpose, for a backup perhaps; but that is not kept quiet.
    """
    if engine.dialect.name == "sqlite" and engine.url.database:
        with suppress(OSError):  # opening it says what is wrong
            os.close(os.open(engine.url.database, os.O_RDWR | os.O_CREAT, 0o600))
        if exposed := exposure(Path(engine.url.database)):
            log.warning("database.exposed", detail=f"{exposed.told}; `{exposed.remedy}`")


def revisions() -> tuple[str, ...]:
    """The revisions of the tables that this release knows, newest first."""
    scripts = ScriptDirectory.from_config(_config())
    return tuple(script.revision for script in scripts.walk_revisions())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config

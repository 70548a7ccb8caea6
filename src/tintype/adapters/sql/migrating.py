"""Bringing a database to this release's tables."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from tintype.adapters.sql.engines import Transactions
from tintype.adapters.sql.locks import lock_key
from tintype.errors import SettingsInvalidError

# The engine, and whoever shares the database, may have a table of alembic's usual name.
VERSION_TABLE = "catalog_revision"


def migrate(engine: sa.Engine) -> None:
    """Make or upgrade the catalog's tables, all or nothing; processes take turns.

    Raises SettingsInvalidError where a newer release has used the database, and CatalogFailedError.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    scripts = ScriptDirectory.from_config(config)
    with Transactions(engine).commit() as connection:
        lock_key(connection, VERSION_TABLE)
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        found, newest = context.get_current_revision(), scripts.get_current_head()
        known = {script.revision for script in scripts.walk_revisions()}
        if found and found not in known:
            raise SettingsInvalidError(
                f"The database is at revision {found}, of a newer release of Tintype; this one "
                f"knows revisions up to {newest}. Start the newer release, or restore a backup."
            )
        if found != newest:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

"""The catalog on a SQL database: SQLite for one machine, Postgres for several."""

from tintype.adapters.sql.catalog import SqlCatalog
from tintype.adapters.sql.engines import open_engine
from tintype.adapters.sql.migrating import migrate

__all__ = ["SqlCatalog", "migrate", "open_engine"]

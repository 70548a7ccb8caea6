"""What alembic runs: migrations on the connection, and in the transaction, that it is given."""

import sqlalchemy as sa
from alembic import context

from tintype.adapters.sql.migrating import VERSION_TABLE
from tintype.adapters.sql.schema import METADATA

connection: sa.Connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=METADATA, version_table=VERSION_TABLE)
with context.begin_transaction():
    context.run_migrations()

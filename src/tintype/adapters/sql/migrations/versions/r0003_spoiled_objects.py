"""Leases whose objects may have been written over by a run that was taken for dead."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    no = sa.false()
    op.add_column("leases", sa.Column("spoiled", sa.Boolean(), server_default=no, nullable=False))

"""Images whose objects have yet to be removed, and the keys that an image has claimed."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "removals",
        sa.Column("image_id", sa.Text(), nullable=False),
        sa.Column("original", sa.Boolean(), nullable=False),
        sa.Column("last", sa.Boolean(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("image_id", name="pk_removals"),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name="fk_removals_image_id"),
    )
    op.create_index("ix_removals_due_at", "removals", ["due_at"])
    op.create_index("ix_claims_image_id", "claims", ["image_id"])

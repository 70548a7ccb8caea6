"""When a job was replaced by another of its image, and indexes to sweep history by."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "UPDATE jobs SET replaced_at = updated_at"
        " WHERE id <> (SELECT job_id FROM images WHERE images.id = jobs.image_id)"
    )
    op.create_index("ix_jobs_image_id", "jobs", ["image_id"])
    op.create_index("ix_idempotency_created_at", "idempotency", ["created_at"])
    op.create_index("ix_idempotency_job_id", "idempotency", ["job_id"])
    _index("ix_jobs_replaced_at", "jobs", ["replaced_at"], "replaced_at IS NOT NULL")
    _index("ix_images_gone", "images", ["state", "updated_at"], "state = 'gone'")


def _index(name: str, table: str, columns: list[str], where: str) -> None:
    only = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=only, postgresql_where=only)

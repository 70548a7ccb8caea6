"""Jobs that people ask for again or cancel, dead letters, API keys and shared secrets."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("priority", sa.Text(), server_default="normal", nullable=False))
    for name in ("forgiven", "deaths"):
        zero = sa.text("0")
        op.add_column("jobs", sa.Column(name, sa.BigInteger(), server_default=zero, nullable=False))
    for name in ("event_source", "event_content", "trace"):
        op.add_column("jobs", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("jobs", sa.Column("dropped_at", sa.DateTime(timezone=True), nullable=True))
    # A dead job is a dead letter only while its image has no other job; revision 0001 left it dead.
    op.execute(
        "UPDATE jobs SET state = 'superseded' WHERE state = 'dead'"
        " AND id <> (SELECT job_id FROM images WHERE images.id = jobs.image_id)"
    )
    op.drop_index("ix_jobs_startable_at", "jobs")
    _index("ix_jobs_startable_at", ["startable_at"], "startable_at IS NOT NULL")
    _index("ix_jobs_queued", ["state", "updated_at"], "state = 'queued'")
    dead_letter = "state = 'dead' AND dropped_at IS NULL"
    _index("ix_jobs_dead_letters", ["state", "updated_at", "id"], dead_letter)
    _index("ix_jobs_dead_letters_code", ["error_code", "updated_at", "id"], dead_letter)
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.UniqueConstraint("digest", name="uq_api_keys_digest"),
    )
    op.create_table(
        "secrets",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", "position", name="pk_secrets"),
    )


def _index(name: str, columns: list[str], where: str) -> None:
    only = sa.text(where)
    op.create_index(name, "jobs", columns, sqlite_where=only, postgresql_where=only)

"""Projects, apps, keys and epochs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "projects",
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project", name="pk_projects"),
    )
    op.create_table(
        "apps",
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("app_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("origins", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project", "app_id", name="pk_apps"),
        sa.ForeignKeyConstraint(["project"], ["projects.project"], name="fk_apps_project"),
    )
    _keys("write_ids", "write_id")
    _keys("server_keys", "key_hash", sa.Column("prefix", sa.Text(), nullable=False))
    op.create_table(
        "epochs",
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("log_from", sa.BigInteger(), nullable=False),
        sa.Column("log_to", sa.BigInteger(), nullable=False),
        sa.Column("watermark", sa.BigInteger(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("planned_at", sa.BigInteger(), nullable=False),
        sa.Column("ledger", sa.Text()),
        sa.Column("ledger_total", sa.Text()),
        sa.Column("committed_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("project", "epoch", name="pk_epochs"),
    )


def _keys(table: str, key: str, *columns: sa.Column[str]) -> None:
    op.create_table(
        table,
        sa.Column(key, sa.Text(), nullable=False),
        *columns,
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("app_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint(key, name=f"pk_{table}"),
        sa.ForeignKeyConstraint(
            ["project", "app_id"],
            ["apps.project", "apps.app_id"],
            name=f"fk_{table}_project_app_id",
        ),
    )

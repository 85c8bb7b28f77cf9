"""Session definitions that people add, and which readers take for the default."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; none is defined yet."""
    op.create_table(
        "session_definitions",
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("options", sa.Text()),
        sa.Column("defined_at", sa.BigInteger(), nullable=False),
        sa.Column("from_epoch", sa.BigInteger()),
        sa.Column("watermark", sa.BigInteger()),
        sa.Column("rules", sa.Text()),
        sa.Column("events_done", sa.BigInteger(), nullable=False),
        sa.Column("events_total", sa.BigInteger(), nullable=False),
        sa.Column("filled_at", sa.BigInteger()),
        sa.Column("dropped_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("project", "name", "version", name="pk_session_definitions"),
    )
    op.create_table(
        "shown_definitions",
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("project", name="pk_shown_definitions"),
    )

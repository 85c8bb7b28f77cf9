"""How far each project is, for pages and status on other machines."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; nothing is published yet."""
    op.create_table(
        "published",
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("progress", sa.Text(), nullable=False),
        sa.Column("live", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("project", name="pk_published"),
    )

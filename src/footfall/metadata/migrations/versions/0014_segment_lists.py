"""Who was in a segment when its size was noted, and who came and went since the time before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, empty."""
    op.create_table(
        "segment_lists",
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("whose", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("ids", sa.LargeBinary()),
        sa.Column("joined", sa.BigInteger()),
        sa.Column("left", sa.BigInteger()),
        sa.Column("changes", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("project", "name", "at", name="pk_segment_lists"),
        sa.ForeignKeyConstraint(
            ["project", "name"],
            ["segments.project", "segments.name"],
            name="fk_segment_lists_project_name",
        ),
    )

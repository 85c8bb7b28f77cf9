"""Segments, their versions, and how large they were."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, empty."""
    op.create_table(
        "segments",
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("every", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("tried_at", sa.BigInteger(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("project", "name", name="pk_segments"),
    )
    op.create_table(
        "segment_versions",
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("ids", sa.LargeBinary()),
        sa.Column("listed", sa.BigInteger()),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("made_of", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("project", "name", "version", name="pk_segment_versions"),
        sa.ForeignKeyConstraint(
            ["project", "name"],
            ["segments.project", "segments.name"],
            name="fk_segment_versions_project_name",
        ),
    )
    op.create_table(
        "segment_sizes",
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("cut_sequence", sa.BigInteger(), nullable=False),
        sa.Column("cut_published_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project", "name", "at", name="pk_segment_sizes"),
        sa.ForeignKeyConstraint(
            ["project", "name"],
            ["segments.project", "segments.name"],
            name="fk_segment_sizes_project_name",
        ),
    )

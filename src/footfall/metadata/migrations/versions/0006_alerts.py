"""Rules, channels, firings and what is to be told about them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; there is no rule yet."""
    op.create_table(
        "alert_rules",
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project", "rule", name="pk_alert_rules"),
    )
    op.create_table(
        "alert_channels",
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("options", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project", "channel", name="pk_alert_channels"),
    )
    op.create_table(
        "alert_states",
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("muted_until", sa.BigInteger(), nullable=False),
        sa.Column("evaluated_to", sa.BigInteger(), nullable=False),
        sa.Column("revise_from", sa.BigInteger()),
        sa.Column("told_at", sa.BigInteger()),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("project", "rule", name="pk_alert_states"),
    )
    _make_firings()


def _make_firings() -> None:
    op.create_table(
        "alert_firings",
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("delivery_id", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("app_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("noted_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("quiet", sa.Text(), nullable=False),
        sa.Column("provisional_at", sa.BigInteger()),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("acknowledged_at", sa.BigInteger()),
        sa.Column("acknowledged_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("project", "delivery_id", name="pk_alert_firings"),
    )
    op.create_index(
        "ix_alert_firings_project_rule_subject",
        "alert_firings",
        ["project", "rule", "subject"],
        unique=True,
    )
    op.create_index("ix_alert_firings_project_at", "alert_firings", ["project", "at"])
    op.create_table(
        "alert_notices",
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("delivery_id", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint(
            "project", "delivery_id", "sequence", "channel", name="pk_alert_notices"
        ),
    )
    op.create_index(
        "ix_alert_notices_project_state_channel_due_at",
        "alert_notices",
        ["project", "state", "channel", "due_at"],
    )

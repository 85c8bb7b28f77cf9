"""Since when a destination of files is paused."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """None is paused."""
    op.add_column("deliveries", sa.Column("paused_at", sa.BigInteger()))

"""Places in the log are positions: an offset for each partition."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Write what was one offset as that of partition 0."""
    for name in ("log_from", "log_to"):
        with op.batch_alter_table("epochs") as table:
            table.alter_column(
                name, type_=sa.Text(), existing_type=sa.BigInteger(), existing_nullable=False
            )
    connection = op.get_bind()
    rows = connection.execute(
        sa.text("SELECT project, epoch, log_from, log_to, plan FROM epochs")
    ).all()
    for row in rows:
        plan = json.loads(row.plan)
        for name in ("log_from", "log_to"):
            plan[name] = _positions(plan[name])
        plan["quarantined"] = [[0, offset] for offset in plan.get("quarantined", ())]
        changed = {
            "log_from": json.dumps(_positions(row.log_from), separators=(",", ":")),
            "log_to": json.dumps(_positions(row.log_to), separators=(",", ":")),
            "plan": json.dumps(plan, separators=(",", ":")),
        }
        connection.execute(
            sa.text(
                "UPDATE epochs SET log_from = :log_from, log_to = :log_to, plan = :plan"
                " WHERE project = :project AND epoch = :epoch"
            ),
            {**changed, "project": row.project, "epoch": row.epoch},
        )
    if connection.dialect.name == "postgresql":  # names of constraints are the schema's there
        op.execute("ALTER TABLE quarantined RENAME CONSTRAINT pk_quarantined TO pk_quarantined_old")
    op.create_table(
        "quarantined_at",
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("log_partition", sa.BigInteger(), nullable=False),
        sa.Column("log_offset", sa.BigInteger(), nullable=False),
        sa.Column("found_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project", "log_partition", "log_offset", name="pk_quarantined"),
    )
    op.execute(
        "INSERT INTO quarantined_at (project, log_partition, log_offset, found_at)"
        " SELECT project, 0, log_offset, found_at FROM quarantined"
    )
    op.drop_table("quarantined")
    op.rename_table("quarantined_at", "quarantined")


def _positions(offset: str | int) -> dict[str, list[int]]:
    """As `Positions` is written: no zeros at the end."""
    return {"offsets": [int(offset)] if int(offset) else []}

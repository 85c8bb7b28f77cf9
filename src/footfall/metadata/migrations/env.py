"""How Alembic runs here: on the connection, and in the transaction, of the opened database."""

from __future__ import annotations

from alembic import context

from footfall.metadata.database.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite changes tables by copying them
)
context.run_migrations()

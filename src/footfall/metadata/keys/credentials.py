"""What apps send to be known by: write ids, which are public, and server keys, which are secret."""

from __future__ import annotations

from sqlalchemy import Connection, Row, Table, select, update

from footfall.clock import random_token
from footfall.errors import Conflict, Invalid
from footfall.metadata.database.insert import insert
from footfall.metadata.database.tables import apps, server_keys, write_ids
from footfall.project import (
    ID_PATTERN,
    SERVER_KEY_PREFIX,
    SERVER_KEY_SHOWN,
    WRITE_ID_PREFIX,
    ServerKey,
    WriteId,
    hash_server_key,
)


def create_write_id(
    connection: Connection, project: str, app_id: str, write_id: str | None, now_us: int
) -> WriteId:
    """See `Metadata.create_write_id`."""
    text = write_id if write_id is not None else WRITE_ID_PREFIX + random_token(12)
    check_id("write id", text)
    created = WriteId(text, app_id, now_us)
    _check_app_exists(connection, project, app_id)
    insert_write_id(connection, project, created)
    return created


def insert_write_id(connection: Connection, project: str, write_id: WriteId) -> None:
    """Add one, unless it is taken.

    Raises:
        Conflict: it is; choose another.
    """
    row = connection.execute(select(write_ids).filter_by(write_id=write_id.write_id)).first()
    if row is not None:
        raise Conflict(
            f"write id is taken; choose another: write_id={write_id.write_id}"
            f" project={row.project} app={row.app_id}"
        )
    connection.execute(
        insert(connection, write_ids).values(
            write_id=write_id.write_id,
            project=project,
            app_id=write_id.app_id,
            created_at=write_id.created_at,
        )
    )


def write_ids_of(connection: Connection, project: str, app_id: str | None) -> list[WriteId]:
    """See `Metadata.write_ids`."""
    return [
        WriteId(row.write_id, row.app_id, row.created_at, row.revoked_at)
        for row in _rows(connection, write_ids, project, app_id)
    ]


def revoke_write_id(connection: Connection, write_id: str, now_us: int) -> None:
    """See `Metadata.revoke_write_id`."""
    _revoke(connection, write_ids, "write_id", write_id, write_id, now_us)


def create_server_key(
    connection: Connection, project: str, app_id: str, now_us: int
) -> tuple[str, ServerKey]:
    """See `Metadata.create_server_key`."""
    secret = SERVER_KEY_PREFIX + random_token(24)
    key = ServerKey(hash_server_key(secret), secret[:SERVER_KEY_SHOWN], app_id, now_us)
    _check_app_exists(connection, project, app_id)
    connection.execute(
        insert(connection, server_keys).values(
            key_hash=key.key_hash,
            prefix=key.prefix,
            project=project,
            app_id=app_id,
            created_at=key.created_at,
        )
    )
    return secret, key


def server_keys_of(connection: Connection, project: str, app_id: str | None) -> list[ServerKey]:
    """See `Metadata.server_keys`."""
    return [
        ServerKey(row.key_hash, row.prefix, row.app_id, row.created_at, row.revoked_at)
        for row in _rows(connection, server_keys, project, app_id)
    ]


def revoke_server_key(connection: Connection, key: str, now_us: int) -> None:
    """See `Metadata.revoke_server_key`."""
    if key.startswith(SERVER_KEY_PREFIX) and len(key) > SERVER_KEY_SHOWN:
        column, value, shown = "key_hash", hash_server_key(key), key[:SERVER_KEY_SHOWN]
    else:
        column = "prefix" if key.startswith(SERVER_KEY_PREFIX) else "key_hash"
        value = shown = key
    _revoke(connection, server_keys, column, value, shown, now_us)


def check_id(what: str, text: str) -> None:
    """Raises `Invalid` unless it has the form of an id."""
    if not ID_PATTERN.fullmatch(text):
        raise Invalid(
            f"{what} id has letters, digits, _ . - and at most 64 of them, first a letter or digit:"
            f" {text!r}"
        )


def _check_app_exists(connection: Connection, project: str, app_id: str) -> None:
    if not connection.execute(select(apps).filter_by(project=project, app_id=app_id)).first():
        raise Invalid(f"there is no such app; create it first: {project=} app={app_id}")


def _rows(
    connection: Connection, table: Table, project: str, app_id: str | None
) -> list[Row[tuple[str, ...]]]:
    query = select(table).where(table.c.project == project)
    if app_id is not None:
        query = query.where(table.c.app_id == app_id)
    return list(connection.execute(query.order_by(table.c.created_at, *table.primary_key)))


def _revoke(
    connection: Connection, table: Table, column: str, value: str, shown: str, now_us: int
) -> None:
    rows = connection.execute(select(table).where(table.c[column] == value)).all()
    if len(rows) != 1:
        found = "no key matches" if not rows else "several keys match; give the hash"
        raise Invalid(f"{found}: {column}={shown}")
    if rows[0].revoked_at is None:
        connection.execute(update(table).where(table.c[column] == value).values(revoked_at=now_us))

"""A PostgreSQL database of a test's own, with the settings that reach it."""

from __future__ import annotations

import uuid

import psycopg
from tools.servers.postgres import PostgresServer

from footfall.secret import Secret
from footfall.settings import MetadataSettings, load_settings


def new_database(server: PostgresServer) -> MetadataSettings:
    """Make an empty database."""
    name = f"metadata_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server.uri, password=server.password, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return MetadataSettings(
        server.uri.rpartition("/")[0] + f"/{name}",
        Secret(server.password),
        load_settings().metadata.keys_age_max,
    )


def overrides_of(settings: MetadataSettings) -> tuple[str, ...]:
    """The same, as `load_settings` takes them."""
    return f'metadata.url="{settings.url}"', f'metadata.password="{settings.password.shown}"'

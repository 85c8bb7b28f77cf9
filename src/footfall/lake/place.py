"""Where a lake lies: its files, its catalog and its locks, as the settings say.

Three kinds of catalog name the newest metadata of each table: a SQLite file beside the lake, which
one machine can use; PostgreSQL; and what PyIceberg reaches as REST or Glue. With a SQLite file all
who write are on one machine, and the kernel's locks are the lake's, wherever the files lie. Other
catalogs with files in an object store have locks there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import urlparse

import msgspec
from pyiceberg.catalog import Catalog

from footfall.clock import HOUR, Clock
from footfall.errors import Invalid
from footfall.home import make_directory, sync_directory
from footfall.lake.store.catalog import open_catalog
from footfall.lake.store.catalogs import open_postgresql, open_remote
from footfall.lake.store.leases import StoreLocks
from footfall.lake.store.local import LocalStore
from footfall.lake.store.locks import LakeLocks
from footfall.lake.store.objects import ObjectStore
from footfall.lake.store.options import bucket_of
from footfall.lake.store.store import Store
from footfall.secret import with_password
from footfall.settings import LakeSettings

Locks = LakeLocks | StoreLocks
_NAME: Final = "footfall"


class LakePlace(msgspec.Struct, frozen=True):
    """One installation's; tables of a project lie below `{root}/{project}`."""

    directory: Path
    """On this machine: the catalog's SQLite file and locks, and all files of a local lake."""
    store: Store
    catalog: str = ""
    """URI, see `lake.catalog`; empty: the SQLite file."""
    password: str = ""
    lock_age_max: int = HOUR

    @classmethod
    def local(cls, directory: Path) -> LakePlace:
        """Everything in one directory."""
        return cls(directory, LocalStore(directory))

    @classmethod
    def of(cls, settings: LakeSettings, directory: Path) -> LakePlace:
        """Where the settings say; `directory` is that of the home.

        Raises:
            Invalid: a package is missing that the place needs, or the lake lies elsewhere already.
        """
        store: Store
        bucket = bucket_of(settings)
        if bucket is not None:
            store = ObjectStore(bucket.location, bucket.options)
        else:
            if settings.location:
                _link(directory, Path(settings.location))
            store = LocalStore(directory)
        return cls(
            directory,
            store,
            settings.catalog,
            settings.catalog_password.shown,
            settings.lock_age_max,
        )

    @property
    def is_local(self) -> bool:
        """Whether its files are files of this machine."""
        return isinstance(self.store, LocalStore)

    @property
    def has_local_catalog(self) -> bool:
        """Whether the catalog is a SQLite file of this machine."""
        return not self.catalog

    @property
    def warehouse(self) -> str:
        """Location of all tables, as Iceberg writes it."""
        return f"file://{self.store.root}" if self.is_local else self.store.root

    def table_path(self, project: str, table: str) -> str:
        """Where a table of ours lies, as `Store` names it."""
        return f"{self.store.root}/{project}/{table}"

    def locks(self, project: str, clock: Clock) -> Locks:
        """Those of a project."""
        if self.is_local or self.has_local_catalog:
            return LakeLocks(self.directory, project)
        return StoreLocks(self.store, project, clock, self.lock_age_max)

    def file_properties(self) -> dict[str, str]:
        """Of PyIceberg's file layer."""
        return self.store.options.for_iceberg() if isinstance(self.store, ObjectStore) else {}

    def open_catalog(self) -> Catalog:
        """The catalog, made if need be.

        Raises:
            Invalid: a package is missing, or the address is of no kind we know.
            Unavailable: it does not answer.
        """
        files = self.file_properties()
        if self.has_local_catalog:
            return open_catalog(self.directory, warehouse=self.warehouse, files=files)
        scheme = urlparse(self.catalog).scheme
        if scheme == "postgresql":
            uri = with_password(
                self.catalog, self.password, "lake.catalog_password", "lake.catalog"
            )
            return open_postgresql(uri, self.warehouse, files)
        return open_remote(_NAME, self.catalog, self.password, self.warehouse, files)


def _link(directory: Path, target: Path) -> None:
    """Make the home's directory a link to `target`, for all who look for the lake there."""
    if directory.resolve() == target.resolve():
        return
    if directory.exists() or directory.is_symlink():
        raise Invalid(
            "the lake lies elsewhere already; stop the server, move it and put a link in its place,"
            f" or take lake.location out: mv {directory} {target} && ln -s {target} {directory}"
        )
    make_directory(target)
    make_directory(directory.parent)
    directory.symlink_to(target)
    sync_directory(directory.parent)

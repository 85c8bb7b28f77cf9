"""A catalog behind Iceberg's REST protocol, as a client of it should be."""

from __future__ import annotations

from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.io import FileIO
from pyiceberg.table.metadata import TableMetadata


class ServedCatalog(RestCatalog):
    """PyIceberg's, except that the server alone removes old metadata files.

    The server writes them, and in the same commit drops what `write.metadata.previous-versions-max`
    no longer keeps. PyIceberg's client removes them once more and warns of each that is gone;
    Java's client does not.
    """

    @staticmethod
    def _delete_old_metadata(io: FileIO, base: TableMetadata, metadata: TableMetadata) -> None:
        """Nothing: see the class."""

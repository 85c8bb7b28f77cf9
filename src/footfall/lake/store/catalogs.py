"""Catalogs that several machines share: PostgreSQL, and what PyIceberg reaches as REST or Glue."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlparse

from pyiceberg.catalog import Catalog, load_catalog
from pyiceberg.exceptions import NotInstalledError, RESTError
from sqlalchemy.exc import DBAPIError, NoSuchModuleError

from footfall.errors import Invalid, Unavailable
from footfall.lake.store.catalog import FILE_IO, LakeCatalog

_DRIVER: Final = "postgresql+psycopg://"
_PASSWORD: Final = re.compile(r"(//[^:/@\s]*):[^@\s]*@")
_CONNECT_SECONDS: Final = 10
_SERVED: Final = "footfall.lake.store.served.ServedCatalog"


def open_postgresql(uri: str, warehouse: str, files: dict[str, str]) -> Catalog:
    """Iceberg's tables of a SQL catalog in a PostgreSQL database, made if need be.

    Other engines share it as a JDBC catalog with the name `footfall` and schema version V1.

    Raises:
        Invalid: the driver is not installed.
        Unavailable: the database does not answer.
    """
    address = uri.replace("postgresql://", _DRIVER, 1)
    joint = "&" if "?" in address else "?"
    with reaching(uri):
        try:
            return LakeCatalog(
                "footfall",
                uri=f"{address}{joint}connect_timeout={_CONNECT_SECONDS}",
                warehouse=warehouse,
                pool_pre_ping="true",  # connections end when the database is started anew
                **FILE_IO,
                **files,
            )
        except (ImportError, NoSuchModuleError) as error:
            raise Invalid(
                "a catalog on PostgreSQL needs a package more; install it:"
                " pip install 'footfall[postgresql]'"
            ) from error


def remote_properties(
    uri: str, password: str, warehouse: str, files: dict[str, str]
) -> dict[str, str]:
    """PyIceberg's properties of a REST catalog (`https://…`) or Glue (`glue://region`)."""
    address = urlparse(uri)
    if address.scheme in ("http", "https"):
        token = {"token": password} if password else {}
        served = {"py-catalog-impl": _SERVED, "uri": uri, "warehouse": warehouse}
        return {**served, **token, **FILE_IO, **files}
    region = {"glue.region": address.netloc} if address.netloc else {}
    return {"type": "glue", "warehouse": warehouse, **region, **FILE_IO, **files}


def open_remote(
    name: str, uri: str, password: str, warehouse: str, files: dict[str, str]
) -> Catalog:
    """A catalog behind HTTP.

    Raises:
        Invalid: PyIceberg lacks a package for it.
        Unavailable: it does not answer.
    """
    with reaching(uri):
        try:
            return load_catalog(name, **remote_properties(uri, password, warehouse, files))
        except (ImportError, NotInstalledError) as error:
            raise Invalid(
                f"this catalog needs a package more; install PyIceberg's for it: {uri}"
            ) from error


@contextlib.contextmanager
def reaching(uri: str) -> Iterator[None]:
    """Raise `Unavailable` where the block does not reach the catalog."""
    from requests.exceptions import RequestException

    try:
        yield
    except (DBAPIError, RESTError, RequestException) as error:
        text = " ".join(str(getattr(error, "orig", None) or error).split())[:160]
        raise Unavailable(
            "the lake's catalog does not answer; nothing is lost, see that it runs and that"
            f" lake.catalog is right, and it goes on: uri={masked(uri)} ({masked(text)})"
        ) from error


def masked(text: str) -> str:
    """`text` without passwords in addresses."""
    return _PASSWORD.sub(r"\1@", text)

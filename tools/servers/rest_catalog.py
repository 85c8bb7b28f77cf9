"""An Iceberg REST catalog: Iceberg's own server side over a database and the S3 server.

It asks nobody who they are, so it is for tests and demos only. What it stores is what any SQL
catalog of Iceberg stores (`V1`), so PyIceberg's can look at the same database.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from . import BUILT, CannotRun, jars, one_at_a_time
from .process import Server
from .versitygw import S3Server

SOURCE = jars.HERE / "RestCatalogServer.java"


def classpath() -> str:
    """Where Java finds the server; compiled if need be.

    Raises:
        CannotRun: no Java, or the jars cannot be had.
    """
    libraries = f"{jars.fetch('rest_catalog')}/*"
    digest = hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:12]
    classes = BUILT / f"rest_catalog-classes-{digest}"
    with one_at_a_time():
        if not classes.is_dir():
            target = BUILT / "rest_catalog-classes-new"
            shutil.rmtree(target, ignore_errors=True)
            command = (jars.java("javac"), "-d", str(target), "-cp", libraries, str(SOURCE))
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise CannotRun(f"javac failed: {done.stderr[-400:]}")
            target.replace(classes)
    return f"{classes}:{libraries}"


class RestCatalog(Server):
    """A catalog in front of a database.

    Args:
        directory: Exists; its properties and log lie here, and the database if it is SQLite.
        s3: Where the warehouse lies; not started here.
        warehouse: Such as `s3://bucket/lake`, in which tables without a place of their own lie.
        database: `uri`, `jdbc.user`, `jdbc.password` of a PostgreSQL; none: SQLite.
    """

    def __init__(
        self,
        directory: Path,
        s3: S3Server,
        warehouse: str,
        database: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(directory, "rest_catalog")
        self._java = jars.java()
        self._classpath = classpath()
        self._settings = {
            "name": "footfall",
            "catalog-impl": "org.apache.iceberg.jdbc.JdbcCatalog",
            "jdbc.schema-version": "V1",
            "warehouse": warehouse,
            "io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
            "s3.endpoint": s3.endpoint,
            "s3.path-style-access": "true",
            "s3.access-key-id": s3.access_key,
            "s3.secret-access-key": s3.secret_key,
            "client.region": s3.region,
            **(database or {"uri": f"jdbc:sqlite:{directory / 'catalog.db'}"}),
        }

    @property
    def uri(self) -> str:
        """What clients call `uri`."""
        return f"http://127.0.0.1:{self.port}"

    def command(self) -> Sequence[str]:
        """See `Server.command`."""
        options = ("-Xmx192m", "-XX:+UseSerialGC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error")
        main = ("-cp", self._classpath, "RestCatalogServer")
        return (self._java, *options, *main, str(self.port), str(self._file))

    @property
    def _file(self) -> Path:
        return self.directory / "catalog.properties"

    def start(self) -> None:
        """See `Server.start`; passwords are in a file, since everybody sees a command line."""
        self._file.touch(mode=0o600)
        self._file.write_text("".join(f"{key}={value}\n" for key, value in self._settings.items()))
        super().start()

    def answers(self) -> bool:
        """Whether the database is reached too: what it is asked comes from there."""
        with urllib.request.urlopen(f"{self.uri}/v1/namespaces", timeout=5) as answer:  # noqa: S310
            return bool(answer.status == 200)

"""A crawl of a bucket, on a real S3 server, read by a confined worker."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from typer.testing import CliRunner

from footfall.cli.main import app
from footfall.lake.store.objects import ObjectStore
from tests.catalog.places import SMALL, home_with_a_cut, lines
from tests.servers.s3 import S3Server


def test_files_of_a_bucket_are_a_table(tmp_path: Path, s3_server: S3Server, bucket: str) -> None:
    """Also where the lake is on a disk; a broken file is told, the rest of it read."""
    options = s3_server.options
    reached = (
        f'[lake]\ns3_endpoint = "{options.endpoint}"\ns3_access_key = "{options.access_key}"\n'
        f's3_secret_key = "{options.secret_key}"\n'
    )
    home = home_with_a_cut(tmp_path / "home", reached + SMALL)
    store = ObjectStore(bucket, options)
    place = f"{bucket}/shop"
    store.write(f"{place}/rawdata/2026/01/a.gz", gzip.compress(lines([{"a": 1}, {"a": 2}])))
    store.write(f"{place}/rawdata/2026/02/b", b'{"a":3}\n{"a":\n')
    store.write(f"{place}/other/c.csv", b"id,name\n1,x\n")
    at = ("--home", str(home.root))
    told = CliRunner().invoke(app, ["crawl", "add", "shop", place, "--json", *at])
    assert told.exit_code == 0, (told.output, told.exception)
    report = json.loads(told.stdout)
    assert [(table["name"], table["rows"]) for table in report["tables"]] == [
        ("other", 1),
        ("rawdata", 3),
    ]
    assert [(fault["file"], fault["line"]) for fault in report["faults"]] == [
        ("rawdata/2026/02/b", 2)
    ]
    sql = "SELECT partition_1 AS p, sum(a) AS a FROM rawdata, other GROUP BY 1 ORDER BY 1"
    found = CliRunner().invoke(app, ["sql", sql, "--format", "csv", *at])
    assert (found.exit_code, found.stdout) == (0, '"p","a"\n"01",3\n"02",3\n')
